// Making the immutable request and the grant that it turns into. Writes nothing.

import { createHash } from 'node:crypto';
import { canonicalBytes } from '../audit/canonical.ts';
import { JitError } from '../core/errors.ts';
import type { Grant, GrantRequest } from '../core/grant.ts';
import type { Decision } from '../policy/config.ts';
import type { ElevateRequest } from '../protocol/routes.ts';
import { randomId } from '../system/random.ts';
import type { Broker, Caller } from './broker.ts';
import type { Resolved } from './wish.ts';

/** The active grant that a caller says to run inside of. @throws JitError `ERR_CONFLICT` when it is not active */
export function parentOf(broker: Broker, id: string | null): Grant | null {
  if (id === null) return null;
  const parent = broker.ledger.grant(id);
  if (parent?.state === 'active') return parent;
  throw new JitError('ERR_CONFLICT', `the grant around this shell, "${id}", has ended`, {
    hint: 'leave this shell with "exit" and ask again',
  });
}

/** A pending grant with its digest and, if allowed, its deadline: never later than that of the grant around it. */
export function newGrant(
  broker: Broker,
  caller: Caller,
  request: ElevateRequest,
  resolved: Resolved,
  decision: Decision,
  policyDigest: string,
  parent: Grant | null,
): Grant {
  const now = broker.clock.now();
  const wanted: GrantRequest = {
    principal: caller.principal,
    target: resolved.target.name,
    role: resolved.role.name,
    scope: resolved.scope,
    duration: decision.outcome === 'denied' ? (request.duration ?? 0) : decision.duration,
    reason: request.reason,
    ticket: request.ticket,
    parent: parent?.id ?? null,
    requestedAt: now,
  };
  const cap = parent?.deadline ?? Number.POSITIVE_INFINITY;
  const latest = decision.limit === null ? null : Math.min(cap, now + decision.limit.value);
  return {
    ...wanted,
    id: `g${randomId(broker.random, 11)}`,
    digest: createHash('sha256')
      .update(canonicalBytes({ ...wanted }))
      .digest('hex'),
    state: 'pending',
    entitlement: decision.entitlement,
    policyDigest,
    startedAt: null,
    deadline: decision.outcome === 'allowed' ? Math.min(cap, now + decision.duration) : null,
    latestDeadline: latest,
    endedAt: null,
    endCause: null,
    keep: request.keep,
    session: request.session,
  };
}
