// `npm run test:sync -- --runs N --seed S`: kill -9 of broker or server between send and acknowledgement.

import { parseArgs } from 'node:util';
import { seeded } from '../crash/random.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run test:sync -- [--runs N] [--seed S]\n');
  process.exit(2);
}
const { kills, events, broken } = await torture(runs, seeded(seed), (run) => {
  if (run % 50 === 49) process.stderr.write(`${run + 1} of ${runs}\n`);
});
for (const [way, times] of Object.entries(kills)) process.stdout.write(`${way}: killed ${times} times\n`);
for (const what of broken) process.stdout.write(`${what}\n`);
process.stdout.write(
  `sync: ${runs} kills, seed ${seed}, ${events} events, ${broken.length === 0 ? 'each there exactly once, in order' : 'BROKEN'}\n`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
