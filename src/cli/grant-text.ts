// A grant in words: its name, its state, its row in a table. Shared by the commands that show grants.

import type { EndCause } from '../core/grant.ts';
import type { Instant } from '../core/time.ts';
import type { FindingView, GrantView } from '../protocol/views.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';
import { leaseNotes, overdueText } from './lease-text.ts';
import { type ListOutput, listing } from './listing.ts';
import { aboutText, clockText, untilText } from './time-text.ts';

/** `prod-db:read` */
function roleName(grant: Pick<GrantView, 'target' | 'role'>): string {
  return `${escapeText(grant.target)}:${escapeText(grant.role)}`;
}

/** `prod-db:read (orders-only)` */
export function roleAndScope(grant: Pick<GrantView, 'target' | 'role' | 'scope'>): string {
  return grant.scope === null ? roleName(grant) : `${roleName(grant)} (${escapeText(grant.scope)})`;
}

/** What people need to know about the state: a lease that is not confirmed gone outranks the grant's own state. */
function stateOf(grant: GrantView): string {
  if (grant.leases.some((lease) => lease.state === 'overdue')) return 'overdue';
  const [ending] = grant.leases.filter((lease) => lease.state === 'revoking');
  // Nobody revokes what cannot be revoked: it ends.
  if (ending) return ending.irrevocableUntil === null ? 'revoking' : 'ending';
  return grant.state;
}

const longestReason = 4_000;

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}

function whenText(grant: GrantView, now: Instant): string {
  if (grant.deadline === null) return '-';
  if (grant.endedAt !== null) return `ended ${clockText(grant.endedAt, now)}`;
  if (grant.deadline > now) return `${clockText(grant.deadline, now)} (${aboutText(grant.deadline - now)})`;
  return `${clockText(grant.deadline, now)} (${aboutText(now - grant.deadline)} ago)`;
}

function stateCell(grant: GrantView, paint: Paint, own: string | null): string {
  const state = stateOf(grant);
  const known =
    state === 'overdue'
      ? paint.alarm(state.toUpperCase())
      : state === 'active'
        ? paint.good(state)
        : paint.caution(state);
  return [
    known,
    ...(grant.id === own ? ['this shell'] : []),
    ...(grant.keep ? ['kept'] : []),
    ...(grant.parent === null ? [] : [`inside ${escapeText(grant.parent)}`]),
  ].join(', ');
}

const causes: Record<EndCause, string> = {
  expired: 'its deadline',
  revoked: 'revoked',
  'session-ended': 'its session ended',
  'session-lost': 'its session was lost',
  'issue-failed': 'it could not be issued',
  recovery: 'the broker restarted',
  'broker-stopped': 'the broker was stopped',
  'parent-ended': 'the grant around it ended',
  'audit-failed': 'the audit log could not be written',
  'clock-step': 'the clock was set',
  'credential-lost': 'its credential was taken away on the target',
  anomaly: 'an anomaly rule ended it',
};

/** `prod-db:read ended at 13:20 (the broker restarted)`; at its deadline, when nothing else is known. */
export function endText(grant: GrantView, now: Instant): string {
  const at = grant.endedAt ?? Math.min(grant.deadline ?? now, now);
  return `${roleAndScope(grant)} ended at ${clockText(at, now)} (${causes[grant.endCause ?? 'expired']})`;
}

/**
 * One line per grant under a heading, and more for each lease that is overdue, ends otherwise than its grant, or
 * cannot be refreshed.
 * @param own the grant that this shell was started for, which is marked
 */
export function grantTable(
  grants: readonly GrantView[],
  now: Instant,
  out: ListOutput,
  own: string | null,
): string[] {
  const { paint } = out;
  const entries = grants.map((grant) => ({
    cells: [
      paint.strong(escapeText(grant.id)),
      roleName(grant),
      grant.scope === null ? '-' : escapeText(grant.scope),
      whenText(grant, now),
      stateCell(grant, paint, own),
      // A screen reader reads lines, however long.
      grant.reason === null ? '-' : cut(escapeText(grant.reason), out.plain ? longestReason : 40),
    ],
    notes: grant.leases.flatMap((lease) =>
      lease.state === 'overdue'
        ? [paint.alarm(`  ${overdueText(lease, now)}`)]
        : leaseNotes(lease, now, paint),
    ),
  }));
  return listing(out, ['GRANT', 'TARGET:ROLE', 'SCOPE', 'UNTIL', 'STATE', 'REASON'], entries);
}

/** `14:32 prod-db orders/public.scratch: owned-object, table; moved to …` */
export function findingLine(finding: FindingView, now: Instant): string {
  const where = `${escapeText(finding.target)} ${escapeText(finding.where)}`;
  const what = `${finding.kind}, ${escapeText(finding.detail)}`;
  return `${clockText(finding.foundAt, now)}  ${where}: ${what}; ${escapeText(finding.action)}`;
}

/** `g7f3k2 (prod-db:read) until 14:32 (30m)` */
export function grantLine(grant: GrantView, now: Instant): string {
  const until = grant.deadline === null ? '' : ` ${untilText(grant.deadline, now)}`;
  return `${escapeText(grant.id)} (${roleAndScope(grant)})${until}`;
}

/** The grants from the outermost to `id`: `inside grant g… (prod-db:read) > g… (…)`; empty when it is not known. */
export function stackText(id: string, grants: readonly GrantView[]): string {
  const chain: GrantView[] = [];
  for (let next: string | null = id; next !== null && chain.length < 20; ) {
    const grant: GrantView | undefined = grants.find((one) => one.id === next);
    if (!grant) break;
    chain.unshift(grant);
    next = grant.parent;
  }
  return chain.map((grant) => `${escapeText(grant.id)} (${roleAndScope(grant)})`).join(' > ');
}
