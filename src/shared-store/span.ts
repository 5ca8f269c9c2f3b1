// What has to be known of the shared store before it is read: from when to when it goes, and where a time begins.

import type { Instant } from '../core/time.ts';
import type { StoreConnection } from './connection.ts';
import { readLogs } from './reader.ts';

/** Before the logs are verified this is only what they say. */
export interface StoreSpan {
  readonly first: Instant;
  readonly last: Instant;
}

/** Clocks of devices may be ahead of the store's by so much. */
const skew = 86_400_000;

/** The first event of a log that can be of `since` or later; null: there is none. What was received earlier is not looked at. */
export async function firstReceived(
  connection: StoreConnection,
  origin: string,
  since: Instant,
): Promise<number | null> {
  const [row] = await connection.rows<{ seq: string | null }>(
    'SELECT min(seq) AS seq FROM jit.events WHERE origin = $1 AND received >= $2',
    [origin, new Date(since - skew)],
  );
  return row?.seq ? Number(row.seq) : null;
}

/** Times of the earliest and of the latest event of all logs; null: there is none. */
export async function storeSpan(connection: StoreConnection): Promise<StoreSpan | null> {
  let span: StoreSpan | null = null;
  for (const { origin } of await readLogs(connection)) {
    // Canonical JSON has the time near its end; what is no event has none.
    const [row] = await connection.rows<{ first: string | null; last: string | null }>(
      `SELECT min(ts) AS first, max(ts) AS last FROM (
         SELECT substring(encode(substring(body FROM greatest(octet_length(body) - 99, 1)), 'escape')
           FROM '"ts":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[.]\\d{3}Z)","type":"[a-z_.]+","v":1}$') COLLATE "C" AS ts
         FROM jit.events WHERE origin = $1) AS times`,
      [origin],
    );
    const [first, last] = [Date.parse(row?.first ?? ''), Date.parse(row?.last ?? '')];
    if (Number.isNaN(first) || Number.isNaN(last)) continue;
    span = span ? { first: Math.min(span.first, first), last: Math.max(span.last, last) } : { first, last };
  }
  return span;
}
