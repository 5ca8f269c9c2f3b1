// The shared store as people meet it: set up, synced to by real brokers, read and verified by an auditor.

import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { migrations } from '../../src/shared-store/migrations/index.ts';
import { setupSql } from '../../src/shared-store/setup.ts';
import { temporaryFolder } from '../fakes/folder.ts';
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
  # A machine that is busy with other tests is no failure.
  connect_timeout: 1m
  end_timeout: 30s
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
  expect(setUp.stderr).toContain(`applied ${migrations.map(({ name }) => name).join(', ')}`);
  const again = await alice.jit('store', 'init', ...address(), '--user', server.superuser.user, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ applied: [], version: migrations.length, sql: null });
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

  const { logs } = JSON.parse((await alice.jit('audit', 'verify', '--store', '--json')).stdout) as {
    logs: { origin: string; keys: string[] }[];
  };
  for (const { origin, keys } of logs) {
    // None of the two is Carol's, who has nothing but the auditor's login, and then the public key alone.
    const carol = user();
    const proof = path.join(carol.dir, 'event.tlog-proof');
    const proved = await carol.jit('audit', 'prove', `${origin}:1`, '--store', '--output', proof);
    expect(proved).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`: event 1 of ${origin}, `),
    });
    const checked = await carol.jit('audit', 'verify-proof', proof, '--key', keys.at(-1) ?? '');
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`valid, event 1 of ${origin}: `),
    });
  }
  expect(await alice.jit('audit', 'prove', '1', '--store')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/has 2 logs[\s\S]*hint: write <log>:1, /),
  });

  await server.sql("UPDATE jit.events SET received = received, body = body || '\\x20' WHERE seq = 0", 'jit');
  expect(await alice.jit('audit', 'verify', '--store')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('NOT VALID, event 0'),
    stderr: expect.stringContaining('2 of 2 logs'),
  });
});

/** What the environment of somebody who works with other databases may hold, all of it wrong for this one. */
const elsewhere = {
  PGHOST: '192.0.2.1',
  PGPORT: '1',
  PGDATABASE: 'postgres',
  PGUSER: 'nobody',
  PGPASSWORD: 'wrong',
  PGPASSFILE: '/nonexistent',
  PGSERVICE: 'nowhere',
  PGSSLMODE: 'verify-full',
  PGSSLNEGOTIATION: 'direct',
  PGOPTIONS: '-c default_transaction_read_only=on -c search_path=public -c bytea_output=escape',
  PGREPLICATION: 'database',
  PGBINARY: '1',
  PGCLIENT_ENCODING: 'latin1',
  PGCLIENTENCODING: 'latin1',
  PGAPPNAME: 'x',
  PGTZ: 'Asia/Tokyo',
  PGDATESTYLE: 'German',
  PGCONNECT_TIMEOUT: '1',
  NODE_PG_FORCE_NATIVE: '1',
};

test('variables for other PostgreSQL programs lead nobody elsewhere', async () => {
  const fay = user();
  Object.assign(fay.env, elsewhere, { JIT_BROKER: 'in-process', PGPASSWORD: server.superuser.password });
  const setUp = await fay.jit('store', 'init', ...address(), '--user', server.superuser.user, '--json');
  expect(setUp).toMatchObject({ code: 0, stderr: '' });
  fay.env['PGPASSWORD'] = elsewhere.PGPASSWORD;
  const synced = await fay.jit('audit', 'sync', '--json');
  expect(synced).toMatchObject({ code: 0, stderr: '' });
  const { origin } = JSON.parse(synced.stdout) as { origin: string };
  const log = await fay.jit('audit', 'log', '--store', '--json');
  expect(log).toMatchObject({ code: 0, stderr: '' });
  expect(log.stdout).toContain(origin);
});

test('with a store that takes the connection and never answers, a command in CI ends in time and says what was not sent', async () => {
  const open = new Set<Socket>();
  const silent = createServer((socket) => void open.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    const gil = user();
    const ledger = temporaryFolder();
    mkdirSync(path.join(ledger, 'live'));
    const box = config().replace(
      'roles: { use',
      `with: { ledger: ${JSON.stringify(ledger)} }\n    roles: { use`,
    );
    const { port } = silent.address() as AddressInfo;
    gil.writeConfig(
      box
        .replace(/host: .*/, 'host: 127.0.0.1')
        .replace(/port: .*/, `port: ${port}`)
        .replace('connect_timeout: 1m', 'connect_timeout: 10m')
        .replace('end_timeout: 30s', 'end_timeout: 1s'),
    );
    Object.assign(gil.env, { JIT_BROKER: 'in-process' });
    // Both the grant and the end of the command would take ten minutes if they waited for the store.
    const ran = await gil.jit('elevate', 'box:use', '--', 'echo', 'done');
    expect(ran).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(ran.stderr).toMatch(
      /^jit: warning: \d+ events are not at the shared store yet; .*jit audit sync$/m,
    );
    expect(open.size).toBeGreaterThan(0);
    gil.writeConfig(box);
    const synced = JSON.parse((await gil.jit('audit', 'sync', '--json')).stdout);
    expect(synced.acknowledged).toBe(synced.events);
  } finally {
    for (const socket of open) socket.destroy();
    silent.close();
  }
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
