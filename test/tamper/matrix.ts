// Plays every manipulation on random logs and counts what verification finds, with the heads held outside.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasCode } from '../../src/core/errors.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { seeded } from '../crash/random.ts';
import { manipulations } from './attacker.ts';
import { writeRandomLog } from './log.ts';

/** Counts of one matrix. */
export interface Matrix {
  /** Per manipulation: how often it was found, and how often without any head from outside. */
  readonly found: ReadonlyMap<string, { outside: number; inside: number }>;
  readonly logs: number;
  readonly verified: number;
  /** Honest logs that something was found in. */
  readonly alarms: readonly string[];
  /** Manipulations that were not found, to be played again: number of the log and name. */
  readonly missed: readonly string[];
}

/** Plays all on `logs` random logs that follow from `seed`. */
export function playMatrix(
  logs: number,
  seed: number,
  tell: (done: number) => void = () => undefined,
): Matrix {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-tamper-'));
  const found = new Map(Object.keys(manipulations).map((name) => [name, { outside: 0, inside: 0 }]));
  const alarms: string[] = [];
  const missed: string[] = [];
  let verified = 0;
  try {
    for (let log = 0; log < logs; log += 1) {
      const random = seeded(seed + log);
      const upTo = (most: number): number => Math.floor(random() * most);
      const dir = path.join(folder, `${log}`);
      mkdirSync(dir, { mode: 0o700 });
      const honest = writeRandomLog(dir, random);
      verified += honest.verified;
      alarms.push(...honest.alarms.map((what) => `log ${log}: ${what}`));
      for (const [name, manipulate] of Object.entries(manipulations)) {
        const file = path.join(dir, 'tampered.db');
        for (const suffix of ['', '-wal', '-shm', '.ballast']) rmSync(file + suffix, { force: true });
        copyFileSync(honest.file, file);
        manipulate(file, honest, upTo);
        const count = found.get(name);
        if (!count) continue;
        if (isFound(file, honest.heads)) count.outside += 1;
        else missed.push(`log ${log}: ${name}`);
        if (isFound(file, [])) count.inside += 1;
      }
      rmSync(dir, { recursive: true, force: true });
      tell(log + 1);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { found, logs, verified, alarms, missed };
}

function isFound(file: string, heads: readonly string[]): boolean {
  try {
    return !verifyFile(file, { heads }).valid;
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_AUDIT_INVALID') || hasCode(thrown, 'ERR_AUDIT_UNAVAILABLE')) return true;
    throw thrown;
  }
}
