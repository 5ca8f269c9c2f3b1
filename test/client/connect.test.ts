import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ConnectOptions, connect } from '../../src/client/connect.ts';
import { nodeOptions } from '../../src/client/start-broker.ts';
import { isAlive, ownSession, sessionOf } from '../../src/system/process-info.ts';
import { pathsIn, startFakeBroker } from '../fakes/broker.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { children } from '../support/processes.ts';
import { until } from '../support/until.ts';

const brokerEntry = path.join(import.meta.dirname, 'fixtures', 'broker.mjs');

/** A user whose broker does what `mode` says; it is stopped when the test ends. */
function user(mode: string, more: Partial<ConnectOptions> = {}) {
  const folder = temporaryFolder();
  const configPath = path.join(folder, 'jit.yaml');
  writeFileSync(configPath, `${mode}\npassword: env:PROD_PASSWORD\n`);
  const paths = pathsIn(folder);
  mkdirSync(paths.runDir, { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    PROD_PASSWORD: 'p',
    OTHER: 'o',
  };
  const options = { paths, configPath, env, brokerEntry, start: true, ...more };
  onTestFinished(async () => {
    // Again until nothing is left: a broker slow to start finds the place free when the one before has stopped.
    await until(async () => {
      await connect({ ...options, start: false }).then(
        (client) => client.stop(),
        () => undefined,
      );
      expect((await children(2_000)).filter(({ command }) => command.includes(folder))).toEqual([]);
    });
  });
  return { folder, paths, options };
}

interface Facts {
  pid: number;
  env: Record<string, string>;
  cwd: string;
  execArgv: string[];
}

async function factsOf(options: ConnectOptions): Promise<Facts> {
  return (await (await connect(options)).hello()) as unknown as Facts;
}

describe('connect', () => {
  it('talks to the broker that runs, over one connection', async () => {
    const { paths, options } = user('fail');
    const { seen, server } = await startFakeBroker(paths, { body: { now: 1 } });
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const client = await connect(options);
    expect(await client.status()).toEqual({ now: 1 });
    expect([seen.length, connections]).toEqual([1, 1]);
  });

  it('starts a broker when none answers: detached, in /, with closed doors and a scrubbed environment', async () => {
    const { options } = user('serve');
    const facts = await factsOf(options);
    expect(facts.env).toEqual({
      MALLOC_ARENA_MAX: '1',
      PATH: options.env.PATH,
      HOME: options.env.HOME,
      XDG_RUNTIME_DIR: options.env.XDG_RUNTIME_DIR,
      PROD_PASSWORD: 'p',
      PWD: '/',
    });
    expect(facts.cwd).toBe('/');
    expect(facts.execArgv).toEqual(nodeOptions());
    expect(facts.execArgv).toContain('--disable-sigusr1');
    const limits = readFileSync(`/proc/${facts.pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max core file size\s+0\s+0/m);
    // Field 6 of proc_pid_stat(5), the session: a broker in ours would die with the terminal.
    const stat = readFileSync(`/proc/${facts.pid}/stat`, 'utf8');
    expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])).toBe(facts.pid);
  });

  it('starts it when a killed broker has left its socket behind', async () => {
    const { paths, options } = user('serve');
    const text = `require('net').createServer().listen(${JSON.stringify(paths.socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', text]), 'exit');
    expect(readdirSync(paths.runDir)).toEqual(['broker.sock']);
    expect((await factsOf(options)).pid).toBeGreaterThan(0);
  });

  it('does not hand on descriptors that the shell gave to its caller', async () => {
    const { folder, options } = user('serve');
    const held = path.join(folder, 'held');
    const fd = openSync(held, 'w');
    const text = `const { connect } = await import(${JSON.stringify(path.resolve('src/client/connect.ts'))});
      const client = await connect(${JSON.stringify(options)});
      process.stdout.write(String((await client.hello()).pid));
      setInterval(() => undefined, 1_000);`;
    const stdio = ['ignore', 'pipe', 'inherit', fd, fd, fd, fd, fd, fd, fd] as const;
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: [...stdio] });
    const [pid] = await once(child.stdout ?? child, 'data');
    expect(readlinkSync(`/proc/${child.pid}/fd/9`)).toBe(held);
    const open = readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return 'closed meanwhile';
      }
    });
    expect(open).not.toContain(held);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });

  it('throws what a broker said as it failed to start', async () => {
    const { options } = user('fail');
    await expect(connect(options)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: 'line 3',
      hint: 'mend it',
    });
  });

  it('tells how a broker ended that said nothing fit to be shown', async () => {
    const { options } = user('crash');
    const error = await connect(options).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_BROKER_UNREACHABLE',
      message: 'cannot start the broker: it ended with code 9',
      hint: expect.stringContaining('jit broker run'),
    });
    expect(error.message + error.hint).not.toContain('planted-value');
  });

  it('tells a broker that is not installed', async () => {
    const { options } = user('serve', { brokerEntry: '/nonexistent/broker.mjs' });
    await expect(connect(options)).rejects.toMatchObject({ code: 'ERR_BROKER_UNREACHABLE' });
  });

  it('gives up in time when every broker leaves for another one that never answers, and says so once', async () => {
    let slow = 0;
    const { options } = user('leave', {
      timeout: 4_000,
      onSlow: () => {
        slow += 1;
      },
    });
    await expect(connect(options)).rejects.toMatchObject({
      code: 'ERR_BROKER_UNREACHABLE',
      hint: expect.stringContaining('XDG_RUNTIME_DIR'),
    });
    expect(slow).toBe(1);
  });

  it('starts another broker when the one that its own made way for has ended', async () => {
    const { paths, options } = user('serve');
    // The lock is held by somebody who is about to end: the first broker leaves, a later one serves.
    const lock = path.join(paths.runDir, 'lock');
    writeFileSync(lock, '');
    const text = `setTimeout(() => require('fs').rmSync(${JSON.stringify(lock)}), 200)`;
    const ending = spawn(process.execPath, ['-e', text]);
    expect((await factsOf(options)).pid).toBeGreaterThan(0);
    if (ending.exitCode === null) await once(ending, 'exit');
  });

  it('starts nothing when told not to', async () => {
    const { paths, options } = user('serve', { start: false });
    await expect(connect(options)).rejects.toMatchObject({
      code: 'ERR_BROKER_UNREACHABLE',
      message: 'cannot reach the broker: it is not running',
      hint: 'start it: jit broker start',
    });
    expect(readdirSync(paths.runDir)).toEqual([]);
  });

  it('neither connects nor starts anything when others may enter the run directory', async () => {
    const { paths, options } = user('serve');
    chmodSync(paths.runDir, 0o755);
    const { seen } = await startFakeBroker(paths, { body: {} });
    await expect(connect(options)).rejects.toMatchObject({ code: 'ERR_UNSAFE_PATH' });
    expect(seen).toEqual([]);
  });

  it('lets its process end while the broker goes on', async () => {
    const { options } = user('serve');
    const text = `const { connect } = await import(${JSON.stringify(path.resolve('src/client/connect.ts'))});
      await connect(${JSON.stringify(options)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    const { pid } = await factsOf({ ...options, start: false });
    const session = sessionOf(pid);
    expect(session && isAlive(session)).toBe(true);
  });

  it('brings fifty that start at once to the same broker', async () => {
    const { options } = user('serve');
    const all = await Promise.all(Array.from({ length: 50 }, () => factsOf(options)));
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
  });
});

describe('of clients that find no broker at the same time', () => {
  /** Pids of the brokers that were started. */
  const starts = (folder: string): string[] =>
    readFileSync(path.join(folder, 'starts'), 'utf8').trim().split('\n');

  it('one starts it and the others wait, also when they are processes of their own', async () => {
    const { folder, paths, options } = user('serve', { timeout: 50_000 });
    const text = `const { connect } = await import(${JSON.stringify(path.resolve('src/client/connect.ts'))});
      process.stdout.write('ready ');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      process.stdin.destroy();
      const client = await connect(${JSON.stringify(options)});
      process.stdout.write(String((await client.hello()).pid));`;
    const clients = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const said = clients.map(() => '');
    for (const [n, { stdout }] of clients.entries()) {
      stdout.setEncoding('utf8').on('data', (more: string) => {
        said[n] += more;
      });
    }
    await until(() => expect(said).toEqual(clients.map(() => 'ready ')));
    const ends = clients.map((client) => once(client, 'exit'));
    for (const { stdin } of clients) stdin.write('go');
    expect(await Promise.all(ends)).toEqual(clients.map(() => [0, null]));
    const { pid } = await factsOf({ ...options, start: false });
    await until(() => expect(said).toEqual(clients.map(() => `ready ${pid}`)));
    // Nearly always one. On a machine so busy that a start takes seconds, some stop waiting for it.
    expect(starts(folder).length).toBeLessThan(clients.length / 2);
    expect(readdirSync(paths.runDir).filter((name) => name.includes('start'))).toEqual([]);
  });

  it('each learns why none can be started', async () => {
    const { options } = user('fail');
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => connect(options)));
    const reasons = all.map((one) => one.status === 'rejected' && one.reason.code);
    expect(reasons).toEqual(all.map(() => 'ERR_CONFIG'));
  });

  it.each([
    ['of a process that has ended', '4194303 abc 1'],
    ['of a process that had the pid of another one', `${process.pid} abc 1`],
    ['that says nothing', ''],
  ])('nobody waits for a lock %s', async (_whose, text) => {
    // Far longer than any test: whoever waited would not be seen again.
    const { folder, paths, options } = user('serve', { timeout: 1e6 });
    writeFileSync(path.join(paths.runDir, 'start.lock'), text);
    expect(String((await factsOf(options)).pid)).toBe(starts(folder)[0]);
    expect(readdirSync(paths.runDir)).not.toContain('start.lock');
  });

  it('one that holds the lock and starts nothing is waited for only so long', async () => {
    const { folder, paths, options } = user('serve', { timeout: 8_000 });
    const held = `${process.pid} abc ${ownSession().startTime}`;
    writeFileSync(path.join(paths.runDir, 'start.lock'), held);
    await factsOf(options);
    expect(starts(folder)).toHaveLength(1);
    expect(readFileSync(path.join(paths.runDir, 'start.lock'), 'utf8')).toBe(held);
  });
});
