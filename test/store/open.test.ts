import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { verifyFile } from '../../src/store/verify-file.ts';
import { failure } from '../audit/failure.ts';
import { open, step, temporaryPath } from './support.ts';

/** A good store at a new path, closed, then changed by `sql`. */
function changed(sql: string): string {
  const file = temporaryPath();
  const store = open(file);
  store.commit((tx) => tx.append(step('fenced')));
  store.close();
  const db = new Database(file);
  db.unsafeMode(true);
  db.exec(sql);
  db.close();
  return file;
}

test('a trigger, a view, an index, a table or a changed table is refused at start, and by verify', () => {
  const evil = 'BEGIN UPDATE ev SET body = zeroblob(1) WHERE seq = new.seq; END';
  const rename = "replace(sql, 'CHECK (length(leaf) = 32)', 'CHECK (length(leaf) < 99)')";
  for (const [sql, what] of [
    [`CREATE TRIGGER t AFTER INSERT ON ev ${evil}`, 'trigger "t" does not belong there'],
    ['CREATE VIEW v AS SELECT * FROM ev', 'view "v" does not belong there'],
    ['CREATE INDEX i ON ev (leaf)', 'index "i" does not belong there'],
    ['CREATE TABLE t (a)', 'table "t" does not belong there'],
    ['DROP INDEX leases_state', 'index "leases_state" is missing'],
    ['ALTER TABLE grants ADD COLUMN admin INTEGER', 'table "grants" is not as jit made it'],
    [
      `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = ${rename}`,
      'table "ev" is not as jit made it',
    ],
  ] as const) {
    const file = changed(sql);
    const error = failure(() => open(file));
    expect([error?.code, error?.message]).toEqual(['ERR_AUDIT_INVALID', expect.stringContaining(what)]);
    expect(verifyFile(file)).toMatchObject({
      valid: false,
      problem: { what: expect.stringContaining(what) },
    });
  }
});

test('a file of a newer jit is left alone', () => {
  const file = changed('PRAGMA user_version = 99');
  expect(failure(() => open(file))?.code).toBe('ERR_UNSUPPORTED');
  expect(failure(() => verifyFile(file))?.code).toBe('ERR_UNSUPPORTED');
});

test('a file without any name of its log, or of a version that never was, is refused at start', () => {
  for (const sql of ['DELETE FROM log_meta; UPDATE ev SET body = zeroblob(9)', 'PRAGMA user_version = 0'])
    expect([sql, failure(() => open(changed(sql)))?.code]).toEqual([sql, 'ERR_AUDIT_INVALID']);
});

test('a log whose end is damaged can be opened for writing alone', () => {
  const file = changed('UPDATE ev SET body = zeroblob(9) WHERE seq = 1');
  expect(failure(() => open(file, { readOnly: true }))?.code).toBe('ERR_AUDIT_INVALID');
  expect(open(file).damage).toBe('event 1 does not match its hash');
});

test('a file that is no database is refused and not overwritten', () => {
  const file = temporaryPath();
  writeFileSync(file, 'all my passwords\n'.repeat(400), { mode: 0o600 });
  expect(failure(() => open(file))?.code).toBe('ERR_AUDIT_INVALID');
  expect(verifyFile(file)).toMatchObject({
    ...{ valid: false, events: 0, logs: [] },
    problem: { what: 'the file is no database' },
  });
});

test('a path that others could reach is refused and not repaired', () => {
  const traps: Record<string, (file: string) => void> = {
    'file open to the group': (file) => chmodSync(file, 0o640),
    'file open to the world': (file) => chmodSync(file, 0o604),
    'folder open to the world': (file) => chmodSync(path.dirname(file), 0o701),
    'symbolic link': (file) => {
      renameSync(file, `${file}.real`);
      symlinkSync(`${file}.real`, file);
    },
    'dangling symbolic link': (file) => {
      renameSync(file, `${file}.real`);
      symlinkSync(`${file}.nowhere`, file);
    },
    'second name': (file) => linkSync(file, `${file}.second`),
    'folder in its place': (file) => {
      renameSync(file, `${file}.real`);
      mkdirSync(file, 0o700);
    },
    'link as write-ahead log': (file) => symlinkSync(file, `${file}-wal`),
  };
  for (const [trap, spring] of Object.entries(traps)) {
    const file = temporaryPath();
    open(file).close();
    spring(file);
    expect([trap, failure(() => open(file))?.code]).toEqual([trap, 'ERR_UNSAFE_PATH']);
    expect([trap, failure(() => open(file, { readOnly: true }))?.code]).toEqual([trap, 'ERR_UNSAFE_PATH']);
  }
});

test('in a folder that cannot be written nothing is issued, and a log there can still be verified', () => {
  const file = temporaryPath();
  open(file).close();
  const folder = path.dirname(file);
  asOrdinaryUser([folder, ...readdirSync(folder).map((name) => path.join(folder, name))]);
  chmodSync(folder, 0o500);
  onTestFinished(() => chmodSync(folder, 0o700));
  expect(failure(() => open(file))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(failure(() => open(path.join(folder, 'new.db')))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(verifyFile(file)).toMatchObject({ valid: true, events: 1 });
});

/** Root may write anywhere: as root, goes on as an ordinary user who owns `files` until the test is over. */
function asOrdinaryUser(files: readonly string[]): void {
  if (process.geteuid?.() !== 0) return;
  for (const file of files) chownSync(file, 65_534, 65_534);
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}
