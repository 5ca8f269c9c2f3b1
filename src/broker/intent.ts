// The write-ahead: everything that revocation will need is on disk before the target hears of it.

import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Decision } from '../policy/config.ts';
import type { PlanRequest, Provider } from '../providers/provider.ts';
import { randomId } from '../system/random.ts';
import type { Broker } from './broker.ts';
import type { Entry } from './ledger.ts';
import { placeOf } from './revocation.ts';
import type { Resolved } from './wish.ts';

/** One elevation on its way. */
export interface Attempt {
  readonly grant: Grant;
  readonly lease: Lease;
  readonly plan: PlanRequest;
  readonly provider: Provider;
  /** The shared store has to acknowledge the intent before the provider is called. */
  readonly anchored: boolean;
}

/** Chooses the names and writes the first transaction of a lease. @throws JitError `ERR_AUDIT_UNAVAILABLE` */
export function writeIntent(
  broker: Broker,
  grant: Grant,
  resolved: Resolved,
  provider: Provider,
  decision: Decision & { outcome: 'allowed' },
  asked: Entry,
): Attempt {
  const { clock, ledger } = broker;
  const now = clock.now();
  const deadline = grant.deadline ?? now;
  const plan: PlanRequest = {
    lease: `l${randomId(broker.random, 15)}`,
    grant: grant.id,
    principal: grant.principal,
    reason: grant.reason,
    ticket: grant.ticket,
    role: grant.role,
    scope: grant.scope,
    now,
    deadline,
  };
  const { handle, hardDeadline } = provider.plan(plan);
  const { name, facts } = provider.describe(handle);
  const lease: Lease = {
    id: plan.lease,
    grant: grant.id,
    target: grant.target,
    role: grant.role,
    provider: resolved.target.provider,
    name,
    state: 'intent',
    handle,
    deadline,
    hardDeadline,
    bootId: clock.bootId,
    bootDeadline: clock.sinceBoot() + (deadline - now),
    createdAt: now,
    issuedAt: null,
    handedOutAt: null,
    accessEndedAt: null,
    revokedAt: null,
    cause: null,
    attempts: 0,
    nextAttemptAt: null,
    lastError: null,
  };
  const place = placeOf(grant);
  ledger.write({
    ...asked,
    grants: [grant],
    leases: [lease],
    events: [
      ...asked.events,
      {
        type: 'grant.approved',
        at: now,
        ...place,
        data: {
          entitlement: decision.entitlement ?? '',
          policy: grant.policyDigest,
          // From the request on, as the deadline is: not a moment less than what was asked for.
          duration_ms: deadline - grant.requestedAt,
          deadline: isoTime(deadline),
          why: decision.reasons.join('; '),
        },
      },
      {
        type: 'lease.intent',
        at: now,
        ...place,
        lease: lease.id,
        data: {
          provider: lease.provider,
          name,
          facts,
          deadline: isoTime(deadline),
          hard_deadline: isoTime(hardDeadline),
        },
      },
    ],
  });
  return { grant, lease, plan, provider, anchored: decision.anchor === 'before-issue' };
}

/** RFC 3339, UTC, milliseconds. */
export function isoTime(instant: number): string {
  return new Date(instant).toISOString();
}
