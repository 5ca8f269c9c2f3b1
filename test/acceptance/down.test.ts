// A server that is down: when a credential is wanted, and when it has to be taken back.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ownSession } from '../../src/system/process-info.ts';
import { loginOf } from '../support/login.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { configFor, createWorld, prepareServer, type World } from '../support/world.ts';

let server: PostgresServer;
let world: World;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  world = createWorld(configFor(server));
});
afterAll(async () => {
  await world.remove();
  await server.stop();
});

test('a server that is down at issue gives a clear error and leaves nothing', async () => {
  await server.halt();
  const ran = await world.jit('elevate', 'orders-db:read', '--for', '1m', '--', 'true');
  expect(ran.code).toBe(125);
  expect(ran.stderr).toMatch(/^jit: error: .*orders-db/m);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  const { stdout } = await world.jit('status', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ grants: [], overdue: 0 });
  await server.start();
  expect(await server.sql('SELECT rolname FROM pg_roles WHERE rolname ~ $$^jit_l$$')).toEqual([]);
});

test('a server that is down at the deadline is overdue, and access is revoked once it is back', async () => {
  const client = await world.client();
  const { grant, env } = await client.elevate({
    target: 'orders-db',
    role: 'read',
    scope: null,
    duration: 2_000,
    reason: null,
    ticket: null,
    interactive: false,
    ci: false,
    parent: null,
    export: 'reference',
    keep: true,
    session: ownSession(),
  });
  const login = loginOf(env);
  await server.halt('immediate');
  await vi.waitFor(async () => expect((await client.status()).overdue).toBe(1), {
    timeout: 15_000,
    interval: 100,
  });
  const shown = await world.jit('status');
  expect(shown.stdout).toMatch(/overdue/i);
  await server.start();
  await vi.waitFor(
    async () => {
      expect(await server.sql(`SELECT 1 FROM pg_roles WHERE rolname = '${login.user}'`)).toEqual([]);
      expect((await client.status()).overdue).toBe(0);
    },
    { timeout: 10_000, interval: 100 },
  );
  const log = await world.jit('audit', 'log', '--grant', grant.id, '--json');
  const types = (JSON.parse(log.stdout) as { events: { body: { type: string } }[] }).events.map(
    ({ body }) => body.type,
  );
  expect(types).toEqual(expect.arrayContaining(['lease.overdue', 'lease.revoked']));
});
