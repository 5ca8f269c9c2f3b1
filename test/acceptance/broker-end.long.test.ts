// The end of a broker that has grants open: asked for, forced, or nearly.

import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { wish } from '../support/request.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';

describe('with grants open', () => {
  const served = serve();
  let broker: ChildProcess;

  async function start(): Promise<Client> {
    broker = served.world.startBroker();
    let client: Client | undefined;
    await until(async () => {
      client = await served.world.client({ start: false });
      expect((await client.hello()).pid).toBe(broker.pid);
    });
    return client as Client;
  }
  afterEach(async () => {
    await served.world.client({ start: false }).then(
      (client) => client.stop(),
      () => undefined,
    );
    await ended();
  });

  const elevation = wish();
  const elevate = (client: Client): Promise<ElevateReply> => client.elevate(elevation);

  const roles = async (): Promise<number> =>
    (await served.server.sql('SELECT 1 FROM pg_roles WHERE rolname ~ $$^jit_l$$')).length;
  const ended = async (): Promise<{ code: number | null; took: number }> => {
    const began = performance.now();
    if (broker.exitCode === null && broker.signalCode === null)
      await new Promise((resolve) => broker.once('exit', resolve));
    return { code: broker.exitCode, took: performance.now() - began };
  };

  test.each(['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'on %s, even twice, it takes everything back, tells those who wait, and ends',
    async (signal) => {
      const client = await start();
      const grants = await Promise.all([elevate(client), elevate(client)]);
      expect(await roles()).toBe(2);
      const waiting = grants.map(({ grant: { id, state, deadline } }) =>
        client.wait({ grant: id, known: { state, deadline }, timeout: 60_000 }),
      );
      broker.kill(signal);
      broker.kill(signal);
      for (const reply of await Promise.all(waiting)) {
        expect(reply).toMatchObject({ state: 'ended', endCause: 'broker-stopped' });
      }
      broker.kill(signal);
      const { code, took } = await ended();
      expect(code).toBe(0);
      expect(took).toBeLessThan(8_000);
      expect(await roles()).toBe(0);
      expect(existsSync(served.world.paths.socket)).toBe(false);
      const files = existsSync(served.world.paths.grantsDir) ? readdirSync(served.world.paths.grantsDir) : [];
      expect(files).toEqual([]);
    },
  );

  test('a long poll that nothing would answer does not hold up the end', async () => {
    const client = await start();
    const { grant } = await elevate(client);
    await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
    const known = { state: 'ended', deadline: grant.deadline } as const;
    const waiting = client.wait({ grant: grant.id, known, timeout: 60_000 }).catch((error) => error);
    await client.hello();
    expect(await client.stop()).toEqual({ revoked: 0, overdue: 0, ending: 0 });
    const { code, took } = await ended();
    expect([code, took < 8_000]).toEqual([0, true]);
    expect(await waiting).toMatchObject({ code: 'ERR_BROKER_UNREACHABLE' });
  });

  test('a socket that was removed is back within seconds, and the grant is still there', async () => {
    const client = await start();
    const { grant } = await elevate(client);
    unlinkSync(served.world.paths.socket);
    await until(async () => {
      const again = await served.world.client({ start: false });
      expect((await again.hello()).pid).toBe(broker.pid);
      expect((await again.status()).grants).toMatchObject([{ id: grant.id, state: 'active' }]);
    });
  });

  test('after kill -9 the next broker takes the place of the socket that was left, and takes back the grant', async () => {
    await elevate(await start());
    expect(await roles()).toBe(1);
    broker.kill('SIGKILL');
    await ended();
    expect(existsSync(served.world.paths.socket)).toBe(true);
    await start();
    await until(async () => expect(await roles()).toBe(0));
    const verified = await served.world.jit('audit', 'verify');
    expect([verified.code, verified.stderr]).toEqual([0, '']);
  });

  test('a reason with NUL, escapes, statements or as many bytes as the policy takes breaks nothing', async () => {
    const client = await start();
    const escapes = '\u001b]0;title\u0007 \u202e reversed';
    const reasons = ['a\0b-reason', escapes, `'; DROP ROLE jit_broker; -- "`, '🔑'.repeat(500)];
    const grants = await Promise.all(reasons.map((reason) => client.elevate({ ...elevation, reason })));
    expect(grants.map(({ grant }) => [grant.state, grant.reason])).toEqual(
      reasons.map((reason) => ['active', reason]),
    );
    const { revoked } = await client.revoke({ grant: null, all: true, cause: 'revoked' });
    expect(revoked).toHaveLength(reasons.length);
    expect(await roles()).toBe(0);
  });
});
