// Issuing on real servers: what is made, what it may do, what is left when it fails, what the server's log holds.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';
import {
  brokerPassword,
  issue,
  openProvider,
  passwordOf,
  prepare,
  requestFor,
  revoke,
  targetOn,
} from '../../support/postgres-target.ts';

describe.each(postgresVersions)('issuing on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await prepare(server);
  });
  afterAll(() => server.stop());

  const roles = () => server.sql(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'jit\\_l%'`);
  const login = (issued: Awaited<ReturnType<typeof issue>>, database = 'orders') =>
    server.connect(database, issued.handle.name, passwordOf(issued));

  it('makes a login that has the rights of its groups and no more', async () => {
    const provider = openProvider(targetOn(server));
    const issued = await issue(provider, 'read');
    const client = await login(issued);
    expect((await client.query('SELECT note FROM orders')).rows).toEqual([{ note: 'first' }]);
    await expect(client.query(`UPDATE orders SET note = 'x'`)).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('CREATE ROLE more')).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('CREATE DATABASE more')).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('SET ROLE jit_broker')).rejects.toMatchObject({ code: '42501' });
    await client.end();
    const [role] = await server.sql(
      `SELECT oid::int, rolconnlimit, rolvaliduntil, rolsuper, rolcreaterole, rolbypassrls,
              shobj_description(oid, 'pg_authid') AS comment
         FROM pg_roles WHERE rolname = '${issued.handle.name}'`,
    );
    expect(role).toMatchObject({
      oid: issued.handle.oid,
      rolconnlimit: 4,
      rolvaliduntil: new Date(issued.expiresAt),
      rolsuper: false,
      rolcreaterole: false,
      rolbypassrls: false,
    });
    expect(JSON.parse(String(role?.['comment']))).toMatchObject({
      lease: issued.handle.lease,
      sub: 'user:alice',
      reason: "fix order 17; it's \\ urgent",
      exp: new Date(issued.expiresAt).toISOString(),
    });
    await revoke(provider, issued.handle);
  });

  it('gives only the groups of a scope', async () => {
    const scopes = { insert: { groups: ['app_ro'] } };
    const provider = openProvider(targetOn(server, {}, { write: { groups: ['app_ro', 'app_rw'], scopes } }));
    const narrow = await issue(provider, 'write', { scope: 'insert' });
    const wide = await issue(provider, 'write');
    const [narrowClient, wideClient] = [await login(narrow), await login(wide)];
    const insert = `INSERT INTO orders VALUES (2, 'second')`;
    await expect(narrowClient.query(insert)).rejects.toMatchObject({ code: '42501' });
    expect((await wideClient.query(insert)).rowCount).toBe(1);
    await Promise.all([narrowClient.end(), wideClient.end()]);
    await Promise.all([revoke(provider, narrow.handle), revoke(provider, wide.handle)]);
  });

  it('sets the defaults that the role of the config asks for', async () => {
    await server.sql('GRANT SET ON PARAMETER log_statement TO jit_broker');
    const provider = openProvider(
      targetOn(
        server,
        {},
        {
          guarded: {
            groups: ['app_ro', 'app_rw'],
            read_only: true,
            statement_timeout: '5s',
            idle_timeout: '1m',
            connection_limit: 1,
            log_statements: true,
          },
        },
      ),
    );
    const issued = await issue(provider, 'guarded');
    const client = await login(issued);
    const shown = async (name: string) => Object.values((await client.query(`SHOW ${name}`)).rows[0])[0];
    expect(await shown('statement_timeout')).toBe('5s');
    expect(await shown('idle_in_transaction_session_timeout')).toBe('1min');
    expect(await shown('log_statement')).toBe('all');
    expect(await shown('application_name')).toBe('jit gtest0000001');
    await expect(client.query(`INSERT INTO orders VALUES (3, 'x')`)).rejects.toMatchObject({ code: '25006' });
    await expect(login(issued)).rejects.toMatchObject({ code: '53300' });
    await client.end();
    await revoke(provider, issued.handle);
    await server.sql('REVOKE SET ON PARAMETER log_statement FROM jit_broker');
    await expect(issue(provider, 'guarded')).rejects.toMatchObject({
      code: 'ERR_TARGET_REFUSED',
      hint: expect.stringContaining('GRANT SET ON PARAMETER log_statement'),
    });
  });

  it('refuses new logins after the deadline by the clock of the server alone', async () => {
    const provider = openProvider(targetOn(server));
    const issued = await issue(provider, 'read', { deadline: systemClock.now() - 1000 });
    await expect(login(issued)).rejects.toMatchObject({ code: '28P01' });
    await revoke(provider, issued.handle);
  });

  it('moves the deadline when renewed, and not once it is being revoked', async () => {
    const provider = openProvider(targetOn(server));
    const issued = await issue(provider, 'read', { deadline: systemClock.now() - 1000 });
    const later = systemClock.now() + 600_000;
    const signal = AbortSignal.timeout(30_000);
    expect(await provider.renew(issued.handle, later, signal)).toEqual({ hardDeadline: later });
    await (await login(issued)).end();
    await server.sql(`ALTER ROLE ${issued.handle.name} NOLOGIN`);
    await expect(provider.renew(issued.handle, later, signal)).rejects.toMatchObject({
      code: 'ERR_TARGET_REFUSED',
    });
    await revoke(provider, issued.handle);
    await expect(provider.renew(issued.handle, later, signal)).rejects.toMatchObject({
      code: 'ERR_TARGET_REFUSED',
    });
  });

  it('issues twenty at once', async () => {
    const provider = openProvider(targetOn(server));
    const issued = await Promise.all(Array.from({ length: 20 }, () => issue(provider, 'write')));
    expect(new Set(issued.map(({ handle }) => handle.oid)).size).toBe(20);
    expect(await roles()).toHaveLength(20);
    await Promise.all(issued.map(({ handle }) => revoke(provider, handle)));
    expect(await roles()).toEqual([]);
  });

  it('leaves nothing when the server refuses a part of it', async () => {
    const provider = openProvider(targetOn(server, {}, { odd: { groups: ['app_ro', 'no_such_group'] } }));
    await expect(issue(provider, 'odd')).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
    expect(await roles()).toEqual([]);
  });

  it('takes up its own role again after a crash, and no other', async () => {
    const provider = openProvider(targetOn(server));
    const request = requestFor('read');
    const { handle } = provider.plan(request);
    const signal = AbortSignal.timeout(30_000);
    const first = await provider.issue(handle, request, signal);
    const second = await provider.issue(handle, request, signal);
    expect(second.handle.oid).toBe(first.handle.oid);
    await expect(login(first)).rejects.toMatchObject({ code: '28P01' });
    await (await login(second)).end();
    await server.sql(`COMMENT ON ROLE ${handle.name} IS 'of somebody else'`);
    await expect(provider.issue(handle, request, signal)).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    await revoke(provider, second.handle);
  });

  it('refuses when the clocks are more than five minutes apart', async () => {
    const clock = { ...systemClock, now: () => systemClock.now() - 6 * 60_000 };
    await expect(issue(openProvider(targetOn(server), { clock }), 'read')).rejects.toMatchObject({
      code: 'ERR_CLOCK',
    });
    expect(await roles()).toEqual([]);
  });

  it('says what is wrong when the broker cannot log in, without the password', async () => {
    const wrong = 'wrong-canary-88';
    const provider = openProvider(targetOn(server), { resolveSecret: async () => new Secret(wrong) });
    const failed = await issue(provider, 'read').catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'ERR_TARGET_REFUSED', message: expect.stringContaining('28P01') });
    expect(JSON.stringify([failed, (failed as Error).message, (failed as Error).stack])).not.toContain(wrong);
  });

  it('keeps every password out of the log of a server that logs every statement', async () => {
    const provider = openProvider(targetOn(server));
    const issued = await issue(provider, 'read');
    await (await login(issued)).end();
    await provider.renew(issued.handle, issued.expiresAt + 1000, AbortSignal.timeout(30_000));
    await revoke(provider, issued.handle);
    const log = server.serverLog();
    expect(log).toContain(`CREATE ROLE "${issued.handle.name}"`);
    expect(log).not.toContain(passwordOf(issued));
    expect(log).not.toContain(brokerPassword);
  });
});

describe('issuing without a server', () => {
  it('is unreachable when nothing listens, and when the signal aborts while it waits', async () => {
    const provider = openProvider(targetOn({ host: '127.0.0.1', port: 1 }));
    await expect(issue(provider, 'read')).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    const request = requestFor('read');
    const call = provider.issue(provider.plan(request).handle, request, AbortSignal.abort());
    await expect(call).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
  });

  it('refuses roles and scopes that the target does not have', () => {
    const provider = openProvider(targetOn({ host: '127.0.0.1', port: 1 }));
    expect(() => provider.plan(requestFor('admin'))).toThrowError(
      expect.objectContaining({ code: 'ERR_UNKNOWN_NAME' }),
    );
    expect(() => provider.plan(requestFor('read', { scope: 'x' }))).toThrowError(
      expect.objectContaining({ code: 'ERR_UNKNOWN_NAME' }),
    );
  });
});
