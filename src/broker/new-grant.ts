// Making the immutable request and the grant that it turns into. Writes nothing.

import { createHash } from 'node:crypto';
import { canonicalBytes } from '../audit/canonical.ts';
import { JitError } from '../core/errors.ts';
import type { Grant, GrantRequest } from '../core/grant.ts';
import type { Decision } from '../policy/config.ts';
import type { ElevateRequest } from '../protocol/routes.ts';
import { randomId } from '../system/random.ts';
import type { Broker, Caller } from './broker.ts';
import { isOwn } from './own.ts';
import type { Resolved } from './wish.ts';

/** The caller's active grant that it says to run inside of. @throws JitError `ERR_CONFLICT` when there is none */
export function parentOf(broker: Broker, caller: Caller, id: string | null): Grant | null {
  if (id === null) return null;
  const parent = broker.ledger.grant(id);
  if (parent?.state === 'active' && isOwn(parent, caller)) return parent;
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
  const id = `g${randomId(broker.random, 11)}`;
  const wanted: GrantRequest = {
    principal: caller.principal,
    target: resolved.target.name,
    role: resolved.role.name,
    scope: resolved.scope,
    duration: request.duration,
    reason: request.reason,
    ticket: decision.ticket ?? request.ticket,
    parent: parent?.id ?? null,
    via: request.ci ? 'ci' : request.interactive ? 'terminal' : 'script',
    requestedAt: now,
  };
  const isAllowed = decision.outcome === 'allowed';
  const cap = parent?.deadline ?? Number.POSITIVE_INFINITY;
  return {
    ...wanted,
    id,
    digest: digestOf(broker, id, wanted),
    state: 'pending',
    entitlement: decision.entitlement,
    policyDigest,
    startedAt: null,
    deadline: isAllowed ? Math.min(cap, now + decision.duration) : null,
    endedAt: null,
    endCause: null,
    onRestart: isAllowed ? decision.onRestart : 'revoke',
    keep: request.keep,
    session: request.session,
  };
}

/** What approvers will sign: of this kind and version, on this log, by this name, and nothing else. */
function digestOf(broker: Broker, id: string, request: GrantRequest): string {
  const told = { type: 'jit.request', v: 1, origin: broker.ledger.store.origin, id, ...request };
  return createHash('sha256').update(canonicalBytes(told)).digest('hex');
}
