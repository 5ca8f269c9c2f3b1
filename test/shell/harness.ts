// A stand-in for the `jit` command in tests of sessions: `node harness.ts <folder>` runs the session described
// in <folder>/session.json. The grant ends when <folder>/ended appears, and <folder>/told says that the session
// has heard of it; <folder>/extended holds a new deadline, <folder>/slept by how many milliseconds its clock is ahead.
// The result goes to <folder>/result.json.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodeOf, toJitError } from '../../src/core/errors.ts';
import { runSession } from '../../src/shell/session.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';

const folder = process.argv[2] ?? '.';
const say = (line: string) => void process.stderr.write(`jit: ${line}\n`);

let looking: NodeJS.Timeout | undefined;
const ended = new Promise<void>((resolve) => {
  looking = setInterval(() => existsSync(path.join(folder, 'ended')) && resolve(), 20);
});
let known = '';
// Time that passes while nobody looks, as on a machine that sleeps.
const slept = (): number => {
  const file = path.join(folder, 'slept');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
};
const clock: Clock = {
  now: () => systemClock.now() + slept(),
  sinceBoot: () => systemClock.sinceBoot() + slept(),
  bootId: systemClock.bootId,
  after: systemClock.after,
};
const listeners = new Set<(deadline: number) => void>();
const listening = setInterval(() => {
  const file = path.join(folder, 'extended');
  const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (now === known) return;
  known = now;
  for (const tell of listeners) tell(Number(now));
}, 20);
const onDeadline = (callback: (deadline: number) => void) => {
  listeners.add(callback);
  return () => void listeners.delete(callback);
};
void ended.then(() => setImmediate(() => writeFileSync(path.join(folder, 'told'), '')));

try {
  const described = JSON.parse(readFileSync(path.join(folder, 'session.json'), 'utf8'));
  const look = () => writeFileSync(path.join(folder, 'looked'), '');
  writeFileSync(path.join(folder, 'pid'), String(process.pid));
  const { exitCode, grantEnded, survivors } = await runSession({
    ...described,
    ended,
    onDeadline,
    look,
    clock,
    warn: say,
  });
  writeFileSync(path.join(folder, 'survivors.json'), JSON.stringify(survivors ?? []));
  writeFileSync(path.join(folder, 'result.json'), JSON.stringify({ exitCode, grantEnded }));
  process.exitCode = exitCode;
} catch (thrown) {
  const error = toJitError(thrown);
  writeFileSync(path.join(folder, 'result.json'), JSON.stringify({ error: error.code }));
  say(`error: ${error.message}`);
  process.exitCode = exitCodeOf[error.code];
} finally {
  clearInterval(looking);
  clearInterval(listening);
}
