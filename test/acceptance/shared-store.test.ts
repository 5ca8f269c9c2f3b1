// The shared store as people meet it: set up, synced to by real brokers, read and verified by an auditor.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { setupSql } from '../../src/shared-store/setup.ts';
import { programLine } from '../support/command-target.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { brokerPassword, createWorld, type World } from '../support/world.ts';

let server: PostgresServer;
const worlds: World[] = [];

beforeAll(async () => {
  server = await startPostgres({ version: 15 });
  await server.createDatabase('jit');
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove();
});

const config = (): string => `version: 1
targets:
  box:
    provider: command
    issue: ${JSON.stringify([...programLine, 'issue'])}
    revoke: ${JSON.stringify([...programLine, 'revoke'])}
    roles: { use: {} }
entitlements:
  - { name: all, who: [everyone], roles: ["box:use"], max_duration: 1h }
store:
  host: ${JSON.stringify(server.host)}
  port: ${server.port}
  database: jit
  user: writer
  password: $SECRET
  auditor: { user: auditor, password: $SECRET }
`;

function user(): World {
  const world = createWorld(config());
  worlds.push(world);
  return world;
}

const address = (): string[] => ['--host', server.host, '--port', String(server.port), '--database', 'jit'];

test('a store is set up, filled, read and verified by the commands alone', async () => {
  const alice = user();
  const bob = user();
  Object.assign(alice.env, { PGPASSWORD: server.superuser.password });
  const setUp = await alice.jit('store', 'init', ...address(), '--user', server.superuser.user);
  expect(setUp).toMatchObject({ code: 0, stdout: expect.stringContaining('database: "jit"') });
  expect(setUp.stderr).toContain('applied logs-and-events, append, partitions');
  const again = await alice.jit('store', 'init', ...address(), '--user', server.superuser.user, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ applied: [], version: 3, sql: null });
  await server.sql(
    `CREATE ROLE writer LOGIN PASSWORD '${brokerPassword}' IN ROLE jit_writer;
     CREATE ROLE auditor LOGIN PASSWORD '${brokerPassword}' IN ROLE jit_auditor`,
    'jit',
  );

  for (const person of [alice, bob]) {
    await person.jit('targets');
    const synced = await person.jit('audit', 'sync', '--json');
    expect(synced).toMatchObject({ code: 0, stderr: '' });
    const { events, acknowledged, failure } = JSON.parse(synced.stdout);
    expect({ acknowledged, failure }).toEqual({ acknowledged: events, failure: null });
  }
  const status = await bob.jit('audit', 'sync', '--status');
  expect(status.stdout).toMatch(/^jit\.\S+ at .*: \d+ of \d+ events acknowledged$/m);

  const all = JSON.parse((await bob.jit('audit', 'log', '--store', '--json')).stdout) as {
    events: { body: { origin: string } }[];
  };
  expect(new Set(all.events.map(({ body }) => body.origin)).size).toBe(2);
  const verified = await alice.jit('audit', 'verify', '--store');
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(verified.stdout.match(/: valid, \d+ events/g)).toHaveLength(2);

  await server.sql("UPDATE jit.events SET received = received, body = body || '\\x20' WHERE seq = 0", 'jit');
  expect(await alice.jit('audit', 'verify', '--store')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('NOT VALID, event 0'),
    stderr: expect.stringContaining('2 of 2 logs'),
  });
});

test('a broker tells the store of its own end', async () => {
  const carol = user();
  await carol.jit('targets');
  const { origin } = JSON.parse((await carol.jit('audit', 'sync', '--json')).stdout) as { origin: string };
  await carol.jit('broker', 'stop');
  const rows = await server.sql(
    `SELECT seq FROM jit.events WHERE origin = '${origin}' AND jit.said(body) ->> 'type' = 'broker.stop'`,
    'jit',
  );
  expect(rows).toHaveLength(1);
});

test('without a store, or an auditor, the commands say what is missing', async () => {
  const dora = user();
  dora.writeConfig(config().replace(/store:[\s\S]*/, ''));
  expect(await dora.jit('audit', 'sync')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no shared store'),
  });
  expect((await dora.jit('audit', 'sync', '--status')).stdout).toContain('no shared store');
  expect(await dora.jit('audit', 'log', '--store')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('names no auditor'),
  });
  const printed = await dora.jit('store', 'init', '--print');
  expect(printed).toMatchObject({ code: 0, stdout: `${setupSql().trimEnd()}\n` });
});

test('a wrong password is told, and stops no other command', async () => {
  const eve = user();
  eve.writeConfig(config().replace('user: writer', 'user: nobody'));
  const failed = await eve.jit('audit', 'sync', '--now');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/answered 28(P01|000)/);
  expect(await eve.jit('targets')).toMatchObject({ code: 0 });
});
