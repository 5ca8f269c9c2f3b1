// Verification of a large log against reading its rows and hashing each once, taken in turns. Counted in processor time
// as well: both only compute, and a busy machine would be measured otherwise.

import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { verifyFile } from '../src/store/verify-file.ts';
import { writeLargeLog } from './large-log.ts';
import { type Comparison, median } from './measure.ts';

const rounds = 3;

/** Milliseconds by the clock, and of the processor; bytes of the file per event, all its tables included. */
export interface VerifyFigures {
  readonly wall: Comparison;
  readonly processor: Comparison;
  readonly bytes: number;
}

/** Of a log of `events` events, which is written first: a minute or so per million. */
export function benchVerify(events: number): VerifyFigures {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-bench-verify-'));
  const file = path.join(folder, 'log', 'log.db');
  try {
    writeLargeLog(file, events);
    const ours: Taken[] = [];
    const baseline: Taken[] = [];
    // The first of each fills the file cache.
    for (let round = -1; round < rounds; round += 1) {
      const pair = { baseline: timed(() => readAndHash(file)), ours: timed(() => verify(file)) };
      if (round < 0) continue;
      ours.push(pair.ours);
      baseline.push(pair.baseline);
    }
    const compared = (of: keyof Taken): Comparison => {
      const [one, other] = [ours, baseline].map((taken) => median(taken.map((time) => time[of])));
      return { ours: one ?? 0, baseline: other ?? 0, ratio: (one ?? 0) / (other ?? 1) };
    };
    return {
      wall: compared('wall'),
      processor: compared('processor'),
      bytes: statSync(file).size / events,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function verify(file: string): void {
  const { valid, problem } = verifyFile(file);
  if (!valid) throw new Error(problem?.what);
}

/** The least that any verification has to do. */
function readAndHash(file: string): void {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare<[], { seq: number; leaf: Buffer; body: Buffer }>(
    'SELECT seq, leaf, body FROM ev ORDER BY seq',
  );
  for (const { body } of rows.iterate()) hash('sha256', body);
  db.close();
}

interface Taken {
  readonly wall: number;
  readonly processor: number;
}

function timed(work: () => void): Taken {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, processor: (user + system) / 1_000 };
}
