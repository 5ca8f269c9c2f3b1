// What a shell under a grant costs without the grant: one Node that starts it as jit does, hook and all.
// A program; argument: a JSON file with what the session is made of.

import { readFileSync } from 'node:fs';
import { runSession } from '../src/shell/session.ts';
import { systemClock } from '../src/system/clock.ts';

const described = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const { exitCode } = await runSession({
  ...described,
  ended: new Promise<void>(() => undefined),
  onDeadline: () => () => undefined,
  look: () => undefined,
  clock: systemClock,
  warn: (line) => void process.stderr.write(`${line}\n`),
});
process.exitCode = exitCode;
