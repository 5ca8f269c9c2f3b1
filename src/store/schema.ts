// The schema of the file: brought up to date, and compared with what jit would have made. An extra trigger,
// view or index is not a detail: it can rewrite rows while they are inserted.

import Database from 'better-sqlite3';
import { JitError } from '../core/errors.ts';
import { migrations } from './migrations/index.ts';

const list = `SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name`;

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/**
 * Compares the schema, then migrates, then compares again. A new, empty file gets its schema here.
 * @throws JitError `ERR_AUDIT_INVALID` when it is not what jit made; `ERR_UNSUPPORTED` when a newer jit made it.
 */
export function migrate(db: Database.Database): true {
  db.transaction(() => {
    const from = checkSchema(db);
    for (const [index, sql] of migrations.entries()) {
      if (index < from) continue;
      db.exec(sql);
      db.pragma(`user_version = ${index + 1}`);
    }
    checkSchema(db);
  }).immediate();
  return true;
}

/**
 * Compares the schema byte for byte with the one of its version. Answers the version.
 * @throws JitError as {@link migrate}.
 */
export function checkSchema(db: Database.Database): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    throw new JitError(
      'ERR_UNSUPPORTED',
      `the audit log has version ${version}, this jit knows ${migrations.length}`,
      {
        hint: 'use the newer jit that wrote it',
      },
    );
  }
  const difference = compare(readSchema(db), expectedSchema(version));
  if (difference) {
    throw new JitError(
      'ERR_AUDIT_INVALID',
      `the audit log has been changed by something else: ${difference}`,
      {
        hint: 'jit audit verify',
      },
    );
  }
  return version;
}

function readSchema(db: Database.Database): SchemaRow[] {
  return db.prepare<[], SchemaRow>(list).all();
}

/** What SQLite itself makes of our own text, so that no second copy of it has to be kept. */
function expectedSchema(version: number): SchemaRow[] {
  const db = new Database(':memory:');
  try {
    for (const sql of migrations.slice(0, version)) db.exec(sql);
    return readSchema(db);
  } finally {
    db.close();
  }
}

function compare(found: readonly SchemaRow[], expected: readonly SchemaRow[]): string | null {
  const key = (row: SchemaRow) => `${row.type} "${row.name}"`;
  const wanted = new Map(expected.map((row) => [key(row), row]));
  for (const row of found) {
    const match = wanted.get(key(row));
    if (!match) return `${key(row)} does not belong there`;
    if (row.sql !== match.sql || row.tbl_name !== match.tbl_name) return `${key(row)} is not as jit made it`;
    wanted.delete(key(row));
  }
  for (const missing of wanted.keys()) return `${missing} is missing`;
  return null;
}
