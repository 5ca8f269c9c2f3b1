// What the shared store had acknowledged when it was last asked: a small file, so that a broker without the store knows how
// far it is ahead. The store itself is asked before anything is sent, so a file that is lost or old does no harm.

import * as v from 'valibot';
import type { LogHead } from '../audit/event.ts';
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
});

/** What is remembered. */
export interface SyncMemory {
  readonly origin: string;
  readonly size: number;
  readonly behind: boolean;
  readonly contradiction: LogHead | null;
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
