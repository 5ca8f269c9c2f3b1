// Credentials that nobody can take back before their own end: what is said about them, and that they are not overdue.
// Never says that access has ended unless nobody can have the credential.

import type { AuditEvent } from '../audit/event.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { Presence, Provider } from '../providers/provider.ts';
import type { Broker } from './broker.ts';

const step = 'cannot-be-withdrawn';

/**
 * What the provider says about a lease that it cannot revoke before its hard deadline; null when it can, or that
 * has passed. Records it, once per broker, and whether anybody has access.
 */
export function tellWithdrawal(
  broker: Broker,
  provider: Provider,
  before: Lease,
  grant: Grant,
  presence: Presence,
): string | null {
  const words = provider.withdrawal?.(before.handle) ?? null;
  const now = broker.clock.now();
  if (words === null || now >= before.hardDeadline) return null;
  const lease = broker.ledger.lease(before.id) ?? before;
  const heldByNobody = isHeldByNobody(broker, lease);
  const told = presence === 'alive' ? null : lease.accessEndedAt;
  const accessEndedAt = heldByNobody ? (lease.accessEndedAt ?? now) : told;
  broker.withdrawals.set(lease.id, words);
  const steps = broker.steps.get(lease.id) ?? new Set();
  // The provider may have told it by itself.
  const isNew = !steps.has(step);
  if (!isNew && accessEndedAt === lease.accessEndedAt) return words;
  broker.steps.set(lease.id, steps.add(step));
  const { principal, target, id } = grant;
  const facts = { until: new Date(lease.hardDeadline).toISOString(), held_by_nobody: heldByNobody };
  const event: AuditEvent = {
    type: 'lease.step',
    at: now,
    principal,
    target,
    grant: id,
    lease: lease.id,
    data: { step, facts },
  };
  broker.ledger.writeRevocation({ leases: [{ ...lease, accessEndedAt }], events: isNew ? [event] : [] });
  return words;
}

/** True until the hard deadline of a lease that {@link tellWithdrawal} told about: nothing is late before that. */
export function isEndAwaited({ withdrawals, clock, timing }: Broker, lease: Lease): boolean {
  return withdrawals.has(lease.id) && clock.now() < lease.hardDeadline + timing.grace;
}

/** When to look again: at each moment that may end it, and once a minute. */
export function nextLook({ clock, timing }: Broker, { deadline, hardDeadline }: Lease): Instant {
  const now = clock.now();
  const ends = [deadline, hardDeadline].filter((end) => end > now);
  return Math.min(now + (ends.length > 0 ? 60_000 : timing.grace / 4), ...ends);
}

/** It never left the broker, or only an endpoint could have served it, and never did. */
function isHeldByNobody(broker: Broker, lease: Lease): boolean {
  return lease.handedOutAt === null || (broker.endpoints.get(lease.grant)?.isUntouched ?? false);
}
