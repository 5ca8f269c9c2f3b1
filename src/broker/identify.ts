// Who asks when a CI job shows its identity token: the job, once the token is verified. Must not: keep the token, or
// let anybody through whose token is not right.

import type { Milliseconds } from '../core/time.ts';
import type { VerifiedToken } from '../identity/oidc.ts';
import type { Decision } from '../policy/config.ts';
import type { Broker, Caller } from './broker.ts';
import type { Entry } from './ledger.ts';

/** A caller, as a job when it could prove to be one. */
export interface Asker extends Caller {
  /** What the token says; null without a token, or when it is not by an issuer of ours. */
  readonly verified: VerifiedToken | null;
  /** Why the token proves nothing; null: it does, or there is none. */
  readonly refused: string | null;
}

type Denied = Decision & { outcome: 'denied' };

/**
 * @param identity the token; null: the caller is who the door says
 * @throws JitError `ERR_TARGET_UNREACHABLE` when the keys of the issuer cannot be had
 */
export async function identify(broker: Broker, caller: Caller, identity: string | null): Promise<Asker> {
  if (identity === null) return { ...caller, verified: null, refused: null };
  const { issuers } = await broker.policy.config();
  // Imported here: most brokers never see a token.
  const { verifyIdentity } = await import('../identity/oidc.ts');
  const times = { now: broker.clock.now(), uptime: broker.clock.sinceBoot() as Milliseconds };
  const verdict = await verifyIdentity(identity, [...issuers.values()], times);
  if ('job' in verdict) {
    return { ...caller, principal: `job:${verdict.job}`, verified: verdict.verified, refused: null };
  }
  return { ...caller, verified: verdict.verified, refused: verdict.refused };
}

/** The refusal of one whose token is not right, any more, or was used before; null: let the policy decide. */
export function refusedFor(
  broker: Broker,
  { refused, verified }: Partial<Pick<Asker, 'refused' | 'verified'>>,
): Denied | null {
  if (refused) return deny(refused);
  if (!verified) return null;
  // Something was waited for, such as a login. Who has used it since may be forgotten by now.
  if (broker.clock.now() >= verified.expiresAt) return deny('the identity token is refused: it has expired');
  if (!broker.ledger.store.isTokenUsed(verified.token)) return null;
  return deny('the identity token is refused: it was used before, and is good for one request');
}

function deny(why: string): Denied {
  const hint = 'a new identity token of the right job is needed; see docs/ci.md';
  return { outcome: 'denied', reasons: [why], entitlement: null, limit: null, ticket: null, hint };
}

/** For the audit: which run of which job it was. */
export function jobFacts({ verified }: Asker): {
  job?: object & Record<'issuer' | 'subject' | 'token', string> & { facts: Record<string, string> };
} {
  if (verified === null) return {};
  const { issuer, subject, token, facts } = verified;
  return { job: { issuer, subject, token, facts: { ...facts } } };
}

/** The token is used up by a request, be it granted or refused. */
export function usedToken(broker: Broker, { verified }: Asker): Pick<Entry, 'usedToken'> {
  if (verified === null || broker.ledger.store.isTokenUsed(verified.token)) return {};
  return { usedToken: { token: verified.token, expiresAt: verified.expiresAt } };
}
