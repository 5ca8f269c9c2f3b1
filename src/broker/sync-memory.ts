// What the shared store said when it was last asked: a small file, for telling. What counts is sync-tally.ts. The store
// itself is asked before anything is sent, so a file that is lost, old or made up does no harm.

import * as v from 'valibot';
import type { EventData, LogHead } from '../audit/event.ts';
import type { Store } from '../store/store.ts';
import { readPrivateFile, writeFleetingFile } from '../system/files.ts';

const head = v.strictObject({
  origin: v.string(),
  size: v.pipe(v.number(), v.safeInteger()),
  root: v.string(),
});
const schema = v.strictObject({
  origin: v.string(),
  /** Events of that log that the store has. */
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** `sync.behind` is on record, and no `sync.caught_up` after it. */
  behind: v.boolean(),
  /** What the store has instead of this log; null: they agree. */
  contradiction: v.nullable(head),
  /** Events that the store has of logs that have ended, where those are more than there are here. */
  ended: v.exactOptional(v.record(v.string(), v.pipe(v.number(), v.safeInteger()))),
});

/** What is remembered. */
export interface SyncMemory {
  readonly origin: string;
  readonly size: number;
  readonly behind: boolean;
  readonly contradiction: LogHead | null;
  readonly ended?: Readonly<Record<string, number>>;
}

/** What `file` says; null when there is none that can be read. */
export function readSyncMemory(file: string): SyncMemory | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(readPrivateFile(file).toString('utf8')));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Never throws: what is not remembered is asked again. */
export function writeSyncMemory(file: string, memory: SyncMemory): void {
  try {
    writeFleetingFile(file, `${JSON.stringify(memory)}\n`);
  } catch {
    // The disk is full or gone; the log itself says so, where it counts.
  }
}

/** What the store has instead of the log that is written now, by the file or by the log itself: only a fork ends that. */
export function knownContradiction(store: Store, memory: SyncMemory): LogHead | null {
  if (memory.contradiction?.origin === store.logOrigin) return memory.contradiction;
  const first = store.logs().at(-1)?.first ?? 0;
  const [told] = store.events({ type: 'log.rollback_detected', limit: 1, after: first });
  const data = told?.body.data as EventData['log.rollback_detected'] | undefined;
  return data?.from === 'store' ? data.known : null;
}
