// What stands beside the events: where each log of the file begins, its keys, its signed heads. Rows only.

import type { Database } from 'better-sqlite3';
import { JitError } from '../core/errors.ts';

/** One log of the file. */
export interface Epoch {
  /** From 1. */
  readonly number: number;
  /** The row of its first event. */
  readonly first: number;
}

/** Why a checkpoint outlives the next one. */
export type KeptFor = 'spaced' | 'rotation' | 'fork' | 'acknowledged';

/** A checkpoint as it is stored. */
export interface StoredCheckpoint {
  readonly epoch: number;
  readonly size: number;
  readonly note: string;
}

/** Reads and writes; those that write only inside a transaction. */
export interface Epochs {
  /** The newest; null for a file without a log. */
  current(): Epoch | null;
  all(): Epoch[];
  /** The highest number that anything here names. */
  highest(): number;
  /** Names the first log of a new file. */
  begin(origin: string): void;
  /** Names the broker of a file that has lost the name. */
  name(origin: string): void;
  add(epoch: Epoch): void;
  /** The key in force in `epoch`; null when none was named yet. */
  key(epoch: number): string | null;
  /** How many events there were when that key was named; null when none was. */
  keySize(epoch: number): number | null;
  putKey(epoch: number, size: number, vkey: string): void;
  /** The newest checkpoint of the file. */
  newest(): StoredCheckpoint | null;
  putNewest(checkpoint: StoredCheckpoint): void;
  keep(checkpoint: StoredCheckpoint, why: KeptFor): void;
  /** From now on the newest checkpoint that counts as acknowledged is over `size` events at most. */
  lowerAcknowledged(epoch: number, size: number): void;
  /** The newest checkpoint of `epoch` that was kept for that reason. */
  kept(epoch: number, why: KeptFor): StoredCheckpoint | null;
  /** Those over the last event that a key or a log has, with which it hands over to the next one; by size. */
  handovers(epoch: number): StoredCheckpoint[];
  /** Of `epoch`, by size, each size once. */
  checkpoints(epoch: number): StoredCheckpoint[];
}

/** Those in `db`. `hasTree`: false for a file that is older than its tree and open for reading. */
export function openEpochs(db: Database, hasTree: boolean): Epochs {
  if (!hasTree) return older(db);
  const all = db.prepare<[], Epoch>('SELECT number, first FROM epochs ORDER BY number');
  const current = db.prepare<[], Epoch>('SELECT number, first FROM epochs ORDER BY number DESC LIMIT 1');
  const key = db
    .prepare<[number], string>('SELECT vkey FROM keys WHERE epoch = ? ORDER BY size DESC LIMIT 1')
    .pluck();
  const keySize = db
    .prepare<[number], number>('SELECT size FROM keys WHERE epoch = ? ORDER BY size DESC LIMIT 1')
    .pluck();
  const newest = db.prepare<[], StoredCheckpoint>('SELECT epoch, size, note FROM newest_checkpoint');
  const isAsWritten = db
    .prepare<[number, number, string], number>(
      'SELECT epoch = ? AND size = ? AND note = ? FROM newest_checkpoint',
    )
    .pluck();
  const kept = db.prepare<[number, string], StoredCheckpoint>(
    'SELECT epoch, size, note FROM checkpoints WHERE epoch = ? AND kept = ? ORDER BY size DESC LIMIT 1',
  );
  const handovers = db.prepare<[number], StoredCheckpoint>(
    `SELECT epoch, size, note FROM checkpoints WHERE epoch = ? AND kept IN ('rotation', 'fork') ORDER BY size`,
  );
  const everyOne = db.prepare<[number, number], StoredCheckpoint>(
    `SELECT epoch, size, note FROM checkpoints WHERE epoch = ?
     UNION SELECT epoch, size, note FROM newest_checkpoint WHERE epoch = ? ORDER BY size`,
  );
  const highest = db
    .prepare<[], number | null>(
      `SELECT max(number) FROM (SELECT number FROM epochs UNION ALL SELECT epoch FROM keys
       UNION ALL SELECT epoch FROM checkpoints UNION ALL SELECT epoch FROM newest_checkpoint)`,
    )
    .pluck();
  const writes = db.readonly ? null : prepareWrites(db);
  return {
    current: () => current.get() ?? null,
    all: () => all.all(),
    highest: () => highest.get() ?? 1,
    name: (origin) => void writes?.nameAgain.run(origin),
    begin(origin) {
      writes?.name.run(origin);
      writes?.addEpoch.run(1, 0);
    },
    add: ({ number, first }) => void writes?.addEpoch.run(number, first),
    key: (epoch) => key.get(epoch) ?? null,
    keySize: (epoch) => keySize.get(epoch) ?? null,
    putKey: (epoch, size, vkey) => void writes?.addKey.run(epoch, size, vkey),
    newest: () => newest.get() ?? null,
    putNewest({ epoch, size, note }) {
      writes?.setNewest.run(epoch, size, note);
      // As with events: compare with what the file now says.
      if (isAsWritten.get(epoch, size, note) === 1) return;
      throw new JitError(
        'ERR_AUDIT_INVALID',
        'cannot write the audit log: its checkpoint reads back changed',
        {
          hint: 'jit audit verify',
        },
      );
    },
    keep({ epoch, size, note }, why) {
      if (why === 'acknowledged') writes?.dropAcknowledged.run(epoch);
      writes?.keep.run(epoch, size, why, note);
    },
    lowerAcknowledged(epoch, size) {
      const below = everyOne.all(epoch, epoch).findLast((one) => one.size <= size);
      writes?.dropAcknowledged.run(epoch);
      if (below) writes?.keep.run(epoch, below.size, 'acknowledged', below.note);
    },
    kept: (epoch, why) => kept.get(epoch, why) ?? null,
    checkpoints: (epoch) => everyOne.all(epoch, epoch),
    handovers: (epoch) => handovers.all(epoch),
  };
}

function prepareWrites(db: Database) {
  return {
    name: db.prepare('INSERT INTO log_meta (id, origin) VALUES (1, ?)'),
    nameAgain: db.prepare('INSERT OR IGNORE INTO log_meta (id, origin) VALUES (1, ?)'),
    addEpoch: db.prepare('INSERT INTO epochs (number, first) VALUES (?, ?)'),
    addKey: db.prepare('INSERT INTO keys (epoch, size, vkey) VALUES (?, ?, ?)'),
    setNewest: db.prepare(
      `INSERT INTO newest_checkpoint (id, epoch, size, note) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, size = excluded.size, note = excluded.note`,
    ),
    keep: db.prepare('INSERT OR REPLACE INTO checkpoints (epoch, size, kept, note) VALUES (?, ?, ?, ?)'),
    dropAcknowledged: db.prepare("DELETE FROM checkpoints WHERE epoch = ? AND kept = 'acknowledged'"),
  };
}

function older(db: Database): Epochs {
  const nothing = (): void => undefined;
  const only = (): Epoch[] => (db.prepare('SELECT 1 FROM log_meta').get() ? [{ number: 1, first: 0 }] : []);
  return {
    current: () => only()[0] ?? null,
    all: only,
    highest: () => 1,
    name: nothing,
    key: () => null,
    keySize: () => null,
    newest: () => null,
    kept: () => null,
    checkpoints: () => [],
    handovers: () => [],
    begin: nothing,
    add: nothing,
    putKey: nothing,
    putNewest: nothing,
    keep: nothing,
    lowerAcknowledged: nothing,
  };
}
