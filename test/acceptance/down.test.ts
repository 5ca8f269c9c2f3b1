// A server that is down: when a credential is wanted, and when it has to be taken back.

import { expect, test } from 'vitest';
import { loginOf } from '../support/login.ts';
import { wish } from '../support/request.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';

const served = serve();

test('a server that is down at issue gives a clear error and leaves nothing', async () => {
  const { server, world } = served;
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
  const { server, world } = served;
  const client = await world.client();
  const { grant, env } = await client.elevate(wish({ duration: 2_000 }));
  const login = loginOf(env);
  await server.halt('immediate');
  await until(async () => expect((await client.status()).overdue).toBe(1));
  const shown = await world.jit('status');
  expect(shown.stdout).toMatch(/overdue/i);
  await server.start();
  await until(async () => {
    expect(await server.sql(`SELECT 1 FROM pg_roles WHERE rolname = '${login.user}'`)).toEqual([]);
    expect((await client.status()).overdue).toBe(0);
  });
  const log = await world.jit('audit', 'log', '--grant', grant.id, '--json');
  const types = (JSON.parse(log.stdout) as { events: { body: { type: string } }[] }).events.map(
    ({ body }) => body.type,
  );
  expect(types).toEqual(expect.arrayContaining(['lease.overdue', 'lease.revoked']));
});
