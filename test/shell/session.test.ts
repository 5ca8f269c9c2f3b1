import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdersOf } from '../../src/shell/holders.ts';
import { type Described, makeScene, type Scene, until } from './scene.ts';

let scene: Scene;
let running: ChildProcess | null = null;

beforeEach(() => {
  scene = makeScene();
});

afterEach(async () => {
  running?.kill('SIGKILL');
  running = null;
  await scene.remove();
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the harness in a session of its own, so without a controlling terminal; `outcome` settles when it has ended. */
function start(
  described: Described,
  env: Record<string, string> = {},
): { process: ChildProcess; outcome: Promise<Outcome> } {
  const [node = '', ...args] = scene.describe(described);
  const child = spawn(node, args, {
    env: scene.environment(env),
    cwd: scene.folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: child, outcome };
}

/** A shell script that says in a file that it runs, and then does `then`. */
function script(then: string): string[] {
  return ['sh', '-c', `${then.replace('RUNS', `: > '${path.join(scene.folder, 'runs')}'`)}`];
}

const runs = () => until(() => existsSync(path.join(scene.folder, 'runs')), 'the command runs');

test('a command gets the exported variables, the grant, and not the variables that would win', async () => {
  const { stdout } = await start({ command: ['env'] }).outcome;
  const lines = stdout.split('\n');
  expect(lines).toContain('PGSERVICE=prod-db');
  expect(lines).toContain(`JIT_GRANT_ID=${scene.grant.id}`);
  expect(lines).toContain('JIT_GRANT_STATE=active');
  expect(lines).toContain('JIT_VARS=PGSERVICE PGPASSFILE DATABASE_URL OTHER_TOKEN');
  expect(lines).toContain('JIT_DROP=DATABASE_URL OTHER_TOKEN');
  expect(stdout).not.toContain('PGPASSWORD');
  expect(stdout).not.toContain('JIT_READY');
  expect(stdout).not.toMatch(/JIT_GIVEN|JIT_TAKEN/);
});

test('the exit code of a command passes through', async () => {
  expect((await start({ command: ['sh', '-c', 'exit 42'] }).outcome).code).toBe(42);
  expect(scene.result()).toEqual({ exitCode: 42, grantEnded: false });
});

test('a command that dies of a signal gives 128 plus its number', async () => {
  expect((await start({ command: ['sh', '-c', 'kill -9 $$'] }).outcome).code).toBe(137);
});

test('a command that does not exist gives 127', async () => {
  expect((await start({ command: ['no-such-command-here'] }).outcome).code).toBe(127);
  expect(scene.result()).toEqual({ error: 'ERR_CHILD_NOT_FOUND' });
});

test.each(['./plain.txt', 'plain.txt'])('a file that is not executable gives 126: %s', async (name) => {
  writeFileSync(path.join(scene.folder, 'plain.txt'), 'text', { mode: 0o644 });
  const { outcome } = start({ command: [name] }, { PATH: `${process.env['PATH']}:${scene.folder}` });
  expect((await outcome).code).toBe(126);
  expect(scene.result()).toEqual({ error: 'ERR_CHILD_NOT_EXECUTABLE' });
});

test('a command line that no system can start gives 125', async () => {
  expect((await start({ command: ['echo', 'a\0b'] }).outcome).code).toBe(125);
  expect(scene.result()).toEqual({ error: 'ERR_CHILD_SETUP' });
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1'] as const)(
  'without a terminal %s is passed on to the command, once',
  async (signal) => {
    const name = signal.slice(3);
    const { process: parent, outcome } = start({
      command: script(
        `trap 'echo got ${name}; n=1' ${name}; RUNS; while [ -z "$n" ]; do sleep 0.05; done; exit 7`,
      ),
    });
    await runs();
    parent.kill(signal);
    const { code, stdout } = await outcome;
    expect(code).toBe(7);
    expect(stdout.match(/got/g)).toHaveLength(1);
  },
);

test('when the broker says that the grant has ended, a command gets SIGTERM and jit exits with 124', async () => {
  const { outcome } = start({
    command: script(`trap 'echo told; exit 0' TERM; RUNS; while :; do sleep 0.05; done`),
  });
  await runs();
  await scene.endGrant();
  const { code, stdout } = await outcome;
  expect(stdout).toContain('told');
  expect(code).toBe(124);
  expect(scene.result()).toEqual({ exitCode: 124, grantEnded: true });
});

test('a command that ignores SIGTERM is killed after the grace', async () => {
  const { outcome } = start({
    command: script(`trap '' TERM; RUNS; while :; do sleep 0.05; done`),
    graceMs: 300,
  });
  await runs();
  await scene.endGrant();
  expect((await outcome).code).toBe(124);
  expect(holdersOf(scene.grant.id)).toEqual([]);
});

test('what a command left in the background is ended with the grant', async () => {
  const pidFile = path.join(scene.folder, 'background');
  const { outcome } = start({
    command: script(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 300' & RUNS; wait`),
  });
  await until(
    () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
    'the background process runs',
  );
  const pid = Number(readFileSync(pidFile, 'utf8'));
  await until(() => holdersOf(scene.grant.id).includes(pid), 'it holds the grant');
  await scene.endGrant();
  expect((await outcome).code).toBe(124);
  expect(holdersOf(scene.grant.id)).toEqual([]);
});

test('a command that is cut off at the deadline, before the word of the broker, ended with its grant', async () => {
  const { outcome } = start({ command: ['sh', '-c', 'sleep 0.6; exit 2'], seconds: 0.3 });
  expect((await outcome).code).toBe(124);
  expect(scene.result()).toEqual({ exitCode: 124, grantEnded: true });
});

test('a command under an extended grant has its own exit code after the first deadline', async () => {
  const go = path.join(scene.folder, 'go');
  const command = script(`RUNS; until [ -e '${go}' ]; do sleep 0.05; done; sleep 0.6; exit 9`);
  const { outcome } = start({ command, seconds: 0.3 });
  await runs();
  scene.writeState(scene.entry(600));
  writeFileSync(go, '');
  expect((await outcome).code).toBe(9);
});

test('a shell without a terminal is refused', async () => {
  expect((await start({ command: null }).outcome).code).toBe(125);
  expect(scene.result()).toEqual({ error: 'ERR_CHILD_SETUP' });
  expect(scene.runFiles()).toEqual(['prompt']);
});
