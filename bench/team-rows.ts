// The state of a grant and its lease at the end of a generated year: verification compares it with the events.

import type { EndCause, Grant } from '../src/core/grant.ts';
import type { Lease } from '../src/core/lease.ts';

/** A grant as it is going to be. */
export interface Plan {
  readonly id: string;
  readonly principal: string;
  readonly target: string;
  readonly provider: string;
  readonly role: string;
  readonly scope: string | null;
  readonly reason: string | null;
  readonly duration: number;
  readonly at: number;
  readonly via: Grant['via'];
  /** Of the year; -1: it is denied. */
  readonly end: number;
  readonly lease: string | null;
  readonly deadline: number;
  /** null: after the year. */
  readonly ended: number | null;
  readonly gone: number | null;
  readonly cause: EndCause | null;
  readonly attempts: number;
}

export function grantRow(plan: Plan): Grant {
  const { id, principal, target, role, scope, reason, duration, at, via, deadline, ended, cause } = plan;
  const isDenied = plan.end < 0;
  const request = { id, principal, target, role, scope, reason, duration, via, requestedAt: at };
  return {
    ...request,
    ticket: null,
    parent: null,
    digest: 'd'.repeat(64),
    state: isDenied ? 'denied' : ended === null ? 'active' : 'ended',
    entitlement: isDenied ? null : 'e',
    policyDigest: 'p'.repeat(64),
    startedAt: isDenied ? null : at,
    deadline: isDenied ? null : deadline,
    endedAt: ended,
    endCause: ended === null ? null : cause,
    onRestart: 'revoke',
    keep: false,
    session: null,
  };
}

export function leaseRow(plan: Plan): Lease {
  const { id, target, role, provider, at, deadline, lease, ended, gone, cause, attempts } = plan;
  return {
    id: lease ?? '',
    grant: id,
    target,
    role,
    provider,
    name: `jit_${lease}`,
    state: gone !== null ? 'revoked' : ended !== null ? 'revoking' : 'active',
    handle: { role: `jit_${lease}` },
    deadline,
    hardDeadline: deadline + 300_000,
    bootId: 'b',
    bootDeadline: deadline,
    createdAt: at,
    issuedAt: at,
    handedOutAt: at,
    accessEndedAt: gone,
    revokedAt: gone,
    cause: ended === null ? null : cause,
    attempts,
    nextAttemptAt: null,
    lastError: null,
  };
}
