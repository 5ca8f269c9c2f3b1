// What is wrong on the command line or in the configuration, through the real command: a clear error, and no
// half-made grant, no stack, no secret told.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { positionIn } from '../../src/policy/problem.ts';
import { config, malformedConfigs, mark, planted } from '../support/malformed-configs.ts';
import { malformedLines } from '../support/malformed-lines.ts';
import { searchBytes, searchFolder } from '../support/needles.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { brokerPassword, createWorld, me, prepareServer, type Ran, type World } from '../support/world.ts';

let server: PostgresServer;
let world: World;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  world = createWorld(completed(config()));
  // Conditions are judged by an engine that loads at the first decision: not within the time of one of the cases.
  expect((await world.jit('elevate', 'orders-db:read', '--for', '1m', '--', 'true')).code).toBe(0);
});
afterAll(async () => {
  await world.remove();
  await server.stop();
});

/** With the real server and user in place of the words that stand for them. */
function completed(text: string): string {
  const secret = world ? path.join(world.dir, 'broker.password') : '';
  const filled = text
    .replaceAll('$HOST', server.host)
    .replaceAll('$PORT', String(server.port))
    .replaceAll('$ME', me);
  return secret ? filled.replaceAll('$SECRET', `file:${secret}`) : filled;
}

/** A file that the command after `--` would make. */
const trace = () => path.join(world.dir, 'the-command-ran');

function expectRefused(ran: Ran, exitCodes: readonly number[]): void {
  expect(exitCodes).toContain(ran.code);
  expect(ran.stdout).toBe('');
  expect(ran.stderr.match(/^jit: error: /gm)).toHaveLength(1);
  expect(ran.stderr).toMatch(/^jit: error: [^\n]+\n/);
  expect(ran.stderr).not.toMatch(/\n\s+at |node:internal|bug in jit|undefined|\[object/);
  // Nothing in it steers the terminal.
  expect(ran.stderr).not.toMatch(/[^\P{Cc}\n]/u);
  expect(searchBytes('stderr', ran.stderr, [planted, brokerPassword])).toEqual([]);
  expect(existsSync(trace())).toBe(false);
}

const elevate = () => world.jit('elevate', 'orders-db:read', '--for', '1m', '--', 'touch', trace());

describe('a malformed configuration', () => {
  test('comes in at least forty kinds', () => {
    expect(new Set(malformedConfigs.map(([what]) => what)).size).toBe(malformedConfigs.length);
    expect(malformedConfigs.length).toBeGreaterThanOrEqual(40);
  });

  test.each(malformedConfigs)(
    'with %s is refused by file, line and column',
    async (_what, marked, message) => {
      const whole = completed(marked);
      const text = whole.replace(mark, '');
      const { line, column } = positionIn(text, whole.indexOf(mark));
      world.writeConfig(text);
      const ran = await elevate();
      expectRefused(ran, [2]);
      const place = `${world.paths.configFile}:${line}:${column}: `;
      const told = ran.stderr.split('\n').filter((one) => one.replace('jit: error: ', '').startsWith(place));
      expect(told.join('\n'), ran.stderr).toContain(message);
    },
  );

  test.each(malformedConfigs.filter(([, text]) => text.includes(planted)))(
    'with %s is refused by a check without broker, too',
    async (_what, marked, message) => {
      world.writeConfig(completed(marked).replace(mark, ''));
      const ran = await world.jit('policy', 'check');
      expectRefused(ran, [2]);
      expect(ran.stderr).toContain(message);
    },
  );

  test.each([
    ['UTF-16', Buffer.from(`\uFEFFversion: 1 # ${planted}`, 'utf16le')],
    ['Latin 1', Buffer.from(`version: 1 # \xe4 ${planted}`, 'latin1')],
    ['more than a mebibyte', Buffer.from(`# ${planted}\n`.repeat(70_000))],
  ])('of %s is refused', async (_what, bytes) => {
    writeFileSync(world.paths.configFile, bytes);
    expectRefused(await elevate(), [2]);
  });

  test('does not keep the broker from telling its state', async () => {
    world.writeConfig('version: 2\n');
    const { code, stdout } = await world.jit('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ grants: [], overdue: 0 });
  });

  test.each([
    ['is missing', () => path.join(world.dir, 'missing.yaml')],
    ['is a folder', () => world.dir],
    ['cannot be read', () => '/proc/self/mem'],
    ['is below a file', () => path.join(world.paths.configFile, 'jit.yaml')],
    ['has a name that is too long', () => path.join(world.dir, 'n'.repeat(300))],
    ['has a name that steers the terminal', () => path.join(world.dir, 'a\u001b[31mb\u202e')],
    ['is empty', () => '/dev/null'],
    ['never ends', () => '/dev/full'],
    ['is a pipe', () => makePipe(path.join(world.dir, 'pipe'))],
    ['everybody may write', () => makeOpen(path.join(world.dir, 'open.yaml'))],
  ])('that %s is refused', async (_what, file) => {
    expectRefused(await world.jit('--config', file(), 'policy', 'check'), [2]);
  });
});

describe('a malformed command line', () => {
  beforeAll(() => world.writeConfig(completed(config())));

  test('comes in at least twenty-five kinds', () => {
    expect(new Set(malformedLines.map(([what]) => what)).size).toBe(malformedLines.length);
    expect(malformedLines.length).toBeGreaterThanOrEqual(25);
  });

  test.concurrent.each(malformedLines)('with %s is refused', async (_what, args, message, exitCode) => {
    const runsOne = args[0] === 'elevate' && !args.includes('--');
    const ran = await world.jit(...args, ...(runsOne ? ['--', 'touch', trace()] : []));
    expectRefused(ran, [exitCode]);
    expect(ran.stderr).toContain(message);
  });

  test('has its reason escaped wherever it is shown', async () => {
    const reason = 'fix\u001b[2J\u001b]0;owned\u0007 it\u202e\nnow';
    const ran = await world.jit(
      'elevate',
      'orders-db:write',
      '--for',
      '1m',
      '--reason',
      reason,
      '--',
      'true',
    );
    expect(ran.code).toBe(0);
    const plain = (await world.jit('audit', 'log')).stdout;
    const coloured = (await world.jit('audit', 'log', '--color')).stdout;
    for (const text of [ran.stderr, plain, coloured]) {
      for (const acts of ['\u001b[2J', '\u001b]', '\u0007', '\u202e', '\nnow'])
        expect(text).not.toContain(acts);
    }
    expect(plain).toContain('reason="fix\\u{1b}[2J\\u{1b}]0;owned\\u{7} it\\u{202e}\\nnow"');
  });
});

test('all of that left no grant, no role and no secret behind', async () => {
  // The session of the last case is over before its clean-up is.
  await until(async () => {
    const { stdout } = await world.jit('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ grants: [], overdue: 0 });
  });
  expect(await server.sql(`SELECT rolname FROM pg_roles WHERE rolname ~ '^jit_l'`)).toEqual([]);
  const verified = await world.jit('audit', 'verify', '--json');
  expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true });
  // In the broker's folders: database, its journal, broker.log, what is left of the runtime folder.
  expect(searchFolder(path.join(world.dir, 'state'), [planted, brokerPassword])).toEqual([]);
  expect(searchFolder(path.join(world.dir, 'run'), [planted, brokerPassword])).toEqual([]);
  expect(searchBytes('server log', server.serverLog(), [planted])).toEqual([]);
});

function makePipe(file: string): string {
  execFileSync('mkfifo', [file]);
  return file;
}

function makeOpen(file: string): string {
  writeFileSync(file, completed(config()));
  chmodSync(file, 0o666);
  return file;
}
