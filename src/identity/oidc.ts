// Whether a token (OpenID Connect ID token, a JWT) proves which CI job asks. Heavy: loads jose. Must not: decide what
// the job may do, remember tokens, or repeat one.

import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { JitError } from '../core/errors.ts';
import type { Issuer } from '../core/issuer.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import { keysOf } from './issuer-keys.ts';
import { factsOf, jobOf, shown } from './job-claims.ts';

/** A verified token, as far as anybody needs to know it. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** SHA-256, hex, of issuer and `jti`, or of the token where it has none: used once. */
  readonly token: string;
  /** From then on the token is refused for its age alone. */
  readonly expiresAt: Instant;
  /** Claims for the audit. */
  readonly facts: Readonly<Record<string, string>>;
}

/** A token and what it proves. */
export type Verdict =
  | { readonly job: string; readonly verified: VerifiedToken }
  /** `verified`: the issuer did sign it for us, but it is no job of the configuration. */
  | { readonly refused: string; readonly verified: VerifiedToken | null };

/** RS256 is what GitHub and GitLab sign with. Never a symmetric one: whoever may verify could sign. */
const algorithms = ['RS256', 'ES256'];
const tolerance: Milliseconds = 30_000;

/** The time, as a token's age needs it and as a cache needs it. */
export interface Times {
  readonly now: Instant;
  readonly uptime: Milliseconds;
}

/**
 * Verifies `token` (RFC 7519, RFC 8725) against the configured issuers and finds the job that it is of.
 * @throws JitError when the keys of the issuer cannot be had: that is no refusal
 */
export async function verifyIdentity(
  token: string,
  issuers: readonly Issuer[],
  times: Times,
): Promise<Verdict> {
  const refuse = (why: string): Verdict => ({
    refused: `the identity token is refused: ${why}`,
    verified: null,
  });
  let named: unknown;
  let algorithm: unknown;
  try {
    named = decodeJwt(token).iss;
    algorithm = decodeProtectedHeader(token).alg;
  } catch {
    return refuse('it is no JWT');
  }
  const issuer = issuers.find(({ url }) => url === named);
  if (!issuer) return refuse(`no issuer of the configuration is ${shown(named ?? 'nobody')}`);
  if (!algorithms.includes(String(algorithm)))
    return refuse(`its algorithm ${shown(algorithm)} is not allowed`);
  try {
    const payload = await verify(token, issuer, times);
    const { aud, sub = '' } = payload;
    if (aud !== issuer.audience && !(Array.isArray(aud) && aud.length === 1)) {
      return refuse(`it is for others too: audience ${shown(aud)}`);
    }
    const verified: VerifiedToken = {
      issuer: issuer.name,
      subject: sub.slice(0, 500).toWellFormed(),
      token: nameOf(token, issuer, payload),
      expiresAt: (payload.exp ?? 0) * 1000 + tolerance,
      facts: factsOf(issuer.kind, payload),
    };
    const found = jobOf(issuer, payload);
    if ('job' in found) return { job: found.job, verified };
    return { refused: `the identity token is refused: ${found.why}`, verified };
  } catch (thrown) {
    if (thrown instanceof JitError) throw thrown;
    return refuse(whyNot(thrown, issuer));
  }
}

async function verify(token: string, issuer: Issuer, { now, uptime }: Times): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    issuer: issuer.url,
    audience: issuer.audience,
    algorithms,
    requiredClaims: ['exp', 'iat', 'sub'],
    maxTokenAge: issuer.maxAge / 1000,
    clockTolerance: tolerance / 1000,
    currentDate: new Date(now),
  };
  const attempt = async (isStale: boolean): Promise<JWTPayload> => {
    const keys = createLocalJWKSet(await keysOf(issuer, uptime, isStale));
    return (await jwtVerify(token, keys, options)).payload;
  };
  try {
    return await attempt(false);
  } catch (thrown) {
    // Issuers change keys; the one that we keep may be yesterday's.
    if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
    return attempt(true);
  }
}

/** Without a `jti` the signed part is the name: the same signature can be written in several ways. */
function nameOf(token: string, { url }: Issuer, { jti }: JWTPayload): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  const told = typeof jti === 'string' && jti !== '' ? ['jti', url, jti] : ['token', url, signed];
  return createHash('sha256').update(JSON.stringify(told)).digest('hex');
}

function whyNot(thrown: unknown, issuer: Issuer): string {
  if (thrown instanceof errors.JWTExpired) {
    return thrown.claim === 'iat' ? 'it was made too long ago' : 'it has expired';
  }
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = thrown;
    if (claim === 'aud') return `its audience ${shown(payload.aud)} is not ${shown(issuer.audience)}`;
    if (reason === 'missing') return `it has no ${claim}`;
    if (claim === 'iat') return 'it was made in the future: check the clocks';
    if (claim === 'nbf') return 'it is not valid yet';
    return `its ${claim} is not as it has to be`;
  }
  if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWSSignatureVerificationFailed) {
    return `it is not signed by "${issuer.name}"`;
  }
  return 'it is no token that can be verified';
}
