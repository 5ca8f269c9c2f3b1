// What went wrong in SQLite, in jit's words. The only file that knows SQLite's codes.

import Database from 'better-sqlite3';
import { JitError } from '../core/errors.ts';

/** SQLite's extended code, e.g. `SQLITE_IOERR_WRITE`; null for anything else that was thrown. */
export function sqliteCode(thrown: unknown): string | null {
  return thrown instanceof Database.SqliteError ? thrown.code : null;
}

/** The disk, or the file's page limit, is full: nothing was written and nothing is broken. */
export function isFull(thrown: unknown): boolean {
  return sqliteCode(thrown) === 'SQLITE_FULL';
}

/** After such an error nobody knows what is on disk (fsync may have dropped pages): stop issuing. */
export function isFatal(thrown: unknown): boolean {
  return /^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(sqliteCode(thrown) ?? '');
}

const broken = /^SQLITE_(CORRUPT|NOTADB|SCHEMA|ERROR|MISMATCH|CONSTRAINT_PRIMARYKEY|CONSTRAINT_ROWID)/;

/** `thrown` as a JitError when it came from SQLite; anything else unchanged. `what`: "write the audit log". */
export function toStoreError(thrown: unknown, what: string): unknown {
  const code = sqliteCode(thrown);
  if (code === null) return thrown;
  if (broken.test(code)) {
    return new JitError('ERR_AUDIT_INVALID', `cannot ${what}: the file is not what jit wrote (${code})`, {
      hint: 'jit audit verify',
      cause: thrown,
    });
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new JitError('ERR_INTERNAL', `cannot ${what}: a value breaks a rule of the table (${code})`, {
      cause: thrown,
    });
  }
  const hint = code === 'SQLITE_FULL' ? { hint: 'make room on the disk' } : {};
  const why = code === 'SQLITE_FULL' ? 'the disk is full' : `the file system said no (${code})`;
  return new JitError('ERR_AUDIT_UNAVAILABLE', `cannot ${what}: ${why}`, { ...hint, cause: thrown });
}

/** Runs `work`; what SQLite throws comes out as a JitError. */
export function translating<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw toStoreError(thrown, what);
  }
}
