// What has to be known of a log file before it is read: which log is the newest, and from when to when it goes.

import type { Database } from 'better-sqlite3';
import { originOf } from '../audit/origin.ts';
import type { Instant } from '../core/time.ts';
import { openEpochs } from './epochs.ts';
import { treeVersion } from './migrations/index.ts';
import { openForReading } from './open-file.ts';
import { checkSchema } from './schema.ts';
import { toStoreError } from './sqlite-errors.ts';

/** Before a file is verified this is only what it says. */
export interface LogSpan {
  /** Of the newest log. */
  readonly origin: string;
  /** Times of the earliest and of the latest event; null: there is none. */
  readonly times: { readonly first: Instant; readonly last: Instant } | null;
}

/** @throws JitError `ERR_AUDIT_UNAVAILABLE`, `ERR_AUDIT_INVALID`, `ERR_UNSUPPORTED` as reading does */
export function readSpan(path: string): LogSpan {
  let db: Database | null = null;
  try {
    db = openForReading(path);
    const hasTree = checkSchema(db) >= treeVersion;
    const device = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? '';
    const times = 'SELECT min(ts_ms) AS first, max(ts_ms) AS last FROM ev';
    const { first = null, last = null } = db.prepare<[], Record<string, number | null>>(times).get() ?? {};
    return {
      origin: originOf(device, openEpochs(db, hasTree).current()?.number ?? 1),
      times: first === null || last === null ? null : { first, last },
    };
  } catch (thrown) {
    throw toStoreError(thrown, `read the audit log "${path}"`);
  } finally {
    db?.close();
  }
}
