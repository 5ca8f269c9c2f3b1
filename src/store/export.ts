// Reads a log file from a place on, a page at a time: the broker may go on writing, and memory stays as it is.

import type { Database } from 'better-sqlite3';
import { readBody } from '../audit/body.ts';
import { leafHash } from '../audit/chain.ts';
import type { Position } from '../audit/export/cursor.ts';
import type { ExportEvent } from '../audit/export/format.ts';
import { originOf } from '../audit/origin.ts';
import { JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import { openEpochs } from './epochs.ts';
import { treeVersion } from './migrations/index.ts';
import { openForReading } from './open-file.ts';
import { checkSchema } from './schema.ts';
import { toStoreError } from './sqlite-errors.ts';

/** Which events to read. */
export interface ExportQuery {
  /** Only events after this one; null: from the first on. */
  readonly after: Position | null;
  /** From here on, this instant included; null: whenever. */
  readonly since: Instant | null;
  /** Before this instant. */
  readonly until: Instant | null;
  /** It ends at the first event that is not before `until`: none after it is read, whatever its time. */
  readonly isGoingOn: boolean;
}

/** A log file that is open for an export. */
export interface ExportReader {
  /** How many events there are after `query.after`; those at other times are among them. */
  readonly total: number;
  /** In order, up to the event that was the last when the file was opened; `done` counts up to `total`. */
  pages(): Iterable<{ readonly events: readonly ExportEvent[]; readonly done: number }>;
  close(): void;
}

interface Row {
  readonly row: number;
  readonly leaf: Buffer;
  readonly body: Buffer;
  readonly role: string | null;
  readonly scope: string | null;
}

const pageSize = 500;
const page = `
SELECT ev.seq AS row, ev.leaf, ev.body, grants.role, grants.scope
FROM ev LEFT JOIN grants ON grants.id = ev.grant_id
WHERE ev.seq > :after AND ev.seq <= :last AND ev.ts_ms >= :since AND ev.ts_ms < :until
ORDER BY ev.seq LIMIT ${pageSize}`;

/**
 * Opens `path`.
 * @throws JitError `ERR_AUDIT_UNAVAILABLE`, `ERR_AUDIT_INVALID` (changed by something else, or not the log that
 * `query.after` is of), `ERR_UNSUPPORTED` (a newer jit's); the pages throw the first two as well
 */
export function openExport(path: string, query: ExportQuery): ExportReader {
  let db: Database | null = null;
  try {
    db = openForReading(path);
    return readerOf(db, query);
  } catch (thrown) {
    db?.close();
    throw toStoreError(thrown, `read the audit log "${path}"`);
  }
}

function readerOf(db: Database, query: ExportQuery): ExportReader {
  const hasTree = checkSchema(db) >= treeVersion;
  const last = db.prepare<[], number | null>('SELECT max(seq) FROM ev').pluck().get() ?? -1;
  const first = query.after === null ? -1 : rowOf(db, hasTree, query.after, last);
  const read = db.prepare<[Record<string, number>], Row>(page);
  const since = query.since ?? Number.MIN_SAFE_INTEGER;
  const until = query.until ?? Number.MAX_SAFE_INTEGER;
  const end = query.isGoingOn ? Math.min(last, rowBefore(db, first, until)) : last;
  return {
    total: last - first,
    close: () => void db.close(),
    *pages() {
      // Each page is a transaction of its own: a long one would keep the broker from emptying its -wal.
      for (let after = first; after < end; ) {
        const rows = read.all({ after, last: end, since, until });
        after = rows.length < pageSize ? last : (rows.at(-1)?.row ?? last);
        yield { events: rows.map(toEvent), done: after - first };
      }
    },
  };
}

/** The row before the first one after `after` that is not before `until`: a cursor that passed it would leave it out for ever. */
function rowBefore(db: Database, after: number, until: Instant): number {
  const first = db.prepare<[number, number], number | null>(
    'SELECT min(seq) FROM ev WHERE seq > ? AND ts_ms >= ?',
  );
  return (first.pluck().get(after, until) ?? Number.MAX_SAFE_INTEGER) - 1;
}

/** The row of the event at `position`, which has to be there: an export that goes on elsewhere would have a gap. */
function rowOf(db: Database, hasTree: boolean, { origin, seq, leaf }: Position, last: number): number {
  const device = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? '';
  const epochs = openEpochs(db, hasTree).all();
  const index = epochs.findIndex(({ number }) => originOf(device, number) === origin);
  const epoch = epochs[index];
  if (!epoch) {
    throw new JitError('ERR_CONFLICT', `the cursor is of the log "${origin}", which is not in this file`, {
      hint: 'use one cursor per log file',
    });
  }
  const row = epoch.first + seq;
  const end = (epochs[index + 1]?.first ?? last + 1) - 1;
  if (row > end) {
    throw new JitError('ERR_AUDIT_INVALID', `the log "${origin}" ends before event ${seq}, the cursor`, {
      hint: 'jit audit verify',
    });
  }
  const found = db.prepare<[number], Buffer>('SELECT leaf FROM ev WHERE seq = ?').pluck().get(row);
  if (leaf !== null && found?.toString('hex') !== leaf) {
    throw new JitError('ERR_AUDIT_INVALID', `event ${seq} of "${origin}" is not the one that was exported`, {
      hint: 'jit audit verify',
    });
  }
  return row;
}

function toEvent({ row, leaf, body: bytes, role, scope }: Row): ExportEvent {
  const hash = leaf.toString('hex');
  if (leafHash(bytes) !== hash) {
    throw new JitError('ERR_AUDIT_INVALID', `row ${row} of the audit log does not match its hash`, {
      hint: 'jit audit verify',
    });
  }
  // Another spelling of an event, such as one with a line break, could forge lines of the export.
  const body = readBody(bytes);
  if (typeof body === 'string') {
    throw new JitError('ERR_AUDIT_INVALID', `row ${row} of the audit log is no event: ${body}`, {
      hint: 'jit audit verify',
    });
  }
  return { seq: Number(body.seq), leaf: hash, bytes, body, asked: role === null ? null : { role, scope } };
}
