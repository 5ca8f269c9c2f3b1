// Verifies a log file, also while the broker has it open, and a copy of one. Reads only.

import { existsSync, readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { noLeaf } from '../audit/chain.ts';
import { type LogProblem, type LogReport, type LogRow, verifyLog } from '../audit/verify.ts';
import { hasCode, JitError, toJitError } from '../core/errors.ts';
import { lookupRow } from './log.ts';
import { checkSchema } from './schema.ts';
import { applySettings, settingsFor } from './settings.ts';
import { sqliteCode, toStoreError } from './sqlite-errors.ts';
import { stateProblem } from './verify-state.ts';

/** What a verification of a file found. */
export interface FileReport extends LogReport {
  readonly path: string;
}

type StoredRow = LogRow & { readonly lookup: ReturnType<typeof lookupRow> };

const rows = `
SELECT seq, lower(hex(leaf)) AS leaf, body, ts_ms, type, principal, target, grant_id, lease_id
FROM ev ORDER BY seq`;

/**
 * Verifies the log in `path`, then that what is derived from it agrees: the columns beside each body and the states of
 * leases and grants. A file that is damaged or changed is an invalid report, not an error.
 * @throws JitError `ERR_AUDIT_UNAVAILABLE` when the file cannot be read; `ERR_UNSUPPORTED` for a newer jit's.
 */
export function verifyFile(path: string): FileReport {
  if (!existsSync(path)) {
    throw new JitError('ERR_AUDIT_UNAVAILABLE', `cannot open the audit log "${path}": no such file`);
  }
  let db: Database.Database | null = null;
  try {
    db = openForReading(path);
    const opened = db;
    // One transaction: one state of the file, whatever the broker writes meanwhile.
    return opened.transaction(() => ({ path, ...verifyDatabase(opened) }))();
  } catch (thrown) {
    const error = toStoreError(thrown, `read the audit log "${path}"`);
    if (hasCode(error, 'ERR_AUDIT_INVALID')) return { path, ...empty({ seq: 0, what: error.message }) };
    throw toJitError(error);
  } finally {
    db?.close();
  }
}

function verifyDatabase(db: Database.Database): LogReport {
  checkSchema(db);
  const damage = db.pragma('integrity_check(1)', { simple: true });
  const origin = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get();
  const report = verifyLog(readRows(db), {
    ...(origin === undefined ? {} : { origin }),
    onEvent: (body, row) => {
      const expected = lookupRow(row.seq, body);
      const same = JSON.stringify((row as StoredRow).lookup) === JSON.stringify(expected);
      return same ? null : 'a column says something else than the body';
    },
  });
  if (report.problem) return report;
  const what =
    (report.events === 0 ? 'there is no event' : null) ??
    (damage === 'ok' ? null : 'the file is damaged (integrity check)') ??
    (origin === undefined ? 'there is no origin' : null);
  const problem = what === null ? stateProblem(db, report.events) : { seq: report.events, what };
  return { ...report, valid: problem === null, problem };
}

function* readRows(db: Database.Database): Iterable<StoredRow> {
  type Row = { seq: number; leaf: string; body: Buffer } & StoredRow['lookup'];
  for (const row of db.prepare<[], Row>(rows).iterate()) {
    const { ts_ms, type, principal, target, grant_id, lease_id } = row;
    const lookup = { seq: row.seq, ts_ms, type, principal, target, grant_id, lease_id };
    yield { seq: row.seq, leaf: row.leaf, bytes: row.body, lookup };
  }
}

/** Opens a log file, also one that the broker has open, or on read-only media. @throws what SQLite throws */
export function openForReading(path: string): Database.Database {
  try {
    return prepared(new Database(path, { readonly: true, fileMustExist: true }));
  } catch (thrown) {
    const blocked = /^SQLITE_(READONLY|CANTOPEN)/.test(sqliteCode(thrown) ?? '');
    // A copy on read-only media: SQLite cannot make its -shm beside it. Without a -wal the file is complete.
    if (!blocked || (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) throw thrown;
    return prepared(new Database(withoutWal(readFileSync(path)), { readonly: true }));
  }
}

function prepared(db: Database.Database): Database.Database {
  try {
    applySettings(db, settingsFor('read', process.platform));
    db.prepare('SELECT 1 FROM sqlite_schema').get();
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Bytes 18 and 19 of the header say WAL (2), which a database in memory cannot have (file format section 1.3.3). */
function withoutWal(file: Buffer): Buffer {
  if (file.length > 19) file.fill(1, 18, 20);
  return file;
}

function empty(problem: LogProblem): LogReport {
  return { valid: false, events: 0, head: noLeaf, firstAt: null, lastAt: null, clockSteps: 0, problem };
}
