// A log in memory, for tests.

import { noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import type { LogRow } from '../../src/audit/verify.ts';

/** `events` as the rows of one log, ten milliseconds of uptime apart. */
export function chainOf(events: readonly AuditEvent[]): (LogRow & PlacedEvent)[] {
  const rows: (LogRow & PlacedEvent)[] = [];
  for (const [seq, event] of events.entries()) {
    const prev = rows.at(-1)?.leaf ?? noLeaf;
    const place = { origin: 'jit.0123456789abcdef', seq, prev, boot: 'b1', monoMs: seq * 10 };
    rows.push({ seq, ...placeEvent(event, place) });
  }
  return rows;
}
