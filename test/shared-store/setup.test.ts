import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { withStore } from '../../src/shared-store/connection.ts';
import { setupSql } from '../../src/shared-store/setup.ts';
import { systemClock } from '../../src/system/clock.ts';
import { tlsOptions } from '../../src/system/postgres-tls.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { startStore } from './support.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startStore();
});
afterAll(() => server.stop());

test('a set-up whose lock any login holds ends, and says who holds it', async () => {
  const writer = await server.connect('postgres', 'writer', 'writer');
  const [held] = (await writer.query('SELECT pg_advisory_lock(4711006), pg_backend_pid() AS pid')).rows;
  const impatient = setupSql().replace("interval '20 seconds'", "interval '1 second'");
  expect(impatient).not.toBe(setupSql());
  const { host, port } = server;
  const address = {
    ...{ host, port, database: 'postgres', sslRootCert: null, connectTimeout: 60_000 },
    sslmode: 'disable' as const,
  };
  const { user } = server.superuser;
  const password = new Secret(server.superuser.password);
  const setUp = () =>
    withStore(
      { address, user, password, clock: systemClock, signal: new AbortController().signal },
      (connection) => connection.run(impatient),
    );
  await expect(setUp()).rejects.toMatchObject({
    code: 'ERR_TARGET_REFUSED',
    message: expect.stringContaining(`held by another session (pid ${held.pid}, login "writer")`),
    hint: expect.stringContaining('pg_terminate_backend'),
  });
  await writer.end();
  await setUp();
});

test('a certificate is checked whatever the environment says of unchecked ones', async () => {
  for (const mode of ['verify-ca', 'verify-full'] as const) {
    expect(await tlsOptions(mode, null)).toMatchObject({ rejectUnauthorized: true });
  }
});
