// Times whole processes in turns, so that a machine that gets slower does so for both sides.

import { spawnSync } from 'node:child_process';

/** Something to start, and what it is started with. */
export interface Program {
  /** This Node unless told otherwise. */
  readonly command?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What makes it start from nothing, each time before it is timed. */
  readonly before?: () => void;
}

/** Medians in milliseconds. */
export interface Comparison {
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
}

/** Runs both, `rounds` times each, alternating. @throws Error when one of them fails */
export function compare(ours: Program, baseline: Program, rounds: number): Comparison {
  const times = { ours: [] as number[], baseline: [] as number[] };
  // The first starts fill the file cache and start the broker: they do not count.
  for (let round = -2; round < rounds; round += 1) {
    const pair = { ours: time(ours), baseline: time(baseline) };
    if (round < 0) continue;
    times.ours.push(pair.ours);
    times.baseline.push(pair.baseline);
  }
  const result = { ours: median(times.ours), baseline: median(times.baseline) };
  return { ...result, ratio: result.ours / result.baseline };
}

function time({ command = process.execPath, args, env, before }: Program): number {
  before?.();
  const start = performance.now();
  const { status, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  const taken = performance.now() - start;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return taken;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
