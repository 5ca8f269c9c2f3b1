// `npm run test:crash -- --runs N --seed S`: kill -9 at every named point, and a count of what leaked.

import { parseArgs } from 'node:util';
import { postgresVersions, startPostgres } from '../support/postgres.ts';
import { prepareServer } from '../support/world.ts';
import { seeded } from './random.ts';
import { type Outcome, play } from './scenario.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    /** Major version of PostgreSQL: 15 or 18. */
    postgres: { type: 'string', default: '18' },
    /** Runs at the same time. */
    jobs: { type: 'string', default: '6' },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const version = postgresVersions.find((known) => known === Number(values.postgres));
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed) || version === undefined) {
  process.stderr.write('usage: npm run test:crash -- [--runs N] [--seed S] [--postgres 15|18] [--jobs J]\n');
  process.exit(2);
}

const server = await startPostgres({ version });
const totals = { passed: 0, failed: 0, leaked: 0, died: 0 };
const reached = new Map<string, number>();
try {
  await prepareServer(server);
  const random = seeded(seed);
  const schedules = Array.from({ length: runs }, (_, run) => scheduleOf(run, random));
  const queue = schedules.entries();
  const worker = async (): Promise<void> => {
    for (const [run, schedule] of queue) record(run, schedule, await attempt(schedule));
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
} finally {
  await server.stop();
}
for (const [point, times] of [...reached].sort()) process.stdout.write(`died ${times} times at ${point}\n`);
process.stdout.write(
  `crash: ${runs} runs, seed ${seed}, PostgreSQL ${version}, ${totals.died} brokers killed, ` +
    `${totals.leaked} leaked credentials\n${totals.passed} passed, ${totals.failed} failed\n`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;

async function attempt(schedule: Schedule): Promise<Outcome> {
  try {
    return await play(schedule, server);
  } catch (thrown) {
    return {
      leaked: 0,
      died: 0,
      reached: [],
      broken: [thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)],
    };
  }
}

function record(run: number, schedule: Schedule, outcome: Outcome): void {
  totals.leaked += outcome.leaked;
  totals.died += outcome.died;
  for (const point of outcome.reached) reached.set(point, (reached.get(point) ?? 0) + 1);
  if (outcome.broken.length === 0) {
    totals.passed += 1;
    return;
  }
  totals.failed += 1;
  process.stdout.write(`run ${run} ${JSON.stringify(schedule)}\n  ${outcome.broken.join('\n  ')}\n`);
}
