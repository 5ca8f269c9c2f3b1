// How much of each log the shared store has, as far as this broker was told. Owns what counts: what the store has said to
// this very process; before it has, what was noted in the log's own file, which is this machine's word and no more.

import { anyBody } from '../audit/body.ts';
import type { Instant } from '../core/time.ts';
import type { Store } from '../store/store.ts';
import type { Unsynced } from './sync-limit.ts';

/** What is known before the store has been asked. */
export interface Noted {
  readonly origin: string;
  readonly size: number;
}

/** Counts of one process. */
export interface Tally {
  /** The store has said that it has so many events of that log. */
  heard(origin: string, size: number): void;
  isHeard(origin: string): boolean;
  /** What it said last to this process; null: nothing yet. */
  heardOf(origin: string): number | null;
  /** Events that it has of the log that is written now. */
  acknowledged(): number;
  /** True only when the store has said so to this process. */
  has(origin: string, size: number): boolean;
  /** Of all logs but those in `without`. */
  missing(without: (origin: string) => boolean): Unsynced;
  missingOf(origin: string): number;
}

interface OneLog {
  readonly origin: string;
  readonly first: number;
  readonly size: number;
}

/**
 * Begins with what is noted: the newest head that the store has acknowledged, kept in the file of the log; `remembered`
 * tells only of logs that have ended. Events that come from now on are never taken for noted.
 */
export function createTally(store: Store, remembered: Noted | null, now: () => Instant): Tally {
  const sizes = new Map<string, number>();
  let oldest: { readonly row: number; readonly at: Instant } | null = null;
  const begun = end();
  const noted = notedAt(store, remembered);

  function logs(): OneLog[] {
    const all = store.logs();
    return all.map(({ origin, first }, at) => {
      const next = all[at + 1];
      return { origin, first, size: next ? next.first - first : store.head().size };
    });
  }

  function end(): number {
    return (store.logs().at(-1)?.first ?? 0) + store.head().size;
  }

  function timeOf(row: number): Instant {
    if (oldest?.row !== row) {
      const [body] = store.bodies(row, 1);
      const ts = body && anyBody(body)?.['ts'];
      const at = typeof ts === 'string' ? Date.parse(ts) : Number.NaN;
      oldest = { row, at: Number.isNaN(at) ? now() : at };
    }
    return oldest.at;
  }

  /** Events of the log that are there, by what was heard, else by what is noted. */
  function there({ origin, first, size }: OneLog): number {
    const known = sizes.get(origin) ?? Math.min(noted, begun) - first;
    return Math.max(0, Math.min(known, size));
  }

  return {
    heard: (origin, size) => void sizes.set(origin, size),
    isHeard: (origin) => sizes.has(origin),
    heardOf: (origin) => sizes.get(origin) ?? null,
    acknowledged() {
      const own = logs().at(-1);
      return own ? there(own) : 0;
    },
    has: (origin, size) => (sizes.get(origin) ?? -1) >= size,
    missing(without) {
      let events = 0;
      let row: number | null = null;
      for (const log of logs()) {
        if (without(log.origin)) continue;
        const has = there(log);
        if (has === log.size) continue;
        events += log.size - has;
        row ??= log.first + has;
      }
      return { events, since: row === null ? null : timeOf(row) };
    },
    missingOf(origin) {
      const log = logs().find((one) => one.origin === origin);
      return log ? log.size - there(log) : 0;
    },
  };
}

/** The row before which everything is noted as acknowledged. */
function notedAt(store: Store, remembered: Noted | null): number {
  const all = store.logs();
  const own = all.at(-1);
  const head = store.acknowledgedHead();
  if (own && head?.origin === own.origin) return own.first + head.size;
  const at = all.findIndex(({ origin }) => origin === remembered?.origin);
  const next = all[at + 1];
  const found = all[at];
  // Of the log that is written now the file of the log knows more, or there is nothing.
  if (!found || !next || !remembered) return 0;
  return Math.min(found.first + remembered.size, next.first);
}
