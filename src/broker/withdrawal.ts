// Credentials that nobody can take back before their own end: what is said about them, and that they are not overdue.
// Never says that access has ended unless nobody can have the credential.

import type { AuditEvent } from '../audit/event.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Provider } from '../providers/provider.ts';
import type { Broker } from './broker.ts';

/**
 * What the provider says about a lease that it cannot revoke before its hard deadline; null when it can, or that
 * has passed. Records it, once per broker, and that access has ended where that is true.
 */
export function tellWithdrawal(
  broker: Broker,
  provider: Provider,
  before: Lease,
  grant: Grant,
): string | null {
  const words = provider.withdrawal?.(before.handle) ?? null;
  const now = broker.clock.now();
  if (words === null || now >= before.hardDeadline) return null;
  const lease = broker.ledger.lease(before.id) ?? before;
  const accessEndedAt = lease.accessEndedAt ?? (isHeldByNobody(broker, lease) ? now : null);
  const isNew = !broker.withdrawals.has(lease.id);
  broker.withdrawals.set(lease.id, words);
  if (!isNew && accessEndedAt === lease.accessEndedAt) return words;
  const { principal, target, id } = grant;
  const facts = { ends: new Date(lease.hardDeadline).toISOString(), held_by_nobody: accessEndedAt !== null };
  const event: AuditEvent = {
    type: 'lease.step',
    at: now,
    principal,
    target,
    grant: id,
    lease: lease.id,
    data: { step: 'cannot-be-withdrawn', facts },
  };
  broker.ledger.writeRevocation({ leases: [{ ...lease, accessEndedAt }], events: isNew ? [event] : [] });
  return words;
}

/** True until the hard deadline of a lease that {@link tellWithdrawal} told about: nothing is late before that. */
export function isEndAwaited({ withdrawals, clock, timing }: Broker, lease: Lease): boolean {
  return withdrawals.has(lease.id) && clock.now() < lease.hardDeadline + timing.grace;
}

/** It never left the broker, or only an endpoint could have served it, and never did. */
function isHeldByNobody(broker: Broker, lease: Lease): boolean {
  return lease.handedOutAt === null || (broker.endpoints.get(lease.grant)?.isUntouched ?? false);
}
