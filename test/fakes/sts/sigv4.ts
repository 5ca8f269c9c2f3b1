// Recomputes AWS Signature Version 4 of a request with the secret that the fake knows. From the published algorithm,
// not from any SDK: a mistake there must not be repeated here.

import { createHash, createHmac } from 'node:crypto';

/** A request as it came in. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** What the Authorization header claims. */
export interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** Takes the header apart; null when there is none or it is no SigV4. */
export function readClaim(request: SignedRequest): Claim | null {
  const match = form.exec(request.headers['authorization'] ?? '');
  if (!match) return null;
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';'), signature };
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The signature that the holder of `secret` would have made. */
export function signatureOf(request: SignedRequest, claim: Claim, secret: string): string {
  const time = request.headers['x-amz-date'] ?? '';
  const [path = '/', query = ''] = request.path.split('?');
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    ...claim.signedHeaders.map(
      (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}`,
    ),
    '',
    claim.signedHeaders.join(';'),
    sha(request.body),
  ].join('\n');
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha(canonical)].join('\n');
  const dated = mac(mac(mac(`AWS4${secret}`, claim.date), claim.region), claim.service);
  const key = mac(dated, 'aws4_request');
  return mac(key, toSign).toString('hex');
}

/** When the request says it was signed, milliseconds; NaN when it does not say. */
export function signedAt(request: SignedRequest): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.headers['x-amz-date'] ?? '');
  if (!match) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
