// Stored events for tests of formats: every type once, and with texts that want to break out.

import type { AuditEvent } from '../../../src/audit/event.ts';
import type { ExportEvent } from '../../../src/audit/export/format.ts';
import { chainOf } from '../log.ts';
import { samples } from '../samples.ts';

/** `events` as they leave the log. */
export function exported(events: readonly AuditEvent[]): ExportEvent[] {
  return chainOf(events).map((row) => ({ ...row, asked: { role: 'read', scope: null } }));
}

/** One of every type. */
export const all = exported(samples);

/** Texts of people that mean something to one format or another. */
export const nasty = [
  '=HYPERLINK("http://x","y")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\tx',
  '\r\nforged|line=1',
  'a"b,c;d',
  'sum;=1+1;\uFF1D2;x',
  'back\\slash|pipe=equals',
  '＝1+1',
  'nul\u0000 escape\u001b[31m sep\u2028arator',
  'Größe ✓ 修正 😀',
  'x'.repeat(5_000),
] as const;

/** A request with each of them as its reason. */
export const nastyEvents = exported(
  nasty.map((reason, index) => ({
    type: 'grant.requested',
    at: Date.UTC(2026, 0, 5) + index,
    principal: 'user:ada',
    target: 'prod-db',
    grant: 'g1',
    data: {
      ...{ role: 'read', scope: null, duration_ms: 60_000, reason, ticket: null, digest: 'd' },
      ...{ parent: null, via: 'terminal' as const, peer: 'uid 1' },
    },
  })),
);
