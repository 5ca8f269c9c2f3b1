// What one TAB costs with 2,000 targets in each shell, beside a start of Node: the least that a completion pays which
// asks Node. Each shell times itself, without its own start, and fails when the answer is not the one target that fits.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { quietFish } from '../test/support/quiet-fish.ts';
import { type Comparison, median } from './measure.ts';

const completions = path.join(import.meta.dirname, '..', 'completions');
const shells = ['bash', 'zsh', 'fish'] as const;
/** TABs in one run of a shell. */
const presses = 20;
const rounds = 9;

/** Medians of {@link rounds} in milliseconds; null: the shell is not installed. */
export type CompleteFigures = Readonly<Record<(typeof shells)[number], Comparison | null>>;

/** Measures each shell that is there. @throws Error when one of them answers wrongly */
export function benchComplete(): CompleteFigures {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-bench-'));
  try {
    const names = Array.from(
      { length: 2_000 },
      (_, i) => `team-${i % 40}-db-${i} admin read:orders,all write`,
    );
    quietFish(folder);
    writeFileSync(path.join(folder, 'names'), ['# jit names 1', ...names.sort(), ''].join('\n'));
    writeFileSync(path.join(folder, 'empty.cjs'), '');
    const measured = shells.map((shell) => [shell, isInstalled(shell) ? measure(folder, shell) : null]);
    return Object.fromEntries(measured) as CompleteFigures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

function measure(folder: string, shell: (typeof shells)[number]): Comparison {
  const tabs: number[] = [];
  const starts: number[] = [];
  // The first round fills the file cache.
  for (let round = -1; round < rounds; round += 1) {
    const microseconds = Number(run(folder, shell, [`complete.${shell}`, completions, String(presses)]));
    if (!(microseconds > 0)) throw new Error(`${shell} did not say how long it took`);
    const begin = performance.now();
    run(folder, process.execPath, [path.join(folder, 'empty.cjs')]);
    if (round < 0) continue;
    starts.push(performance.now() - begin);
    tabs.push(microseconds / presses / 1000);
  }
  const result = { ours: median(tabs), baseline: median(starts) };
  return { ...result, ratio: result.ours / result.baseline };
}

function run(folder: string, program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'], HOME: folder, JIT_STATE_DIR: folder, LANG: 'C.UTF-8' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout.trim();
}
