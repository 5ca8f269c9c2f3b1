// The broker as a process that others poke: its environment, its signals, its end.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { argumentsOf, coreLimits, environmentOf, listeningPorts, statusField } from '../support/proc.ts';
import { until } from '../support/until.ts';
import { configFor, createWorld, finish, type World } from '../support/world.ts';

const isRoot = process.getuid?.() === 0;
/** Only root becomes somebody else, and reads what the kernel hides of a broker. */
const testAsRoot: (title: string, body: () => unknown) => void = isRoot ? test : () => undefined;
const planted = 'planted-in-the-environment-3b7';
const nobody = 65_534;

/** A target that nothing answers for: these tests need none. */
const away = configFor({ host: '127.0.0.1', port: 1 } as PostgresServer);

const everybodysEvent = { grant: null, target: null, principal: null, since: null, until: null, limit: null };
const probes = async (client: Client): Promise<unknown[]> =>
  (await client.audit(everybodysEvent)).events
    .map(({ body }) => body)
    .filter((body) => body['type'] === 'process.signal_probe')
    .map((body) => (body['data'] as { signal: string }).signal);

describe('a broker that the command line has started', () => {
  let world: World;
  let client: Client;
  let pid: number;
  let evil: string;
  beforeAll(async () => {
    world = createWorld(away);
    evil = path.join(world.dir, 'evil');
    mkdirSync(evil);
    const module = path.join(world.dir, 'evil.cjs');
    writeFileSync(module, `require('fs').writeFileSync(${JSON.stringify(evil)} + '/' + process.pid, '')`);
    const env = {
      ...world.env,
      NODE_OPTIONS: `--require ${module}`,
      NODE_DEBUG: 'http,net',
      NODE_EXTRA_CA_CERTS: planted,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      LD_PRELOAD: '/nonexistent/planted.so',
      SSLKEYLOGFILE: path.join(world.dir, 'keys'),
      PGPASSWORD: planted,
      PGSSLMODE: 'disable',
      AWS_SECRET_ACCESS_KEY: planted,
      GITHUB_TOKEN: planted,
      DATABASE_URL: `postgres://u:${planted}@h/d`,
      BASH_ENV: module,
      ENV: module,
      JIT_FAILPOINT: 'elevate.after-intent=kill',
    };
    const root = path.join(import.meta.dirname, '..', '..');
    const options = { paths: world.paths, configPath: world.paths.configFile, start: true, env };
    client = await connect({
      ...options,
      brokerEntry: path.join(root, 'dist', 'broker.mjs'),
      timeout: 20_000,
    });
    pid = (await client.hello()).pid;
  });
  afterAll(() => world.remove());

  test('has closed every door, and says so', async () => {
    expect((await client.hello()).hardening).toEqual({
      debugger: 'on',
      environment: 'on',
      cores: 'on',
      undumpable: 'on',
      peercred: 'on',
      endpoints: 'on',
    });
    expect(coreLimits(pid)).toEqual(['0', '0']);
    expect(statusField(pid, 'Umask')).toBe('0177');
  });

  test('has loaded nothing that the user’s NODE_OPTIONS named', () => {
    expect(readdirSync(evil)).toEqual([]);
  });

  testAsRoot('has an environment of allowed names only, without a planted value', () => {
    const environment = environmentOf(pid);
    const allowed =
      /^(PATH|HOME|LANG|LC_ALL|TZ|USER|LOGNAME|DBUS_SESSION_BUS_ADDRESS|JIT_CONFIG|MALLOC_ARENA_MAX|PWD|XDG_\w+)$/;
    expect([...environment.keys()].filter((name) => !allowed.test(name))).toEqual([]);
    expect(environment.get('HOME')).toBe(world.env['HOME']);
    expect(JSON.stringify([...environment])).not.toContain('planted');
  });

  test('has nothing in its arguments but its program and the configuration', () => {
    const told = argumentsOf(pid)
      .slice(1)
      .filter((word) => !word.startsWith('--'));
    expect(told).toEqual([expect.stringMatching(/broker\.mjs$/), world.paths.configFile]);
  });

  test('opens no debugger on SIGUSR1, writes no report on SIGUSR2, and notes who knocked', async () => {
    process.kill(pid, 'SIGUSR1');
    process.kill(pid, 'SIGUSR2');
    await until(async () => expect(await probes(client)).toEqual(['SIGUSR2']));
    if (isRoot) expect(listeningPorts(pid)).toEqual([]);
    expect(readdirSync('/').filter((name) => name.startsWith('report.'))).toEqual([]);
    expect((await client.hello()).pid).toBe(pid);
  });

  test('is not moved by a hundred knocks, nor is its log', async () => {
    for (let knock = 0; knock < 100; knock += 1) process.kill(pid, 'SIGUSR2');
    expect((await client.hello()).pid).toBe(pid);
    expect((await probes(client)).length).toBeLessThan(5);
  });
});

test('a broker started by hand, without the options that close its doors, opens no debugger either', async () => {
  const world = createWorld(away);
  const child = world.startBroker();
  const gone = new Promise((resolve) => child.once('close', resolve));
  try {
    const client = await until(() => world.client({ start: false }));
    child.kill('SIGUSR1');
    await until(async () => expect(await probes(client)).toEqual(['SIGUSR1']));
    if (isRoot) expect(listeningPorts(child.pid ?? 0)).toEqual([]);
    expect((await client.hello()).hardening['debugger']).toMatch(/^reduced: /);
  } finally {
    await world.remove();
    await gone;
  }
});

test('a diagnostic report of a hardened process tells nothing of its environment', () => {
  const hardening = path.resolve('src/system/hardening.ts');
  const text = `(await import(${JSON.stringify(hardening)})).hardenProcess();
    process.stdout.write(JSON.stringify(process.report.getReport()));`;
  const env = { PATH: process.env['PATH'], PLANTED: planted };
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', text], { env, encoding: 'utf8' });
  expect(JSON.parse(ran.stdout)).toHaveProperty('header.processId');
  expect(ran.stdout).not.toContain(planted);
});

describe('a broker does not start', () => {
  /** Starts one by hand that must fail; answers its last words. */
  async function refusal(
    world: World,
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ code: string; message: string }> {
    const ran = await finish(world.startBroker(env));
    expect(ran.code).toBe(1);
    expect(ran.stderr).not.toMatch(/^\s+at /m);
    const last = ran.stderr.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { error: { code: string; message: string } }).error;
  }
  function user(): World {
    const world = createWorld(away);
    onTestFinished(() => world.remove());
    return world;
  }

  test.each([
    '--inspect=127.0.0.1:0',
    '--report-on-signal',
    '--heapsnapshot-signal=SIGUSR2',
    `--tls-keylog=/nonexistent/${planted}`,
    '--import data:text/javascript,1',
  ])('under NODE_OPTIONS=%s', async (option) => {
    const error = await refusal(user(), { NODE_OPTIONS: option });
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).not.toContain(planted);
  });

  test('with a socket path that is too long', async () => {
    const world = user();
    const long = path.join(world.dir, 'x'.repeat(100));
    mkdirSync(long, { mode: 0o700 });
    expect(await refusal(world, { XDG_RUNTIME_DIR: long })).toMatchObject({ code: 'ERR_UNSAFE_PATH' });
    expect(readdirSync(long)).toEqual([]);
  });

  test.each<[string, 'runDir' | 'stateDir', (folder: string) => void]>([
    ['a run directory that is a link', 'runDir', (folder) => symlinkSync(path.dirname(folder), folder)],
    ['a run directory open to all', 'runDir', (folder) => open(folder, 0o777)],
    ['a state directory open to all', 'stateDir', (folder) => open(folder, 0o777)],
    ['a state directory that others may read', 'stateDir', (folder) => open(folder, 0o744)],
  ])('with %s', async (_what, which, spoil) => {
    const world = user();
    spoil(world.paths[which]);
    const error = await refusal(world);
    expect(error.code).toBe('ERR_UNSAFE_PATH');
    expect(error.message).toContain(world.paths[which]);
    expect(existsSync(world.paths.socket)).toBe(false);
  });
  const open = (folder: string, mode: number): void => {
    mkdirSync(folder);
    chmodSync(folder, mode);
  };

  testAsRoot('with the run directory or the HOME of somebody else', async () => {
    const world = user();
    mkdirSync(world.paths.runDir, { mode: 0o700 });
    chownSync(world.paths.runDir, nobody, nobody);
    expect(await refusal(world)).toMatchObject({ code: 'ERR_UNSAFE_PATH' });
    chownSync(world.paths.runDir, 0, 0);
    chownSync(path.join(world.dir, 'home'), nobody, nobody);
    expect(await refusal(world)).toMatchObject({ code: 'ERR_UNSAFE_PATH' });
  });

  testAsRoot('set-uid', async () => {
    const world = user();
    const text = `process.seteuid(${nobody}); await import(${JSON.stringify(path.resolve('dist/broker.mjs'))})`;
    const options = { env: world.env, encoding: 'utf8' } as const;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', text], options);
    expect([ran.status, JSON.parse(ran.stderr).error.code]).toEqual([1, 'ERR_UNSAFE_PATH']);
  });
});
