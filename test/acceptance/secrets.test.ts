// Planted secrets, and a search for them in every place that bytes can end up in.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loginOf } from '../support/login.ts';
import { searchBytes, searchFolder, searchProcesses } from '../support/needles.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';
import { brokerPassword, configFor, createWorld, finish } from '../support/world.ts';

const served = serve();

/** A child that tells its login and stays until it is told to go. */
const child = [
  process.execPath,
  '-e',
  `process.stdout.write(JSON.stringify(process.env)+'\\n'); process.stdin.once('data', () => process.exit(0))`,
];

test('no planted secret is found anywhere but in the private files of the broker and the child', async () => {
  const { server, world } = served;
  const before = server.serverLog().length;
  const running = world.start([
    'elevate',
    'orders-db:write',
    '--for',
    '1m',
    '--reason',
    'canary',
    '--',
    ...child,
  ]);
  let output = '';
  running.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let messages = '';
  running.stderr?.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
  });
  await until(() => expect(output).toContain('\n'));
  const login = loginOf(JSON.parse(output) as Record<string, string>);
  expect(login.password.length).toBeGreaterThan(16);
  const url = `postgres://jit_broker:${brokerPassword}@`;
  const needles = [login.password, brokerPassword, url];

  // While it runs: in the password file of the grant and in the broker's own secret, nowhere else.
  const files = searchFolder(world.dir, needles).filter(
    (hit) => !hit.includes('/grants/') && !hit.includes('broker.password'),
  );
  expect(files).toEqual([]);
  expect(searchProcesses(needles)).toEqual([]);
  expect(searchBytes('stdout', output, needles)).toEqual([]);

  running.stdin?.write('go\n');
  await new Promise((resolve) => running.once('close', resolve));
  expect(searchBytes('stderr', messages, needles)).toEqual([]);

  // Afterwards: the password file is gone too.
  const after = searchFolder(world.dir, needles).filter((hit) => !hit.includes('broker.password'));
  expect(after).toEqual([]);
  const log = await world.jit('audit', 'log', '--json');
  expect(searchBytes('audit', log.stdout + log.stderr, needles)).toEqual([]);
  // The server saw a verifier, never a password; what the test itself did to prepare it came before.
  expect(searchBytes('server log', server.serverLog().slice(before), needles)).toEqual([]);
});

test('a secret in the environment is there because it was asked for, in the child alone', async () => {
  const { world } = served;
  const show = [process.execPath, '-e', 'process.stdout.write(process.env.DATABASE_URL)'];
  const ran = await finish(
    world.start(['elevate', 'orders-db:read', '--for', '1m', '--export', 'url', '--', ...show]),
  );
  expect(ran.code).toBe(0);
  const password = decodeURIComponent(new URL(ran.stdout).password);
  expect(password.length).toBeGreaterThan(16);
  expect(searchFolder(world.dir, [password])).toEqual([]);
  expect(searchProcesses([password])).toEqual([]);
});

test('a wrong password of the broker’s login is told without the password', async () => {
  const wrong = 'planted-wrong-password-77';
  const other = createWorld(configFor(served.server).replace('$SECRET', 'env:WRONG_SECRET'));
  try {
    const ran = await finish(
      other.start(['elevate', 'orders-db:read', '--for', '1m', '--', 'true'], { WRONG_SECRET: wrong }),
    );
    expect(ran.code).not.toBe(0);
    expect(searchBytes('stderr', ran.stderr + ran.stdout, [wrong])).toEqual([]);
    expect(searchFolder(other.dir, [wrong])).toEqual([]);
    expect(readFileSync(other.paths.log, 'utf8')).not.toContain(wrong);
  } finally {
    await other.remove();
  }
});
