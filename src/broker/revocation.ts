// Taking a credential back: from the decision that it has to end until it is confirmed gone.
// Goes on when audit fails; never tells "revoked" without having looked.

import type { AuditEvent } from '../audit/event.ts';
import { type ErrorCode, JitError, toJitError } from '../core/errors.ts';
import type { EndCause, Grant } from '../core/grant.ts';
import { moveGrant } from '../core/grant.ts';
import { damagedError, type Lease, moveLease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { RevokeReport } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker } from './broker.ts';
import { damagedLease } from './damaged-records.ts';
import { removeHandOut } from './hand-out.ts';
import { inTime } from './in-time.ts';
import { writePromptState } from './prompt-state.ts';
import { retryDelay } from './retry.ts';
import { isEndAwaited, nextLook, tellWithdrawal } from './withdrawal.ts';

/**
 * Ends a grant, all that were asked for inside it, and takes back everything under them. Answers when each lease
 * was tried once.
 */
export async function endGrant(broker: Broker, grantId: string, cause: EndCause): Promise<void> {
  const grant = broker.ledger.grant(grantId);
  if (!grant) return;
  const tree = [grant, ...innerGrants(broker, grantId)];
  const endings = tree.map((one): Ending => {
    const leases = broker.ledger.openLeasesOf(one.id);
    return { grant: one, leases, cause: one === grant ? cause : 'parent-ended' };
  });
  markEnding(broker, endings);
  await Promise.all(
    endings.flatMap(({ leases, cause: why }) => leases.map((lease) => revokeLease(broker, lease.id, why))),
  );
}

/** The active grants that were asked for inside of one, however deep. */
function innerGrants(broker: Broker, grantId: string): Grant[] {
  const direct = broker.ledger.activeGrants().filter((other) => other.parent === grantId);
  return direct.flatMap((inner) => [inner, ...innerGrants(broker, inner.id)]);
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

/** A grant that is over, with what exists of it on its target. */
interface Ending {
  readonly grant: Grant;
  readonly leases: readonly Lease[];
  readonly cause: EndCause;
}

/** One transaction for all: the rights are over, and what exists is being taken back. Never throws. */
function markEnding(broker: Broker, endings: readonly Ending[]): void {
  const now = broker.clock.now();
  const events: AuditEvent[] = [];
  const grants: Grant[] = [];
  const leases: Lease[] = [];
  for (const { grant, leases: open, cause } of endings) {
    // Before anything is written or asked: nothing is served any more.
    broker.endpoints.get(grant.id)?.end();
    for (const { id } of open) broker.refreshing.get(id)?.stop();
    if (grant.state === 'active' || grant.state === 'pending') {
      grants.push(moveGrant(grant, 'ended', { endedAt: now, endCause: cause }));
      const used = grant.startedAt === null ? 0 : Math.max(0, now - grant.startedAt);
      events.push({ type: 'grant.ended', at: now, ...placeOf(grant), data: { cause, used_ms: used } });
    }
    for (const lease of open) {
      if (lease.state !== 'intent' && lease.state !== 'active') continue;
      leases.push(moveLease(lease, 'revoking', { cause }));
      events.push({ type: 'lease.revoking', at: now, ...placeOf(grant), lease: lease.id, data: { cause } });
    }
  }
  if (events.length === 0) return;
  failpoint('revoke.before-revoking');
  broker.ledger.writeRevocation({ grants, leases, events });
  failpoint('revoke.after-revoking');
  writePromptState(broker);
  for (const { grant } of endings) tellChange(broker, grant.id);
}

async function tryRevoke(broker: Broker, leaseId: string, cause: EndCause): Promise<void> {
  const { ledger } = broker;
  const lease = ledger.lease(leaseId);
  const grant = lease && ledger.grant(lease.grant);
  if (!lease || !grant || lease.state === 'revoked') return;
  markEnding(broker, [{ grant, leases: [lease], cause }]);
  let spent: Lease['handle'];
  try {
    removeQuietly(broker, lease.grant);
    // Still being issued: to look for it now would find nothing, and call that gone.
    const issuing = broker.issuing.get(leaseId);
    if (lease.attempts === 0) await inTime(broker, issuing).catch(() => undefined);
    spent = await revokeOnTarget(broker, ledger.lease(leaseId) ?? lease, grant, cause);
    if (broker.issuing.has(leaseId)) {
      throw new JitError(
        'ERR_TARGET_UNREACHABLE',
        'the target has not answered the issue, which may still come',
      );
    }
  } catch (thrown) {
    postpone(broker, leaseId, toJitError(thrown));
    return;
  }
  failpoint('revoke.confirmed');
  recordRevoked(broker, leaseId, spent);
  failpoint('revoke.after-record');
}

/** Revokes, then looks; answers what may stay on record. @throws JitError unless the credential is confirmed gone */
async function revokeOnTarget(
  broker: Broker,
  lease: Lease,
  grant: Grant,
  cause: EndCause,
): Promise<Lease['handle']> {
  const report = reporter(broker, lease, grant);
  if (lease.damaged !== undefined) {
    report.finding(damagedLease(broker, lease));
    throw damagedError(lease);
  }
  const signal = AbortSignal.timeout(broker.timing.call);
  const provider = await broker.providers.forLease(lease);
  await inTime(broker, provider.revoke(lease.handle, lease.cause ?? cause, report, signal));
  const presence = await inTime(broker, provider.confirm(lease.handle, signal));
  if (presence === 'gone') {
    const now = broker.ledger.lease(lease.id)?.handle ?? lease.handle;
    // Something was made or recorded late: nobody has taken that back, or looked for it.
    if (JSON.stringify(now) !== JSON.stringify(lease.handle))
      throw new JitError('ERR_TARGET_UNREACHABLE', `lease "${lease.id}" changed while it was taken back`);
    return provider.spent?.(now) ?? now;
  }
  const ends = tellWithdrawal(broker, provider, lease, grant, presence ?? 'unknown');
  if (ends !== null) {
    const words = `cannot be withdrawn; ends at ${new Date(ends).toISOString()}`;
    throw new JitError('ERR_REVOKE_INCOMPLETE', `the credential of lease "${lease.id}" ${words}`);
  }
  if (presence === 'alive') report.accessFound();
  throw new JitError('ERR_REVOKE_INCOMPLETE', `the credential of lease "${lease.id}" is not confirmed gone`);
}

/** Local files are worth nothing once the credential is gone; whatever is wrong with them, that goes first. */
function removeQuietly(broker: Broker, grant: string): void {
  try {
    removeHandOut(broker, grant);
  } catch (thrown) {
    broker.log.warn(`the files of grant ${grant} cannot be removed`, thrown);
  }
}

/** Tells whoever waits; what they do with it is not the business of a revocation. */
export function tellChange(broker: Broker, grant: string): void {
  try {
    broker.changes.emit('change', grant);
  } catch (thrown) {
    broker.log.error('telling a change', thrown);
  }
}

/**
 * Writes that a lease is confirmed gone.
 * @param spent its handle without any secret, when it had one
 */
export function recordRevoked(broker: Broker, leaseId: string, spent?: Lease['handle']): void {
  const lease = broker.ledger.lease(leaseId);
  if (!lease) return;
  const now = broker.clock.now();
  const late = Math.max(0, now - lease.deadline);
  broker.steps.delete(leaseId);
  broker.irrevocable.delete(leaseId);
  removeQuietly(broker, lease.grant);
  broker.ledger.writeRevocation({
    leases: [
      moveLease(lease, 'revoked', {
        handle: spent ?? lease.handle,
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
  if (lease.state === 'overdue') writePromptState(broker);
  tellChange(broker, lease.grant);
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
    lease.accessEndedAt === null &&
    (attempts >= 2 || lease.damaged !== undefined || now >= lease.deadline + broker.timing.grace);
  const isAwaited = isEndAwaited(broker, lease);
  const state = lease.state === 'overdue' || (isLate && !isAwaited) ? 'overdue' : 'revoking';
  const changed = moveLease(lease, state, {
    attempts,
    lastError: code,
    nextAttemptAt: isAwaited ? nextLook(broker, lease) : now + retryDelay(attempts, code, fraction),
  });
  const shout: AuditEvent = {
    type: 'lease.overdue',
    at: now,
    ...placeOf(broker.ledger.grant(lease.grant)),
    lease: lease.id,
    data: { cause: lease.cause ?? 'revoked', attempts, code },
  };
  const text = `lease ${lease.id} is ${state} after ${attempts} attempts: ${error.message}`;
  if (!isAwaited) broker.log.warn(text, error.cause);
  else if (attempts === 1) broker.log.info(text);
  broker.ledger.writeRevocation({
    leases: [changed],
    events: state === 'overdue' && lease.state !== 'overdue' ? [shout] : [],
  });
  if (state !== lease.state) writePromptState(broker);
  tellChange(broker, lease.grant);
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
    undisclosed(until, why) {
      const told = broker.steps.get(lease.id) ?? new Set();
      const known = `undisclosed ${until}`;
      if (told.has(known)) return;
      broker.steps.set(lease.id, told.add(known));
      const at = broker.clock.now();
      const data = { until: new Date(until).toISOString(), why };
      broker.ledger.writeRevocation({ events: [{ type: 'lease.undisclosed', at, ...place, data }] });
    },
    accessEnded: () => setAccessEnded(broker, lease.id, broker.clock.now()),
    accessFound: () => setAccessEnded(broker, lease.id, null),
    finding(told) {
      // Names on the target are whatever somebody made them; the log takes no broken characters.
      const [where, detail, action] = [told.where, told.detail, told.action].map((text) =>
        text.toWellFormed(),
      ) as [string, string, string];
      const { kind } = told;
      const finding = { ...told, where, detail, action };
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

function setAccessEnded(broker: Broker, leaseId: string, at: Instant | null): void {
  const lease = broker.ledger.lease(leaseId);
  if (!lease || (lease.accessEndedAt === null) === (at === null)) return;
  broker.ledger.writeRevocation({ leases: [{ ...lease, accessEndedAt: at }], events: [] });
  tellChange(broker, lease.grant);
}

/** Who and what an event is about. */
export function placeOf(grant: Grant | null): { principal?: string; target?: string; grant?: string } {
  return grant ? { principal: grant.principal, target: grant.target, grant: grant.id } : {};
}
