// Opens a log file for reading, wherever it lies: beside a broker that writes it, or on media that cannot be written.

import { readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { applySettings, settingsFor } from './settings.ts';
import { sqliteCode } from './sqlite-errors.ts';

/** The database in `path`, for reading alone. Throws what SQLite throws, and `ERR_AUDIT_UNAVAILABLE`. */
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
