// Taking a credential back: from the decision that it has to end until it is confirmed gone.
// Goes on when audit fails; never tells "revoked" without having looked.

import type { AuditEvent } from '../audit/event.ts';
import { type ErrorCode, JitError, toJitError } from '../core/errors.ts';
import type { EndCause, Grant } from '../core/grant.ts';
import { moveGrant } from '../core/grant.ts';
import { type Lease, moveLease } from '../core/lease.ts';
import type { RevokeReport } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker } from './broker.ts';
import { removeHandOut } from './hand-out.ts';
import { writePromptState } from './prompt-state.ts';
import { retryDelay } from './retry.ts';

/** Ends a grant and takes back everything under it. Answers when each lease was tried once. */
export async function endGrant(broker: Broker, grantId: string, cause: EndCause): Promise<void> {
  const grant = broker.ledger.grant(grantId);
  if (!grant) return;
  const leases = broker.ledger.leasesOf(grantId).filter((lease) => lease.state !== 'revoked');
  // Asked for inside this grant, so they end with it.
  const inner = broker.ledger.activeGrants().filter((other) => other.parent === grantId);
  try {
    markEnding(broker, grant, leases, cause);
  } catch (thrown) {
    // Whatever is wrong with the record, the credential is taken back.
    broker.log.error(`ending ${grantId}: ${toJitError(thrown).message}`, thrown);
  }
  await Promise.all([
    ...leases.map((lease) => revokeLease(broker, lease.id, cause)),
    ...inner.map((other) => endGrant(broker, other.id, 'parent-ended')),
  ]);
}

/** Tries to revoke one lease now; a second caller joins the attempt under way. */
export function revokeLease(broker: Broker, leaseId: string, cause: EndCause): Promise<void> {
  const underWay = broker.revocations.get(leaseId);
  if (underWay) return underWay;
  const attempt = tryRevoke(broker, leaseId, cause)
    .catch((thrown: unknown) =>
      broker.log.error(`revoking ${leaseId}: ${toJitError(thrown).message}`, thrown),
    )
    .finally(() => broker.revocations.delete(leaseId));
  broker.revocations.set(leaseId, attempt);
  return attempt;
}

/** One transaction: the right is over, and what exists is being taken back. */
function markEnding(broker: Broker, grant: Grant, leases: readonly Lease[], cause: EndCause): void {
  const now = broker.clock.now();
  const events: AuditEvent[] = [];
  const ended: Grant[] = [];
  if (grant.state === 'active' || grant.state === 'pending') {
    ended.push(moveGrant(grant, 'ended', { endedAt: now, endCause: cause }));
    const used = grant.startedAt === null ? 0 : now - grant.startedAt;
    events.push({ type: 'grant.ended', at: now, ...placeOf(grant), data: { cause, used_ms: used } });
  }
  const revoking = leases
    .filter((lease) => lease.state === 'intent' || lease.state === 'active')
    .map((lease) => moveLease(lease, 'revoking', { cause }));
  for (const lease of revoking) {
    events.push({ type: 'lease.revoking', at: now, ...placeOf(grant), lease: lease.id, data: { cause } });
  }
  if (events.length === 0) return;
  failpoint('revoke.before-revoking');
  broker.ledger.writeRevocation({ grants: ended, leases: revoking, events });
  failpoint('revoke.after-revoking');
  writePromptState(broker);
  broker.changes.emit('change', grant.id);
}

async function tryRevoke(broker: Broker, leaseId: string, cause: EndCause): Promise<void> {
  const { ledger } = broker;
  let lease = ledger.lease(leaseId);
  const grant = lease && ledger.grant(lease.grant);
  if (!lease || !grant || lease.state === 'revoked') return;
  markEnding(broker, grant, [lease], cause);
  lease = ledger.lease(leaseId) ?? lease;
  removeHandOut(broker, lease.grant);
  const signal = AbortSignal.timeout(broker.timing.call);
  try {
    const provider = await broker.providers.forLease(lease);
    await provider.revoke(lease.handle, lease.cause ?? cause, reporter(broker, lease, grant), signal);
    const presence = await provider.confirm(lease.handle, signal);
    if (presence !== 'gone') {
      throw new JitError(
        'ERR_REVOKE_INCOMPLETE',
        `the credential of lease "${leaseId}" is not confirmed gone`,
      );
    }
  } catch (thrown) {
    postpone(broker, leaseId, toJitError(thrown));
    return;
  }
  failpoint('revoke.confirmed');
  recordRevoked(broker, leaseId);
  failpoint('revoke.after-record');
}

/** Writes that a lease is confirmed gone. */
export function recordRevoked(broker: Broker, leaseId: string): void {
  const lease = broker.ledger.lease(leaseId);
  if (!lease) return;
  const now = broker.clock.now();
  const late = Math.max(0, now - lease.deadline);
  broker.steps.delete(leaseId);
  broker.ledger.writeRevocation({
    leases: [
      moveLease(lease, 'revoked', {
        revokedAt: now,
        accessEndedAt: lease.accessEndedAt ?? now,
        nextAttemptAt: null,
        lastError: null,
      }),
    ],
    events: [
      {
        type: 'lease.revoked',
        at: now,
        ...placeOf(broker.ledger.grant(lease.grant)),
        lease: lease.id,
        data: { cause: lease.cause ?? 'revoked', attempts: lease.attempts + 1, late_ms: late },
      },
    ],
  });
  broker.changes.emit('change', lease.grant);
}

/** Writes a failed attempt, and shouts when access should be over and is not. */
function postpone(broker: Broker, leaseId: string, error: JitError): void {
  const lease = broker.ledger.lease(leaseId);
  if (!lease) return;
  const code: ErrorCode = error.code === 'ERR_INTERNAL' ? 'ERR_REVOKE_INCOMPLETE' : error.code;
  const now = broker.clock.now();
  const attempts = lease.attempts + 1;
  const fraction = broker.random.bytes(1).readUInt8() / 255;
  // Fenced and killed means that nobody has access: what remains is clean-up, not danger.
  const isLate =
    lease.accessEndedAt === null && (attempts >= 2 || now >= lease.deadline + broker.timing.grace);
  const state = lease.state === 'overdue' || isLate ? 'overdue' : 'revoking';
  const changed = moveLease(lease, state, {
    attempts,
    lastError: code,
    nextAttemptAt: now + retryDelay(attempts, code, fraction),
  });
  const shout: AuditEvent = {
    type: 'lease.overdue',
    at: now,
    ...placeOf(broker.ledger.grant(lease.grant)),
    lease: lease.id,
    data: { cause: lease.cause ?? 'revoked', attempts, code },
  };
  broker.log.warn(`lease ${lease.id} is ${state} after ${attempts} attempts: ${error.message}`, error.cause);
  broker.ledger.writeRevocation({
    leases: [changed],
    events: state === 'overdue' && lease.state !== 'overdue' ? [shout] : [],
  });
  broker.changes.emit('change', lease.grant);
}

/** Turns what the provider reports into events and state. */
function reporter(broker: Broker, lease: Lease, grant: Grant): RevokeReport {
  const place = { ...placeOf(grant), lease: lease.id };
  return {
    step(step, facts) {
      // A retry takes the same steps again; the log tells each once per broker.
      const told = broker.steps.get(lease.id) ?? new Set();
      if (told.has(step)) return;
      broker.steps.set(lease.id, told.add(step));
      const at = broker.clock.now();
      broker.ledger.writeRevocation({
        events: [{ type: 'lease.step', at, ...place, data: { step, facts: facts ?? {} } }],
      });
    },
    accessEnded() {
      const current = broker.ledger.lease(lease.id);
      if (!current || current.accessEndedAt !== null) return;
      broker.ledger.writeRevocation({
        leases: [{ ...current, accessEndedAt: broker.clock.now() }],
        events: [],
      });
      broker.changes.emit('change', lease.grant);
    },
    finding(finding) {
      const { kind, where, detail, action } = finding;
      const known = broker.ledger.store.findings({ lease: lease.id });
      if (known.some((one) => one.kind === kind && one.where === where && one.detail === detail)) return;
      const at = broker.clock.now();
      broker.ledger.writeRevocation({
        findings: [{ ...finding, lease: lease.id, target: lease.target }],
        events: [{ type: 'lease.finding', at, ...place, data: { kind, where, detail, action } }],
      });
    },
  };
}

/** Who and what an event is about. */
export function placeOf(grant: Grant | null): { principal?: string; target?: string; grant?: string } {
  return grant ? { principal: grant.principal, target: grant.target, grant: grant.id } : {};
}
