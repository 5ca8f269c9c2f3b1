// Grants and leases whose row in the database cannot be read as a whole: what is said of them. Everything else of them is as
// usual; a lease without a handle stays open until a person has put its row back, since only the handle says how to look.

import type { Finding } from '../core/finding.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { DoctorReply } from '../protocol/routes.ts';
import type { Store } from '../store/store.ts';
import type { Broker } from './broker.ts';

const kind = 'damaged-record';
const where = "the broker's database";

/** For a lease whose grant is not in the database any more: what it takes to end it and to take the lease back. */
export function standInGrant(store: Store, lease: Lease): Grant {
  const { grant: id, target, role, createdAt, deadline } = lease;
  const [told] = store.events({ grant: id, limit: 1, oldest: true });
  return {
    ...{ id, target, role, deadline, requestedAt: createdAt, startedAt: createdAt, endedAt: null },
    ...{ digest: '', state: 'active', principal: told?.body.principal ?? 'unknown', scope: null },
    ...{ duration: null, reason: null, ticket: null, parent: null, via: 'script', entitlement: null },
    ...{ policyDigest: '', endCause: null, onRestart: 'revoke', keep: false, session: null },
  };
}

/** Puts on record which grants are not as they were written; they end at this start, as any that cannot resume. */
export function tellDamagedGrants({ ledger, clock, log }: Broker): void {
  for (const { id, target, damaged, digest } of ledger.activeGrants()) {
    const isStandIn = digest === '';
    if (damaged === undefined && !isStandIn) continue;
    const at = clock.now();
    const what = isStandIn ? `grant ${id} was missing` : `the session of grant ${id} cannot be read`;
    const data = { kind, where, detail: what, action: 'the grant was ended' };
    log.warn(`${data.detail}: ${data.action}`);
    ledger.writeRevocation({
      findings: [{ ...data, kind, target, lease: null, foundAt: at }],
      events: [{ type: 'reconcile.finding', at, target, data }],
    });
  }
}

/** A lease that nobody but a person can take back. */
export function damagedLease({ clock }: Broker, { id, target, role, provider, name }: Lease): Finding {
  return {
    ...{ kind, target, lease: id, where, foundAt: clock.now() },
    detail: `${name} (${provider}, role ${role}): what revoking it needs cannot be read`,
    action: 'none: it has to be taken back by hand',
  };
}

/** The same for `jit doctor`. */
export function damagedLine({
  target,
  name,
  provider,
  role,
  accessEndedAt,
}: Lease): DoctorReply['checks'][number] {
  const access = accessEndedAt === null ? 'access may go on' : 'access has ended, clean-up remains';
  return {
    target,
    name: 'damaged lease',
    status: 'failed',
    detail: `what revoking ${name} (${provider}, role ${role}) needs is damaged in the database: ${access}`,
    advice: `take ${name} back by hand on the target, or put the row of the lease back from a backup, while no broker runs`,
  };
}
