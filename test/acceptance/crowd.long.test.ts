// Many at once: two hundred clients with one broker, fifty brokers for one user.

import { expect, test } from 'vitest';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { wish } from '../support/request.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';

const served = serve();

const clients = 200;
const brokers = 50;

test(`of ${brokers} brokers started at once exactly one stays, and every client is served by it`, async () => {
  const { world } = served;
  const started = Array.from({ length: brokers }, () => world.startBroker());
  const ended = started.map(
    (child) => new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code))),
  );
  const answering = await Promise.all(started.map(async () => (await (await world.client()).hello()).pid));
  const [pid] = answering;
  expect(new Set(answering).size).toBe(1);
  const losers = started.flatMap((child, index) => (child.pid === pid ? [] : [ended[index]]));
  expect(losers).toHaveLength(brokers - 1);
  expect(new Set(await Promise.all(losers))).toEqual(new Set([0]));
  await (await world.client()).stop();
  await Promise.all(ended);
});

test(`${clients} clients at once are all answered, and no role is issued twice`, async () => {
  const { server, world } = served;
  // One broker that runs already: what a crowd that finds none does is the test above.
  await (await world.client()).hello();
  const times: number[] = [];
  const replies = await Promise.all(
    Array.from({ length: clients }, async (): Promise<ElevateReply> => {
      const began = performance.now();
      const reply = await (await world.client()).elevate(wish());
      times.push(performance.now() - began);
      return reply;
    }),
  );
  const users = replies.map(({ env }) => env['PGUSER']);
  expect(new Set(users).size).toBe(clients);
  const roles = await server.sql('SELECT rolname FROM pg_roles WHERE rolname ~ $$^jit_l$$');
  expect(new Set(roles.map(({ rolname }) => rolname))).toEqual(new Set(users));

  times.sort((one, other) => one - other);
  const at = (part: number): string => `${Math.round(times[Math.ceil(part * clients) - 1] ?? 0)} ms`;
  process.stderr.write(`crowd: ${clients} clients at once, p50 ${at(0.5)}, p99 ${at(0.99)}\n`);

  const client = await world.client();
  await client.revoke({ grant: null, all: true, cause: 'revoked' });
  await until(async () =>
    expect(await server.sql('SELECT 1 FROM pg_roles WHERE rolname ~ $$^jit_l$$')).toEqual([]),
  );
}, 60_000);
