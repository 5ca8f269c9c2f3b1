// Domain values to rows and back. Pure.

import type { ErrorCode } from '../core/errors.ts';
import type { Finding, FindingKind } from '../core/finding.ts';
import type { EndCause, Grant, GrantState, Session } from '../core/grant.ts';
import type { Json } from '../core/json.ts';
import type { Lease, LeaseState } from '../core/lease.ts';

// Fractions of a millisecond come out of back-off and rates; a STRICT column would refuse the whole commit.
const ms = (value: number): number => Math.round(value);
const msOrNull = (value: number | null): number | null => (value === null ? null : Math.round(value));

/** A row of `grants`. */
export type GrantRow = ReturnType<typeof grantRow>;

/** A grant as its row. */
export function grantRow(grant: Grant) {
  return {
    id: grant.id,
    digest: grant.digest,
    state: grant.state as string,
    principal: grant.principal,
    target: grant.target,
    role: grant.role,
    scope: grant.scope,
    duration_ms: msOrNull(grant.duration),
    reason: grant.reason,
    ticket: grant.ticket,
    parent: grant.parent,
    via: grant.via as string,
    requested_ms: ms(grant.requestedAt),
    entitlement: grant.entitlement,
    policy_digest: grant.policyDigest,
    started_ms: msOrNull(grant.startedAt),
    deadline_ms: msOrNull(grant.deadline),
    ended_ms: msOrNull(grant.endedAt),
    end_cause: grant.endCause as string | null,
    on_restart: grant.onRestart as string,
    keep: grant.keep ? 1 : 0,
    session: grant.damaged ?? (grant.session === null ? null : JSON.stringify(grant.session)),
  };
}

/** The grant of a row; one whose session cannot be read keeps it as it is. */
export function toGrant(row: GrantRow): Grant {
  const session = row.session === null ? null : toObject(row.session);
  return {
    id: row.id,
    digest: row.digest,
    state: row.state as GrantState,
    principal: row.principal,
    target: row.target,
    role: row.role,
    scope: row.scope,
    duration: row.duration_ms,
    reason: row.reason,
    ticket: row.ticket,
    parent: row.parent,
    via: row.via as Grant['via'],
    requestedAt: row.requested_ms,
    entitlement: row.entitlement,
    policyDigest: row.policy_digest,
    startedAt: row.started_ms,
    deadline: row.deadline_ms,
    endedAt: row.ended_ms,
    endCause: row.end_cause as EndCause | null,
    onRestart: row.on_restart as Grant['onRestart'],
    keep: row.keep === 1,
    session: isSession(session) ? session : null,
    ...(row.session !== null && !isSession(session) && { damaged: row.session }),
  };
}

/** A row of `leases`. */
export type LeaseRow = ReturnType<typeof leaseRow>;

/** A lease as its row. */
export function leaseRow(lease: Lease) {
  return {
    id: lease.id,
    grant_id: lease.grant,
    target: lease.target,
    role: lease.role,
    provider: lease.provider,
    name: lease.name,
    state: lease.state as string,
    handle: lease.damaged ?? JSON.stringify(lease.handle),
    deadline_ms: ms(lease.deadline),
    hard_deadline_ms: ms(lease.hardDeadline),
    boot_id: lease.bootId,
    boot_deadline_ms: ms(lease.bootDeadline),
    created_ms: ms(lease.createdAt),
    issued_ms: msOrNull(lease.issuedAt),
    handed_out_ms: msOrNull(lease.handedOutAt),
    access_ended_ms: msOrNull(lease.accessEndedAt),
    revoked_ms: msOrNull(lease.revokedAt),
    cause: lease.cause as string | null,
    attempts: lease.attempts,
    next_attempt_ms: msOrNull(lease.nextAttemptAt),
    last_error: lease.lastError as string | null,
  };
}

/** The lease of a row; one whose handle cannot be read keeps it as it is, and every other field. */
export function toLease(row: LeaseRow): Lease {
  const handle = toObject(row.handle);
  return {
    id: row.id,
    grant: row.grant_id,
    target: row.target,
    role: row.role,
    provider: row.provider,
    name: row.name,
    state: row.state as LeaseState,
    handle,
    ...(handle === null && { damaged: row.handle }),
    deadline: row.deadline_ms,
    hardDeadline: row.hard_deadline_ms,
    bootId: row.boot_id,
    bootDeadline: row.boot_deadline_ms,
    createdAt: row.created_ms,
    issuedAt: row.issued_ms,
    handedOutAt: row.handed_out_ms,
    accessEndedAt: row.access_ended_ms,
    revokedAt: row.revoked_ms,
    cause: row.cause as EndCause | null,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_ms,
    lastError: row.last_error as ErrorCode | null,
  };
}

/** The object that is written as `text`; null: it is none. One row that is damaged must not hide the others. */
function toObject(text: string): { readonly [field: string]: Json } | null {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && !Array.isArray(value) ? (value as { [field: string]: Json }) : null;
  } catch {
    return null;
  }
}

function isSession(value: unknown): value is Session {
  const { pid, startTime } = (value ?? {}) as Partial<Session>;
  return Number.isSafeInteger(pid) && typeof startTime === 'string';
}

/** A row of `findings`, but for its number. */
export type FindingRow = ReturnType<typeof findingRow>;

/** A finding as its row. */
export function findingRow(finding: Finding) {
  return {
    kind: finding.kind as string,
    target: finding.target,
    lease_id: finding.lease,
    place: finding.where,
    detail: finding.detail,
    action: finding.action,
    found_ms: ms(finding.foundAt),
  };
}

/** The finding of a row. */
export function toFinding(row: FindingRow): Finding {
  return {
    kind: row.kind as FindingKind,
    target: row.target,
    lease: row.lease_id,
    where: row.place,
    detail: row.detail,
    action: row.action,
    foundAt: row.found_ms,
  };
}
