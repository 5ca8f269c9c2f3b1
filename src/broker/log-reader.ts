// Reads the log from a place on, oldest first, and finds such places. Must not: hold more than one page.

import type { EventBody, StoredEvent } from '../audit/event.ts';
import type { Instant } from '../core/time.ts';
import type { EventQuery, Store } from '../store/store.ts';

/** The row of the newest event; -1 for an empty log. */
export function lastRow(store: Pick<Store, 'events'>): number {
  return store.events({ limit: 1 })[0]?.row ?? -1;
}

/** The oldest events after `row`, at most `limit`. */
export function eventsAfter(
  store: Pick<Store, 'events'>,
  row: number,
  limit: number,
  query: Omit<EventQuery, 'after' | 'limit' | 'oldest'> = {},
): StoredEvent[] {
  return store.events({ ...query, after: row, limit, oldest: true });
}

/** The event with this number in this log of the file; null: there is none. */
export function numbered(
  store: Pick<Store, 'events' | 'logs'>,
  origin: string,
  seq: string,
): EventBody | null {
  const log = store.logs().find((one) => one.origin === origin);
  const [event] = log ? eventsAfter(store, log.first + Number(seq) - 1, 1) : [];
  return event?.body.origin === origin && event.body.seq === seq ? event.body : null;
}

/**
 * The row after which events are of `since` or later. Times have no index and are in order but for steps of the clock,
 * so this halves: a step may move the place, by as much as the clock was wrong.
 */
export function rowBefore(store: Pick<Store, 'events'>, since: Instant): number {
  let [low, high] = [-1, lastRow(store)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = eventsAfter(store, middle, 1);
    if (event && Date.parse(event.body.ts) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}
