// Grants, leases and findings as people and scripts see them.

import type { Finding } from '../core/finding.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Risk } from '../core/target.ts';
import type { FindingView, GrantView, LeaseView } from '../protocol/views.ts';
import type { Broker } from './broker.ts';
import { irrevocableUntil } from './withdrawal.ts';

/** A grant with its leases. */
export function grantView(broker: Broker, grant: Grant): GrantView {
  const leases = broker.ledger.leasesOf(grant.id).map((lease) => leaseView(broker, lease));
  return {
    id: grant.id,
    state: grant.state,
    principal: grant.principal,
    target: grant.target,
    risk: riskOf(broker, grant.target),
    role: grant.role,
    scope: grant.scope,
    reason: grant.reason,
    ticket: grant.ticket,
    entitlement: grant.entitlement,
    parent: grant.parent,
    keep: grant.keep,
    requestedAt: grant.requestedAt,
    startedAt: grant.startedAt,
    deadline: grant.deadline,
    endedAt: grant.endedAt,
    endCause: grant.endCause,
    leases,
  };
}

function leaseView(broker: Broker, lease: Lease): LeaseView {
  return {
    id: lease.id,
    state: lease.state,
    provider: lease.provider,
    name: lease.name,
    deadline: lease.deadline,
    // Vendors tell whole seconds, rounded down: that is no earlier end.
    hardDeadline: isWithinSecond(lease) ? lease.deadline : lease.hardDeadline,
    irrevocableUntil: irrevocableUntil(broker, lease),
    accessEndedAt: lease.accessEndedAt,
    revokedAt: lease.revokedAt,
    attempts: lease.attempts,
    lastError: lease.lastError,
    notRefreshed: broker.refreshing.get(lease.id)?.failure() ?? null,
    findings: broker.ledger.store.findings({ lease: lease.id }).length,
  };
}

function isWithinSecond({ deadline, hardDeadline }: Lease): boolean {
  return hardDeadline < deadline && deadline - hardDeadline <= 1_000;
}

/** A target that left the configuration, or a broken configuration, must not hide its grants. */
export function riskOf(broker: Broker, target: string): Risk {
  return broker.policy.latest?.targets.get(target)?.risk ?? 'medium';
}

/** A finding, as it is. */
export function findingView(finding: Finding): FindingView {
  return { ...finding };
}
