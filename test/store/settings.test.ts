import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { applySettings, settingsFor } from '../../src/store/settings.ts';
import { failure } from '../audit/failure.ts';
import { temporaryPath } from './support.ts';

function database(file: string): Database.Database {
  const db = new Database(file);
  onTestFinished(() => void db.close());
  return db;
}

test('a file is written durably only after the settings: SQLite here defaults to less', () => {
  const db = database(temporaryPath());
  applySettings(db, settingsFor('write', 'linux'));
  const read = (name: string) => db.pragma(name, { simple: true });
  expect(read('journal_mode')).toBe('wal');
  const numbers = {
    synchronous: 2,
    trusted_schema: 0,
    cell_size_check: 1,
    mmap_size: 0,
    foreign_keys: 1,
    secure_delete: 1,
  };
  for (const [name, value] of Object.entries(numbers)) expect([name, read(name)]).toEqual([name, value]);
});

test('macOS is also told to empty the cache of the drive', () => {
  const names = settingsFor('write', 'darwin').map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(['fullfsync', 'checkpoint_fullfsync']));
  const db = database(temporaryPath());
  applySettings(db, settingsFor('write', 'darwin'));
  expect(db.pragma('fullfsync', { simple: true })).toBe(1);
});

test('a setting that does not take is an error that names it', () => {
  // A database in memory cannot have a write-ahead log.
  const error = failure(() => applySettings(database(':memory:'), settingsFor('write', 'linux')));
  expect(error?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(error?.message).toContain('journal_mode is "memory"');
});
