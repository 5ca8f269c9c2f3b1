// `npm run test:crash -- --runs N --seed S`: kill -9 at every named point, and a count of what leaked.

import { parseArgs } from 'node:util';
import { postgresVersions } from '../support/postgres.ts';
import { awsTarget } from './aws.ts';
import { firstPoints } from './points.ts';
import { postgresTarget } from './postgres.ts';
import { seeded } from './random.ts';
import { type Outcome, play } from './scenario.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import type { Target } from './target.ts';

const { values } = parseArgs({
  options: {
    /** Of both targets together: three of five on PostgreSQL. */
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', default: 'both' },
    /** Major version of PostgreSQL: 15 or 18. */
    postgres: { type: 'string', default: '18' },
    /** Runs at the same time. */
    jobs: { type: 'string', default: '6' },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const version = postgresVersions.find((known) => known === Number(values.postgres));
const isTarget = ['aws', 'postgres', 'both'].includes(values.target);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed) || version === undefined || !isTarget) {
  process.stderr.write(
    'usage: npm run test:crash -- [--runs N] [--seed S] [--target aws|postgres|both] [--postgres 15|18] [--jobs J]\n',
  );
  process.exit(2);
}
const onAws = values.target === 'aws' ? runs : values.target === 'both' ? Math.floor(runs * 0.4) : 0;

let passed = 0;
let failed = 0;
if (runs > onAws) await runAll(await postgresTarget(version), runs - onAws);
if (onAws > 0) await runAll(awsTarget(), onAws);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** Plays `count` runs on one target and tells what became of them. */
async function runAll(target: Target, count: number): Promise<void> {
  const totals = { failed: 0, leaked: 0, killed: 0 };
  const died = new Map<string, number>();
  const random = seeded(seed);
  const schedules = Array.from({ length: count }, (_, run) => scheduleOf(run, random, target));
  const queue = schedules.entries();
  const worker = async (): Promise<void> => {
    for (const [run, schedule] of queue) {
      const outcome = await attempt(target, schedule);
      totals.leaked += outcome.leaked;
      totals.killed += outcome.died;
      for (const point of outcome.reached) died.set(point, (died.get(point) ?? 0) + 1);
      if (outcome.broken.length === 0) continue;
      totals.failed += 1;
      process.stdout.write(
        `${target.name} run ${run} ${JSON.stringify(schedule)}\n  ${outcome.broken.join('\n  ')}\n`,
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  } finally {
    await target.stop();
  }
  for (const [point, times] of [...died].sort())
    process.stdout.write(`${target.name}: died ${times} times at ${point}\n`);
  const missed = neverReached(target, count, died);
  if (missed.length > 0) process.stdout.write(`${target.name}: never died at ${missed.join(', ')}\n`);
  process.stdout.write(
    `crash: ${target.label}, ${count} runs, seed ${seed}, ${totals.killed} brokers killed at ${died.size} points, ` +
      `${totals.leaked} leaked credentials\n`,
  );
  passed += count - totals.failed;
  failed += totals.failed + missed.length;
}

/** Points that the runs were meant to reach and did not; a kill from outside may find nobody. */
function neverReached({ points }: Target, count: number, died: ReadonlyMap<string, number>): string[] {
  const first = firstPoints(points).slice(0, count);
  // The runs of an issue bring those of a recovery along.
  const recovery = count < points.issue.length ? [] : points.recovery;
  return [...first, ...recovery].filter((point) => point !== 'external' && !died.has(point));
}

async function attempt(target: Target, schedule: Schedule): Promise<Outcome> {
  try {
    return await play(schedule, target);
  } catch (thrown) {
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { leaked: 0, died: 0, reached: [], broken: [why] };
  }
}
