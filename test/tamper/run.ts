// `npm run test:tamper -- --logs N --seed S`: every way to change a log, on random logs, with the head held outside.

import { parseArgs } from 'node:util';
import { playMatrix } from './matrix.ts';

const { values } = parseArgs({
  options: {
    /** Each is verified ten times while it grows, and manipulated in every way. */
    logs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const logs = Number(values.logs);
const seed = Number(values.seed);
if (!Number.isInteger(logs) || logs < 1 || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run test:tamper -- [--logs N] [--seed S]\n');
  process.exit(2);
}

const { found, verified, alarms, missed } = playMatrix(logs, seed, (done) => {
  if (done % 100 === 0) process.stderr.write(`${done} of ${logs} logs\n`);
});
process.stdout.write(`${'manipulation'.padEnd(70)} found, head outside   by the file alone\n`);
for (const [name, { outside, inside }] of found) {
  process.stdout.write(
    `${name.padEnd(70)} ${`${outside} of ${logs}`.padStart(19)} ${`${inside} of ${logs}`.padStart(19)}\n`,
  );
}
for (const what of [...missed.slice(0, 20), ...alarms.slice(0, 20)]) process.stdout.write(`${what}\n`);
process.stdout.write(
  `tamper: ${logs} logs, seed ${seed}, ${verified} clean verifications, ${alarms.length} false alarms\n`,
);
const cells = found.size;
process.stdout.write(
  `${cells * logs - missed.length + verified - alarms.length} passed, ${missed.length + alarms.length} failed\n`,
);
process.exitCode = missed.length + alarms.length === 0 ? 0 : 1;
