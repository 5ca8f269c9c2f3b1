// One program at a time, as unwilling as can be: every run ends, within its limits, with all that it started.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type ProgramOptions, runProgram } from '../../src/system/run-program.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { processesMentioning } from '../support/processes.ts';
import { until } from '../support/until.ts';

const run = (script: string, changes: Partial<ProgramOptions> = {}) =>
  runProgram('/bin/sh', ['-c', script], {
    env: { PATH: '/usr/bin:/bin' },
    input: 'hello\n',
    timeout: 20_000,
    largest: 1_000,
    kept: 100,
    signal: new AbortController().signal,
    patience: 200,
    ...changes,
  });

afterEach(() => void vi.useRealTimers());

/** Runs `script`, whose time, and that of the usual patience, is over once it has made the file `ready`. */
async function runUntilReady(
  script: (ready: string) => string,
  changes: Partial<ProgramOptions> = {},
): ReturnType<typeof run> {
  const ready = path.join(temporaryFolder(), 'ready');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const ended = run(script(ready), { timeout: 5_000, ...changes });
  while (!existsSync(ready)) await new Promise(setImmediate);
  vi.advanceTimersByTime(5_200);
  return ended;
}

test('stdin, stdout, the end of stderr and the exit code are passed on', async () => {
  const ended = await run('cat; echo first >&2; printf %0200d 7 >&2; exit 9');
  expect(ended).toMatchObject({ how: 'ended', code: 9, why: null });
  expect(ended.stdout.toString()).toBe('hello\n');
  expect(ended.stderr.toString()).toBe(`${'0'.repeat(99)}7`);
});

test('a program need not read what it is told, however much', async () => {
  const ended = await run('exec <&-; echo done', { input: 'x'.repeat(4_000_000) });
  expect(ended).toMatchObject({ how: 'ended', code: 0 });
  expect(ended.stdout.toString()).toBe('done\n');
});

test('nothing of the environment, the folder or the umask of the broker is passed on', async () => {
  const before = process.umask(0o177);
  try {
    const ended = await run('pwd; umask; echo "$JIT_CONFIG$TMPDIR"');
    expect(ended.stdout.toString()).toBe('/\n0077\n\n');
  } finally {
    process.umask(before);
  }
});

test('a program that takes SIGTERM as a wish to end may tidy up', async () => {
  const file = path.join(temporaryFolder(), 'tidy');
  const script = (ready: string) =>
    `trap 'echo x > ${file}; exit 5' TERM; : > ${ready}; while :; do sleep 0.05; done`;
  const ended = await runUntilReady(script, { patience: 20_000 });
  expect(ended).toMatchObject({ how: 'too-slow', code: 5 });
  expect(existsSync(file)).toBe(true);
});

test('one that does not, and its children, are killed', async () => {
  const mark = temporaryFolder();
  const script = (ready: string) =>
    `trap '' TERM; M=${mark} sh -c "trap '' TERM; : > ${ready}; sleep 300; :" & sleep 300; :`;
  const ended = await runUntilReady(script, { env: { PATH: '/usr/bin:/bin', MARK: mark } });
  expect(ended).toMatchObject({ how: 'too-slow', code: null, why: 'SIGKILL' });
  vi.useRealTimers();
  expect(await processesMentioning(mark)).toEqual([]);
});

test('one byte too many ends it, and no more than the limit is kept', async () => {
  expect((await run('printf %01000d 7')).stdout).toHaveLength(1_000);
  const ended = await run('trap "" TERM PIPE; while :; do echo xxxxxxxxxxxxxxxx; done 2>&-');
  expect(ended.how).toBe('too-much');
  expect(ended.stdout).toHaveLength(1_000);
});

test('what holds the output after the end is killed, and what was said by then counts', async () => {
  const mark = temporaryFolder();
  const ended = await run('sleep 300 & echo done', { env: { PATH: '/usr/bin:/bin', MARK: mark } });
  expect(ended).toMatchObject({ how: 'ended', code: 0 });
  expect(ended.stdout.toString()).toBe('done\n');
  expect(await processesMentioning(mark)).toEqual([]);
});

test('what it left behind without its output is killed as well, also when the program itself ended when told', async () => {
  const mark = temporaryFolder();
  const env = { PATH: '/usr/bin:/bin', MARK: mark };
  const left = `(trap '' TERM; exec sleep 300) <&- >&- 2>&- &`;
  expect(await run(`${left} exit 1`, { env })).toMatchObject({ how: 'ended', code: 1 });
  expect(await processesMentioning(mark)).toEqual([]);
  const late = await run(`${left} exec sleep 300`, { env, timeout: 500, patience: 20_000 });
  expect(late).toMatchObject({ how: 'too-slow', why: 'SIGTERM' });
  expect(await processesMentioning(mark)).toEqual([]);
});

test('what left the group and holds the output does not hold up anybody', async () => {
  const mark = temporaryFolder();
  const ended = await run('setsid sleep 2 & echo done', { env: { PATH: '/usr/bin:/bin', MARK: mark } });
  expect(ended.stdout.toString()).toBe('done\n');
  // It ends by itself: it is not ours to find.
  await until(async () => expect(await processesMentioning(mark)).toEqual([]));
});

test('a call that is given up ends it, also before it began', async () => {
  const controller = new AbortController();
  const call = run('sleep 300', { signal: controller.signal });
  controller.abort();
  expect((await call).how).toBe('stopped');
  expect((await run('sleep 300', { signal: AbortSignal.abort() })).how).toBe('stopped');
});

test('a program that is not there, or that the system cannot run, is told by the code of the system', async () => {
  const options = { env: {}, input: '', timeout: 1_000, largest: 10, kept: 10 };
  const { signal } = new AbortController();
  const ended = await runProgram('/nowhere/at/all', [], { ...options, signal });
  expect(ended).toMatchObject({ how: 'not-started', code: null, why: 'ENOENT' });
  // Node throws for some codes instead of telling them later.
  const long = await runProgram('/bin/true', ['x'.repeat(4_000_000)], { ...options, signal });
  expect(long).toMatchObject({ how: 'not-started', code: null, why: 'E2BIG' });
});
