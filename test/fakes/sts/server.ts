// A fake STS and IAM on a loopback port: checks every signature, evaluates policies, fails on demand, and keeps a ledger
// of what it really made.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/system/clock.ts';
import { type ConsoleSession, createSignin } from './federation.ts';
import { callIam } from './iam.ts';
import { readClaim, type SignedRequest, signatureOf, signedAt } from './sigv4.ts';
import { Account, type Identity } from './state.ts';
import { callSts, type WebIdentity } from './sts.ts';
import { answerXml, errorXml, Refusal } from './xml.ts';

/**
 * `slow`: answers after `delay`. `internal`, `unavailable`, `throttle`: AWS's own errors. `gateway`: a 502 in HTML.
 * `reset`: the connection breaks before anything is done. After the thing was done: `malformed` (half of the XML),
 * `lost` (the connection breaks), `hang` (no answer ever).
 */
export type FaultKind =
  | 'slow'
  | 'internal'
  | 'unavailable'
  | 'throttle'
  | 'gateway'
  | 'reset'
  | 'malformed'
  | 'lost'
  | 'hang';

export interface Fault {
  readonly action: string;
  readonly kind: FaultKind;
  /** How many calls it hits; default 1. */
  readonly times?: number;
  readonly delay?: number;
}

/** One request that came in, as far as it is no secret. */
export interface Call {
  readonly action: string;
  readonly accessKeyId: string | null;
  readonly params: URLSearchParams;
  readonly region: string | null;
  /** `ok`, the error's code, or the fault. */
  outcome: string;
}

export interface FakeAws {
  readonly url: string;
  readonly account: Account;
  readonly calls: readonly Call[];
  /** Browsers that were signed in. */
  readonly consoles: readonly ConsoleSession[];
  readonly webIdentities: Map<string, WebIdentity>;
  /** The code that a device shows now, by serial. */
  readonly mfaCodes: Map<string, string>;
  /** Difference of the server's clock, as signatures and the Date header see it. */
  skew: number;
  fault(fault: Fault): void;
  /** No fault that is left hits any more. */
  calm(): void;
  /** Breaks the connections that hang. */
  hangUp(): void;
  /** Time passes for sessions and policies. */
  advance(duration: number): void;
  count(action: string): number;
  close(): Promise<void>;
}

const widest = 5 * 60_000;

const errors: Partial<Record<FaultKind, Refusal>> = {
  internal: new Refusal(500, 'InternalFailure', 'We encountered an internal error.'),
  unavailable: new Refusal(503, 'ServiceUnavailable', 'Service is unavailable.'),
  throttle: new Refusal(400, 'Throttling', 'Rate exceeded'),
};

export async function startFakeAws(id = '123456789012'): Promise<FakeAws> {
  const account = new Account(id, () => systemClock.now());
  const calls: Call[] = [];
  const faults: { fault: Fault; left: number }[] = [];
  const webIdentities = new Map<string, WebIdentity>();
  const mfaCodes = new Map<string, string>();
  const signin = createSignin(account);
  let skew = 0;

  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url?.startsWith('/federation')) return answerSignin(request, response, body);
    const params = new URLSearchParams(body);
    const action = params.get('Action') ?? '';
    const signed: SignedRequest = {
      method: request.method ?? '',
      path: request.url ?? '/',
      headers: request.headers as Record<string, string>,
      body,
    };
    const claim = readClaim(signed);
    const call: Call = {
      action,
      accessKeyId: claim?.accessKeyId ?? null,
      params,
      region: claim?.region ?? null,
      outcome: 'open',
    };
    calls.push(call);
    const fault = takeFault(action);
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delay ?? 500));
    const service =
      claim?.service === 'iam' || (!claim && params.get('Version') === '2010-05-08') ? 'iam' : 'sts';
    response.setHeader('Date', new Date(systemClock.now() + skew).toUTCString());
    response.setHeader('Content-Type', 'text/xml');
    if (fault?.kind === 'reset') {
      call.outcome = 'reset';
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'gateway') {
      call.outcome = 'gateway';
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html><body>Bad Gateway</body></html>');
      return;
    }
    try {
      const planned = fault && errors[fault.kind];
      if (planned) throw planned;
      const caller = authenticate(signed);
      if (service === 'iam' && !caller)
        throw new Refusal(403, 'MissingAuthenticationToken', 'Missing Authentication Token');
      const result =
        service === 'iam' && caller
          ? callIam(action, account, caller, params)
          : callSts(action, { account, caller, params, webIdentities, mfaCodes });
      const text = answerXml(service, action, result);
      call.outcome = fault?.kind ?? 'ok';
      if (fault?.kind === 'lost') request.socket.destroy();
      else if (fault?.kind === 'malformed') response.end(text.slice(0, Math.floor(text.length / 2)));
      else if (fault?.kind !== 'hang') response.end(text);
    } catch (thrown) {
      const refusal =
        thrown instanceof Refusal ? thrown : new Refusal(500, 'FakeBroken', (thrown as Error).message);
      call.outcome = refusal.code;
      response.writeHead(refusal.status).end(errorXml(service, refusal));
    }
  });

  /** Faults are those before anything is done, and half an answer. */
  function answerSignin(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    const action = new URLSearchParams(body).get('Action') ?? url.searchParams.get('Action') ?? '';
    const call: Call = {
      action,
      accessKeyId: null,
      params: new URLSearchParams(),
      region: null,
      outcome: 'open',
    };
    calls.push(call);
    const fault = takeFault(action)?.kind;
    if (fault === 'reset') {
      call.outcome = fault;
      request.socket.destroy();
      return;
    }
    const isDown = fault === 'gateway' || fault === 'internal' || fault === 'unavailable';
    const down = { status: 502, type: 'text/html', body: '<html>Bad Gateway</html>', location: undefined };
    const answer = isDown ? down : signin.answer(request.method ?? '', url, body);
    call.outcome = fault ?? (answer.status < 400 ? 'ok' : String(answer.status));
    const { status, type, location } = answer;
    response.writeHead(status, { 'Content-Type': type, ...(location === undefined ? {} : { location }) });
    response.end(fault === 'malformed' ? answer.body.slice(0, 10) : answer.body);
  }

  function takeFault(action: string): Fault | null {
    const found = faults.find((one) => one.left > 0 && one.fault.action === action);
    if (!found) return null;
    found.left -= 1;
    return found.fault;
  }

  /** Null for a request that is not signed. */
  function authenticate(request: SignedRequest): Identity | null {
    if (request.headers['authorization'] === undefined) return null;
    const claim = readClaim(request);
    if (!claim) throw new Refusal(400, 'IncompleteSignature', 'The Authorization header is malformed');
    const identity = account.identities.get(claim.accessKeyId);
    const token = request.headers['x-amz-security-token'] ?? null;
    if (!identity || identity.token !== token) {
      throw new Refusal(
        403,
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      );
    }
    const needed = ['host', 'x-amz-date', ...(token === null ? [] : ['x-amz-security-token'])];
    if (
      needed.some((name) => !claim.signedHeaders.includes(name)) ||
      signatureOf(request, claim, identity.secretAccessKey) !== claim.signature
    ) {
      throw new Refusal(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided.',
      );
    }
    const now = systemClock.now() + skew;
    if (!(Math.abs(now - signedAt(request)) <= widest)) {
      throw new Refusal(403, 'SignatureDoesNotMatch', `Signature expired: ${request.headers['x-amz-date']}`);
    }
    if (identity.expiration !== null && identity.expiration <= account.now()) {
      throw new Refusal(403, 'ExpiredToken', 'The security token included in the request is expired');
    }
    return identity;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    account,
    calls,
    consoles: signin.consoles,
    webIdentities,
    mfaCodes,
    get skew() {
      return skew;
    },
    set skew(value) {
      skew = value;
    },
    fault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    calm: () => {
      faults.length = 0;
    },
    hangUp: () => server.closeAllConnections(),
    advance: (duration) => {
      account.offset += duration;
    },
    count: (action) => calls.filter((call) => call.action === action).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
