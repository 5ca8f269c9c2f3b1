// Log appends per second: one event per durable commit with its signed checkpoint, through the store, against a bare
// SHA-256 and insert of the same bytes into the same table with the same settings, taken in turns in the same run.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { AuditEvent } from '../src/audit/event.ts';
import { createSigner } from '../src/audit/signer.ts';
import { fileHeadKeeper } from '../src/store/head-keeper.ts';
import { keepLater } from '../src/store/heads-later.ts';
import { newOrigin, openStore } from '../src/store/open.ts';
import { applySettings, settingsFor } from '../src/store/settings.ts';
import { systemClock } from '../src/system/clock.ts';
import { systemRandom } from '../src/system/random.ts';
import { median } from './measure.ts';

/** Short turns: whatever else the machine does meets both. The first two seconds or so are left out: a broker is warm. */
const rounds = 140;
const warmUp = 80;
const perRound = 40;

/** Appends per second, ours and bare: medians over the rounds. `ratio`: the median of ours / baseline per round. */
export function benchLog(): { ours: number; baseline: number; ratio: number } {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-bench-log-'));
  const origin = newOrigin(systemRandom);
  const store = openStore({
    path: path.join(folder, 'store', 'log.db'),
    clock: systemClock,
    random: systemRandom,
    origin,
    signer: createSigner(origin, systemRandom.bytes(32)),
    heads: keepLater(fileHeadKeeper(path.join(folder, 'heads')), setImmediate),
  });
  const bare = new Database(path.join(folder, 'bare.db'));
  try {
    applySettings(bare, settingsFor('write', process.platform));
    bare.exec('CREATE TABLE ev (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL, body BLOB NOT NULL) STRICT');
    const insert = bare.prepare('INSERT INTO ev (seq, leaf, body) VALUES (?, ?, ?)');
    const insertOne = bare.transaction((seq: number, body: Uint8Array) =>
      insert.run(seq, createHash('sha256').update(body).digest(), body),
    );

    const ours: number[] = [];
    const baseline: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const from = store.head().size;
      ours.push(perSecond((index) => store.commit((tx) => tx.append(event(from + index)))));
      const written = store.events({ after: from - 1 });
      baseline.push(
        perSecond((index) => {
          const row = written[index];
          if (row) insertOne.immediate(row.seq, row.bytes);
        }),
      );
    }
    const ratios = ours.map((value, round) => value / (baseline[round] ?? value));
    const middle = (values: readonly number[]) => median(values.slice(warmUp));
    return { ours: middle(ours), baseline: middle(baseline), ratio: middle(ratios) };
  } finally {
    bare.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function event(index: number): AuditEvent {
  const id = `${index >> 3}`.padStart(16, '0');
  return {
    type: 'lease.issued',
    at: systemClock.now(),
    principal: 'alice@laptop',
    target: 'prod-db',
    grant: id,
    lease: id,
    data: {
      name: `jit_${id}`,
      facts: { oid: 16_384 + index, databases: ['orders', 'billing'] },
      expires: '2026-11-22T10:34:05.123Z',
    },
  };
}

function perSecond(write: (index: number) => void): number {
  const start = performance.now();
  for (let index = 0; index < perRound; index += 1) write(index);
  return (perRound * 1000) / (performance.now() - start);
}
