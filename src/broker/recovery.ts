// After a crash: every lease that was open is finished or taken back. Safe to be killed and run again.

import type { AuditEvent, EventData } from '../audit/event.ts';
import { type Grant, moveGrant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import { failpoint } from '../system/failpoint.ts';
import { isAlive } from '../system/process-info.ts';
import type { Broker } from './broker.ts';
import { tellDamagedGrants } from './damaged-records.ts';
import { isDue } from './due.ts';
import { sweepHandOuts } from './hand-out.ts';
import { endGrant, placeOf, revokeLease } from './revocation.ts';
import { learnWithdrawals } from './withdrawal.ts';

/**
 * Starts to take back what the last broker left open, and answers how many leases that are. Revocation runs
 * on: a target that is down must not keep the broker from serving.
 */
export function recover(broker: Broker): number {
  failpoint('recover.start');
  const { ledger } = broker;
  tellDamagedGrants(broker);
  let taken = 0;
  for (const lease of ledger.openLeases()) {
    failpoint('recover.before-lease');
    const grant = ledger.grant(lease.grant);
    if (grant && mayResume(broker, grant, lease)) continue;
    taken += 1;
    const cause = isDue(lease, broker.clock) ? 'expired' : 'recovery';
    if (grant && (grant.state === 'active' || grant.state === 'pending'))
      void endGrant(broker, grant.id, cause);
    else void revokeLease(broker, lease.id, lease.cause ?? cause);
    failpoint('recover.after-lease');
  }
  endWithoutLease(broker);
  sweepHandOuts(broker);
  void learnWithdrawals(broker);
  return taken;
}

/** Only a grant that was handed out, whose session lives, whose rule says so, and whose time is not over. */
function mayResume(broker: Broker, grant: Grant, lease: Lease): boolean {
  if (lease.state !== 'active' || lease.handedOutAt === null || isDue(lease, broker.clock)) return false;
  if (grant.state !== 'active') return false;
  if (lease.damaged !== undefined || grant.damaged !== undefined) return false;
  // Died between ending the one around it and this one.
  if (grant.parent !== null && broker.ledger.grant(grant.parent)?.state !== 'active') return false;
  if (grant.onRestart !== 'resume') return false;
  if (!grant.keep && (grant.session === null || !isAlive(grant.session))) return false;
  return !tellLostEndpoint(broker, grant, lease);
}

/** What an endpoint or a helper served was in the memory of the last broker only: whatever the rule says, there is nothing to resume. */
function tellLostEndpoint(broker: Broker, grant: Grant, lease: Lease): boolean {
  const [handedOut] = broker.ledger.store.events({ grant: grant.id, type: 'lease.handed_out', limit: 1 });
  const { endpoints = 0, helpers = 0 } = (handedOut?.body.data ?? {}) as Partial<
    EventData['lease.handed_out']
  >;
  if (endpoints === 0 && helpers === 0) return false;
  broker.log.info(`grant ${grant.id} cannot be resumed: its credential was in memory only`);
  const data = { step: 'endpoint-lost', facts: { endpoints, ...(helpers > 0 && { helpers }) } };
  broker.ledger.writeRevocation({
    events: [{ type: 'lease.step', at: broker.clock.now(), ...placeOf(grant), lease: lease.id, data }],
  });
  return true;
}

/** A grant that never got as far as a lease, or whose leases are all gone, is over. */
function endWithoutLease(broker: Broker): void {
  const now = broker.clock.now();
  const over = broker.ledger
    .activeGrants()
    .filter((grant) => broker.ledger.openLeasesOf(grant.id).length === 0);
  if (over.length === 0) return;
  const events = over.map(
    (grant): AuditEvent => ({
      type: 'grant.ended',
      at: now,
      ...placeOf(grant),
      data: { cause: 'recovery', used_ms: grant.startedAt === null ? 0 : now - grant.startedAt },
    }),
  );
  const grants = over.map((grant) => moveGrant(grant, 'ended', { endedAt: now, endCause: 'recovery' }));
  broker.ledger.writeRevocation({ grants, events });
}
