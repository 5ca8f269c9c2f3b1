// Credentials that nobody can take back before their own end: what is said about them, and that they are not overdue.
// Never says that access has ended unless nobody can have the credential, or the target's own clock has ended it.

import type { AuditEvent } from '../audit/event.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { Presence, Provider } from '../providers/provider.ts';
import type { Broker } from './broker.ts';

const step = 'cannot-be-withdrawn';

/** The target's clock and this one differ: what it ends counts as ended this much later. */
const clockSlack = 60_000;

/** Asks what revoking the lease will not do, so that people are told before they need it. */
export function learnWithdrawal(broker: Broker, provider: Provider, { id, handle }: Lease): Instant | null {
  const until = provider.irrevocableUntil?.(handle) ?? null;
  if (until !== null) broker.irrevocable.set(id, until);
  return until;
}

/** The same for every open lease, after a restart. Never rejects. */
export async function learnWithdrawals(broker: Broker): Promise<void> {
  for (const lease of broker.ledger.openLeases()) {
    if (lease.damaged !== undefined) continue;
    try {
      const provider = await broker.providers.forLease(lease);
      if (broker.ledger.lease(lease.id)?.state !== 'revoked') learnWithdrawal(broker, provider, lease);
    } catch (thrown) {
      broker.log.warn(`nobody can say whether lease ${lease.id} can be withdrawn`, thrown);
    }
  }
}

/** When a lease that cannot be taken back ends by itself; null when it can be, or nobody asked yet. */
export function irrevocableUntil({ irrevocable }: Broker, lease: Lease): Instant | null {
  const until = irrevocable.get(lease.id) ?? null;
  const isServed = lease.state === 'intent' || lease.state === 'active';
  // Once nothing is made anew any more, it ends with what was given.
  return until === null || isServed ? until : Math.min(until, lease.hardDeadline);
}

/**
 * When a lease ends that its provider cannot revoke; null when it can, or when it should have ended and has not.
 * Records it, once per broker, and whether anybody has access.
 */
export function tellWithdrawal(
  broker: Broker,
  provider: Provider,
  before: Lease,
  grant: Grant,
  presence: Presence,
): Instant | null {
  learnWithdrawal(broker, provider, before);
  const now = broker.clock.now();
  const lease = broker.ledger.lease(before.id) ?? before;
  const until = irrevocableUntil(broker, lease);
  const isPast = now >= lease.hardDeadline + clockSlack;
  if (until === null || (isPast && presence === 'alive')) return null;
  const heldByNobody = isPast || isHeldByNobody(broker, lease);
  const told = presence === 'alive' ? null : lease.accessEndedAt;
  const accessEndedAt = heldByNobody ? (lease.accessEndedAt ?? now) : told;
  const steps = broker.steps.get(lease.id) ?? new Set();
  const isNew = !steps.has(step) && now < until;
  if (!isNew && accessEndedAt === lease.accessEndedAt) return until;
  if (isNew) broker.steps.set(lease.id, steps.add(step));
  const { principal, target, id } = grant;
  const facts = {
    until: new Date(until).toISOString(),
    hard_deadline: new Date(lease.hardDeadline).toISOString(),
    held_by_nobody: heldByNobody,
  };
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
  return until;
}

/** True until the hard deadline of a lease that cannot be taken back: nothing is late before that. */
export function isEndAwaited({ irrevocable, clock }: Broker, lease: Lease): boolean {
  return irrevocable.has(lease.id) && clock.now() < lease.hardDeadline + clockSlack;
}

/** When to look again: at each moment that may end it, and once a minute. */
export function nextLook({ clock }: Broker, { deadline, hardDeadline }: Lease): Instant {
  const now = clock.now();
  const ends = [deadline, hardDeadline, hardDeadline + clockSlack].filter((end) => end > now);
  return Math.min(now + (now < hardDeadline ? 60_000 : 5_000), ...ends);
}

/** It never left the broker, or only an endpoint could have served it, and never did. */
function isHeldByNobody(broker: Broker, lease: Lease): boolean {
  return lease.handedOutAt === null || (broker.endpoints.get(lease.grant)?.isUntouched ?? false);
}
