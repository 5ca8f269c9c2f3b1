// The comment on a role that jit made: tells an administrator, and a broker that lost its own records, whose it is.

import type { Instant } from '../../core/time.ts';
import type { PlanRequest } from '../provider.ts';

/** What can be read back from a comment. */
export interface RoleComment {
  readonly lease: string;
  /** The broker that made the role; null when the comment does not tell. */
  readonly origin: string | null;
  /** When the grant ends; null when the comment does not tell. */
  readonly deadline: Instant | null;
}

const cap = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`.toWellFormed();

/** One line of JSON, at most about 1000 characters; escapes keep control characters out of terminals. */
export function roleComment(request: PlanRequest, origin: string): string {
  return JSON.stringify({
    lease: request.lease,
    grant: request.grant,
    origin,
    sub: cap(request.principal, 120),
    role: cap(request.role, 60),
    reason: request.reason === null ? null : cap(request.reason, 200),
    ticket: request.ticket === null ? null : cap(request.ticket, 60),
    exp: new Date(request.deadline).toISOString(),
  });
}

/** The same comment with another deadline; null when it is none of ours. */
export function withDeadline(comment: string | null, deadline: Instant): string | null {
  const fields = parse(comment);
  return fields && JSON.stringify({ ...fields, exp: new Date(deadline).toISOString() });
}

/** Reads a comment; null when it is none that jit wrote. */
export function readComment(comment: string | null): RoleComment | null {
  const fields = parse(comment);
  if (!fields) return null;
  const deadline = Date.parse(String(fields['exp']));
  const origin = typeof fields['origin'] === 'string' ? fields['origin'] : null;
  return { lease: fields.lease, origin, deadline: Number.isFinite(deadline) ? deadline : null };
}

function parse(comment: string | null): ({ lease: string } & Record<string, unknown>) | null {
  try {
    const value: unknown = JSON.parse(comment ?? 'null');
    if (typeof value !== 'object' || value === null || !('lease' in value)) return null;
    return typeof value.lease === 'string' ? { ...value, lease: value.lease } : null;
  } catch {
    return null;
  }
}
