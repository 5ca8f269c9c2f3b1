// The worked example of the documentation, as it is, against a real Redis: users that may read some keys for a while.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { brokerPassword, createWorld, finish, type World } from '../support/world.ts';

const root = path.join(import.meta.dirname, '../..');
const examples = path.join(root, 'docs/examples/command/redis');

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const absent = ['redis-server', 'redis-cli'].filter((program) => !isThere(program));
const skipped = absent.length > 0 ? ` (skipped: no ${absent.join(', no ')})` : '';

/** The page of configuration that the documentation shows. */
function documented(): string {
  const text = readFileSync(path.join(root, 'docs/providers.md'), 'utf8');
  const page = /<!-- redis -->\s*```yaml\n([\s\S]*?)```/.exec(text)?.[1];
  if (page === undefined) throw new Error('docs/providers.md has no example for Redis');
  return page;
}

describe.skipIf(skipped !== '')(`Redis by two programs${skipped}`, () => {
  let folder: string;
  let port: number;
  let server: ChildProcess;
  let world: World;

  /** As an administrator. */
  const redis = (...words: string[]): string =>
    execFileSync('redis-cli', ['-p', `${port}`, '--raw', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], REDISCLI_AUTH: brokerPassword },
    }).trim();
  const users = () =>
    redis('ACL', 'USERS')
      .split('\n')
      .filter((name) => name.startsWith('jit-'));

  async function start(): Promise<void> {
    server = spawn('redis-server', ['-'], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
    const lines = ['bind 127.0.0.1', `port ${port}`, 'save ""', `requirepass ${brokerPassword}`];
    server.stdin?.end(`${lines.join('\n')}\n`);
    await until(() => expect(redis('PING')).toBe('PONG'));
  }
  async function stop(): Promise<void> {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'jit-redis-'));
    port = await freePort();
    await start();
    redis('SET', 'orders:1', 'apples');
    redis('SET', 'secrets:1', 'hidden');
    const page = documented()
      .replaceAll('/opt/jit/redis', examples)
      .replaceAll('/usr/bin/node', process.execPath)
      .replace('port: 6379', `port: ${port}`)
      .replace('host: redis.example.com', 'host: 127.0.0.1')
      .replace('keychain:jit/redis', '$SECRET');
    world = createWorld(`version: 1
${page}
entitlements:
  - { name: me, who: [$ME], roles: ["orders-cache:*"], max_duration: 1h }
`);
  });
  afterAll(async () => {
    await world?.remove();
    if (server) await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli =
    'REDISCLI_AUTH=$(cat "$REDISCLI_AUTH_FILE") redis-cli -h $REDIS_HOST -p $REDIS_PORT --user $REDIS_USERNAME';
  const run = (role: string, script: string) =>
    world.jit('elevate', role, '--for', '5m', '--', 'sh', '-c', script);

  test('reads what the role lets it read, and nothing else', async () => {
    const ran = await run(
      'orders-cache:read',
      `${cli} GET orders:1; ${cli} GET secrets:1; ${cli} SET orders:1 pears; ${cli} ACL LIST`,
    );
    expect(ran.stdout).toMatch(/^apples$/m);
    expect(ran.stdout).not.toContain('hidden');
    expect(ran.stdout.match(/NOPERM/g)).toHaveLength(3);
    expect(redis('GET', 'orders:1')).toBe('apples');
    expect(users()).toEqual([]);
  });

  test('writes with another role, narrowed by a scope', async () => {
    const ran = await world.jit(
      ...['elevate', 'orders-cache:write', '--scope', 'carts', '--for', '5m', '--', 'sh', '-c'],
      `${cli} SET carts:1 full; ${cli} SET orders:1 pears`,
    );
    expect(ran.stdout).toMatch(/^OK$/m);
    expect(ran.stdout).toMatch(/NOPERM/);
    expect(redis('GET', 'orders:1')).toBe('apples');
  });

  test('ends a connection that is open at the deadline, and refuses a new one', async () => {
    const client = await world.client();
    const { env } = await client.elevate(wish({ target: 'orders-cache', duration: 1_500 }));
    const password = readFileSync(env['REDISCLI_AUTH_FILE'] ?? '', 'utf8');
    const login = ['-p', `${port}`, '--user', env['REDIS_USERNAME'] ?? ''];
    const open = spawn('redis-cli', [...login, 'BLPOP', 'orders:queue', '0'], {
      env: { PATH: process.env['PATH'], REDISCLI_AUTH: password },
    });
    open.stdin?.end();
    const ended = new Promise((resolve) => open.once('exit', resolve));
    expect(users()).toEqual([env['REDIS_USERNAME']]);
    await until(() => expect(users()).toEqual([]));
    await ended;
    const again = await finish(
      spawn('redis-cli', [...login, 'GET', 'orders:1'], {
        env: { PATH: process.env['PATH'], REDISCLI_AUTH: password },
      }),
    );
    expect(`${again.stdout}${again.stderr}`).not.toContain('apples');
    expect(`${again.stdout}${again.stderr}`).toMatch(/WRONGPASS|NOAUTH/);
  });

  test('a server that is down at issue is told in words; one that lost its users has nothing left', async () => {
    const client = await world.client();
    await client.elevate(wish({ target: 'orders-cache', duration: 60_000 }));
    await stop();
    const ran = await run('orders-cache:read', 'true');
    expect(ran.code).toBe(125);
    expect(ran.stderr).toMatch(/the issue program of target "orders-cache" refused: connect ECONNREFUSED/);
    await start();
    await world.jit('revoke', '--all');
    await until(async () => expect(await client.status()).toMatchObject({ overdue: 0, grants: [] }));
    expect(users()).toEqual([]);
  });

  test('doctor finds the programs and the server, and a user that nobody knows is removed', async () => {
    const { stdout } = await world.jit('doctor', 'orders-cache', '--json');
    expect(stdout).toContain("the list program answers: 0 of jit's there now");
    const name = /"name":\s*"(jit-[0-9a-f]{6}-)/.exec(
      (await world.jit('audit', 'log', '--json')).stdout,
    )?.[1];
    redis('ACL', 'SETUSER', `${name}l${'a'.repeat(15)}`, 'on', 'nopass', '+@all');
    await world.jit('broker', 'stop');
    await world.jit('broker', 'start');
    await until(() => expect(users()).toEqual([]));
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
