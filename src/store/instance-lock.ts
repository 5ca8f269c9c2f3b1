// One broker per user: an exclusive lock on a small database, which the system frees when its holder dies.
// No PID files: they outlive their process and name somebody else's.

import Database from 'better-sqlite3';
import { ensurePrivateFile } from './private-file.ts';
import { sqliteCode, toStoreError } from './sqlite-errors.ts';

/** Held until released, or until the process ends, however it ends. */
export interface InstanceLock {
  release(): void;
}

/**
 * How long to try in milliseconds. Not zero: racers that see each other's first, shared lock would all
 * give up, and none would hold it.
 */
const patience = 250;

/**
 * Takes the lock at `path` (an absolute path; made when missing), or answers null when another holds it.
 * @throws JitError `ERR_UNSAFE_PATH`, `ERR_AUDIT_UNAVAILABLE` when the file cannot be made or opened.
 */
export function takeInstanceLock(path: string): InstanceLock | null {
  ensurePrivateFile(path);
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { fileMustExist: true, timeout: patience });
    db.exec('BEGIN EXCLUSIVE');
    const held = db;
    return { release: () => void held.close() };
  } catch (thrown) {
    db?.close();
    if (sqliteCode(thrown)?.startsWith('SQLITE_BUSY')) return null;
    throw toStoreError(thrown, `take the lock "${path}"`);
  }
}
