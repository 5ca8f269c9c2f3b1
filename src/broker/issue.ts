// The call that makes a credential, and what follows from its outcome: the second transaction, or taking it back.

import { type ErrorCode, JitError, toJitError } from '../core/errors.ts';
import { moveGrant } from '../core/grant.ts';
import { type Lease, moveLease } from '../core/lease.ts';
import type { Issued } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker } from './broker.ts';
import { type Attempt, isoTime } from './intent.ts';
import { endGrant, placeOf, recordRevoked } from './revocation.ts';
import { learnWithdrawal } from './withdrawal.ts';

/** Calls the provider and writes the result; on any failure what may exist is taken back first. */
export async function issue(broker: Broker, attempt: Attempt): Promise<Issued<Lease['handle']>> {
  let isAsked = false;
  try {
    if (attempt.anchored) await anchor(broker, attempt);
    isAsked = true;
    return await callProvider(broker, attempt);
  } catch (thrown) {
    const error = toJitError(thrown);
    if (error.cause !== undefined)
      broker.log.warn(`issuing ${attempt.lease.id}: ${error.message}`, error.cause);
    await undo(broker, attempt, error, isAsked);
    throw error;
  }
}

/** The intent is at the shared store before the target hears of it. @throws JitError `ERR_AUDIT_UNAVAILABLE`, `ERR_CONFLICT` */
async function anchor(broker: Broker, { grant: { id }, lease }: Attempt): Promise<void> {
  const { sync, ledger } = broker;
  await sync.anchor();
  const isWanted = ledger.grant(id)?.state === 'pending' && ledger.lease(lease.id)?.state === 'intent';
  if (isWanted && !broker.stopping) return;
  throw new JitError('ERR_CONFLICT', 'the grant was ended while it was being issued', { hint: 'jit status' });
}

/**
 * While this is under way, a revocation of the same lease waits: it could not find what is about to be made, and has to be
 * given the handle that says what was.
 */
async function callProvider(broker: Broker, attempt: Attempt): Promise<Issued<Lease['handle']>> {
  const { lease, plan, provider } = attempt;
  const { promise, resolve } = Promise.withResolvers<void>();
  broker.issuing.set(lease.id, promise);
  try {
    const issued = await provider.issue(lease.handle, plan, AbortSignal.timeout(broker.timing.call));
    failpoint('issue.answered');
    recordIssued(broker, attempt, issued);
    return issued;
  } finally {
    broker.issuing.delete(lease.id);
    resolve();
  }
}

/** The second transaction. @throws JitError `ERR_CONFLICT` when the grant was ended meanwhile */
function recordIssued(broker: Broker, attempt: Attempt, issued: Issued<Lease['handle']>): void {
  const { ledger, clock } = broker;
  const now = clock.now();
  const place = { ...placeOf(attempt.grant), lease: attempt.lease.id };
  const grant = ledger.grant(attempt.grant.id) ?? attempt.grant;
  const lease = ledger.lease(attempt.lease.id) ?? attempt.lease;
  const described = attempt.provider.describe(issued.handle);
  if (grant.state !== 'pending' || lease.state !== 'intent' || broker.stopping) {
    ledger.writeRevocation({
      leases: [{ ...lease, handle: issued.handle }],
      events: [
        { type: 'lease.step', at: now, ...place, data: { step: 'issued-too-late', facts: described.facts } },
      ],
    });
    throw new JitError('ERR_CONFLICT', 'the grant was ended while it was being issued', {
      hint: 'jit status',
    });
  }
  const deadline = isoTime(lease.deadline);
  const expires = isoTime(issued.expiresAt);
  ledger.write({
    grants: [moveGrant(grant, 'active', { startedAt: now })],
    leases: [
      moveLease(lease, 'active', { handle: issued.handle, issuedAt: now, hardDeadline: issued.expiresAt }),
    ],
    events: [{ type: 'lease.issued', at: now, ...place, data: { ...described, deadline, expires } }],
  });
  learnWithdrawal(broker, attempt.provider, { ...lease, handle: issued.handle });
}

/** True for codes after which a provider vouches that nothing was made, because nothing that makes was sent or it was refused. */
export function madeNothing(code: ErrorCode): boolean {
  return nothingMade.includes(code);
}

const nothingMade: readonly ErrorCode[] = [
  'ERR_TARGET_UNREACHABLE',
  'ERR_TARGET_REFUSED',
  'ERR_SECRET_UNAVAILABLE',
  'ERR_CLOCK',
];

/** @param isAsked false: the provider was never called */
async function undo(broker: Broker, attempt: Attempt, error: JitError, isAsked: boolean): Promise<void> {
  const cause = error.code === 'ERR_AUDIT_UNAVAILABLE' ? 'audit-failed' : 'issue-failed';
  const grant = broker.ledger.grant(attempt.grant.id) ?? attempt.grant;
  const lease = broker.ledger.lease(attempt.lease.id) ?? attempt.lease;
  const isNothingMade = !isAsked || madeNothing(error.code);
  if (!isNothingMade || grant.state !== 'pending' || lease.state !== 'intent') {
    await endGrant(broker, grant.id, cause);
    return;
  }
  const now = broker.clock.now();
  const place = { ...placeOf(grant), lease: lease.id };
  broker.ledger.writeRevocation({
    grants: [moveGrant(grant, 'ended', { endedAt: now, endCause: cause })],
    leases: [moveLease(lease, 'revoking', { cause })],
    events: [
      { type: 'grant.ended', at: now, ...placeOf(grant), data: { cause, used_ms: 0 } },
      { type: 'lease.revoking', at: now, ...place, data: { cause } },
      { type: 'lease.step', at: now, ...place, data: { step: 'never-issued', facts: { code: error.code } } },
    ],
  });
  recordRevoked(broker, lease.id);
}
