// SQLite's settings: set, then read back. better-sqlite3 is not durable by default (WAL with synchronous=NORMAL).

import type { Database } from 'better-sqlite3';
import { JitError } from '../core/errors.ts';

/** Name, value to set, value that has to be read back. */
type Setting = readonly [name: string, value: string, read: string | number];

const always: readonly Setting[] = [
  // Functions in a schema that somebody else has changed do nothing; damaged pages are noticed early.
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  // A file cut short under a memory map would kill the process with SIGBUS.
  ['mmap_size', '0', 0],
  ['foreign_keys', 'ON', 1],
];

const writing: readonly Setting[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['secure_delete', 'ON', 1],
];

// Without it fsync on macOS stops at the drive's cache.
const writingOnMac: readonly Setting[] = [
  ['fullfsync', '1', 1],
  ['checkpoint_fullfsync', '1', 1],
];

/** The settings that this platform needs. */
export function settingsFor(access: 'read' | 'write', platform: NodeJS.Platform): readonly Setting[] {
  if (access === 'read') return [...always, ['query_only', 'ON', 1]];
  return [...always, ...writing, ...(platform === 'darwin' ? writingOnMac : [])];
}

/**
 * Sets every setting and reads it back.
 * @throws JitError `ERR_AUDIT_UNAVAILABLE` naming the setting that did not take.
 */
export function applySettings(db: Database, settings: readonly Setting[]): void {
  for (const [name, value, wanted] of settings) {
    db.pragma(`${name} = ${value}`);
    const answer = db.pragma(name, { simple: true });
    // A database that cannot be mapped, such as one in memory, has nothing to say about it.
    const found = name === 'mmap_size' ? (answer ?? 0) : answer;
    if (found !== wanted) {
      throw new JitError(
        'ERR_AUDIT_UNAVAILABLE',
        `cannot open the audit log: setting ${name} is "${found}" where "${wanted}" is needed`,
      );
    }
  }
}
