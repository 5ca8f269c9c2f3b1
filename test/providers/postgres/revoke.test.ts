// Revocation on real servers, against somebody who tries to stay: sessions, objects, grants, locks, crashes in between.

import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { Clock } from '../../../src/system/clock.ts';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';
import {
  issue,
  openProvider,
  passwordOf,
  prepare,
  quickClock,
  remember,
  requestFor,
  revoke,
  targetOn,
} from '../../support/postgres-target.ts';

const allSteps = ['fenced', 'killed', 'inventoried', 'cleaned', 'dropped'];

describe.each(postgresVersions)('revoking on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  const clients: Client[] = [];
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { max_prepared_transactions: '5' } });
    await prepare(server);
    await server.sql(`CREATE ROLE bystander LOGIN PASSWORD 'bystander'; CREATE ROLE app_owner NOLOGIN;
      GRANT app_owner TO jit_broker WITH ADMIN OPTION`);
    await server.sql(
      'ALTER TABLE orders OWNER TO app_owner; GRANT USAGE ON SCHEMA public TO bystander',
      'orders',
    );
  });
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined))));
  afterAll(() => server.stop());

  const provider = () => openProvider(targetOn(server));
  const signal = () => AbortSignal.timeout(20_000);
  const connect = async (name: string, password: string, database = 'orders') => {
    const client = await server.connect(database, name, password);
    clients.push(client);
    return client;
  };
  const login = (issued: Awaited<ReturnType<typeof issue>>, database?: string) =>
    connect(issued.handle.name, passwordOf(issued), database);
  const isDead = (client: Client) =>
    client.query('SELECT 1').then(
      () => false,
      () => true,
    );
  const remains = async (oid: number | null) =>
    server.sql(`SELECT 'role' AS what FROM pg_roles WHERE oid = ${oid}
      UNION ALL SELECT 'session' FROM pg_stat_activity WHERE usesysid = ${oid}
      UNION ALL SELECT 'dependency' FROM pg_shdepend WHERE refobjid = ${oid}
      UNION ALL SELECT 'membership' FROM pg_auth_members WHERE ${oid} IN (roleid, member, grantor)`);

  it('ends sessions that hold a cursor, an idle transaction or a running query', async () => {
    const issued = await issue(provider(), 'write');
    const [cursor, idle, busy] = [await login(issued), await login(issued), await login(issued)];
    await cursor.query('BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM orders; FETCH 1 FROM c; COMMIT');
    await idle.query(`BEGIN; UPDATE orders SET note = 'unfinished'`);
    const running = busy.query('SELECT pg_sleep(60)').then(
      () => 'finished',
      () => 'broken off',
    );
    const report = await revoke(provider(), issued.handle);
    expect(report.steps).toEqual(allSteps);
    expect(report.facts['killed']).toMatchObject({ sessions: 3 });
    expect(report.ended).toBe(1);
    expect(await running).toBe('broken off');
    expect([await isDead(cursor), await isDead(idle)]).toEqual([true, true]);
    expect(await remains(issued.handle.oid)).toEqual([]);
    expect(
      await server.sql(`SELECT count(*)::int AS n FROM orders WHERE note = 'unfinished'`, 'orders'),
    ).toEqual([{ n: 0 }]);
    expect(await provider().confirm(issued.handle, signal())).toBe('gone');
  });

  it('ends a session that became another role by SET ROLE', async () => {
    const issued = await issue(provider(), 'write');
    // From 16 on jit refuses SET ROLE; an administrator may have allowed it all the same.
    await server.sql(`GRANT app_owner TO ${issued.handle.name}`);
    const client = await login(issued);
    if (version >= 16) {
      await expect(client.query('SET ROLE app_rw')).rejects.toMatchObject({ code: '42501' });
    }
    await client.query('SET ROLE app_owner; BEGIN');
    expect((await client.query('SELECT current_user')).rows).toEqual([{ current_user: 'app_owner' }]);
    await revoke(provider(), issued.handle);
    expect(await isDead(client)).toBe(true);
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('ends sessions of a role that is dropped already', async () => {
    const issued = await issue(provider(), 'read');
    const client = await login(issued);
    await server.sql(`DROP ROLE ${issued.handle.name}`);
    expect(await isDead(client)).toBe(false);
    expect(await provider().confirm(issued.handle, signal())).toBe('alive');
    await revoke(provider(), issued.handle);
    expect(await isDead(client)).toBe(true);
    expect(await provider().confirm(issued.handle, signal())).toBe('gone');
  });

  it('looks again after a second, and ends a login that was under way during the fence', async () => {
    const issued = await issue(provider(), 'read');
    const waits: number[] = [];
    let late: Client | undefined;
    const clock: Clock = {
      ...quickClock,
      after(delay, callback) {
        if (delay !== 1000) return quickClock.after(delay, callback);
        waits.push(delay);
        if (waits.length > 1) return quickClock.after(delay, callback);
        // What the server had let in before the fence appears now: it cannot be timed, so an administrator helps.
        void server
          .sql(
            `ALTER ROLE ${issued.handle.name} LOGIN PASSWORD 'late' CONNECTION LIMIT 1 VALID UNTIL 'infinity'`,
          )
          .then(() => connect(issued.handle.name, 'late'))
          .then((client) => {
            late = client;
            callback();
          });
        return () => undefined;
      },
    };
    const report = await revoke(openProvider(targetOn(server), { clock }), issued.handle);
    expect(waits).toEqual([1000, 1000]);
    expect(report.facts['killed']).toMatchObject({ sessions: 1 });
    expect(report.ended).toBe(2);
    expect(report.found).toBeGreaterThan(0);
    expect(late && (await isDead(late))).toBe(true);
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('is not held up by a session that keeps the row of its role locked', async () => {
    const issued = await issue(provider(), 'read');
    const client = await login(issued);
    await client.query(`BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'my-own'`);
    const report = await revoke(provider(), issued.handle);
    expect(report.steps).toEqual(allSteps);
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('rolls back a prepared transaction that keeps the row of its role locked', async () => {
    const issued = await issue(provider(), 'write');
    const client = await login(issued);
    await client.query(`BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'my-own'; CREATE TABLE hidden (n int)`);
    await client.query(`PREPARE TRANSACTION 'it''s \\ hidden'`);
    const report = await revoke(provider(), issued.handle);
    expect(report.steps).toEqual(allSteps);
    expect(await server.sql('SELECT gid FROM pg_prepared_xacts')).toEqual([]);
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('stops a login with a password that the user set', async () => {
    const issued = await issue(provider(), 'read');
    const client = await login(issued);
    await client.query(
      `ALTER ROLE CURRENT_USER PASSWORD 'my-own'; ALTER ROLE CURRENT_USER SET work_mem = '8MB'`,
    );
    await revoke(provider(), issued.handle);
    await expect(connect(issued.handle.name, 'my-own')).rejects.toMatchObject({ code: '28P01' });
  });

  it('does it all again when it is called again, also with a handle that knows no OID', async () => {
    const issued = await issue(provider(), 'write');
    await (await login(issued)).query('CREATE TABLE left_again (n int)');
    const { handle } = issued;
    await revoke(provider(), { ...handle, oid: null });
    expect(await remains(handle.oid)).toEqual([]);
    const again = await revoke(provider(), handle);
    expect(again.steps).toEqual(['killed']);
    expect(again.ended).toBe(1);
    const never = await revoke(provider(), provider().plan(requestFor('read')).handle);
    expect([never.steps, never.ended]).toEqual([[], 1]);
    await server.sql('DROP TABLE left_again', 'orders');
  });

  it.each(['fenced', 'killed', 'inventoried', 'cleaned', 'dropped'])(
    'goes on after a crash once %s',
    async (step) => {
      const issued = await issue(provider(), 'write');
      const client = await login(issued);
      await client.query('CREATE TABLE left_at_crash (n int)');
      const crash = remember();
      const remembered = crash.step;
      crash.step = (name, facts) => {
        remembered(name, facts);
        if (name === step) throw new JitError('ERR_INTERNAL', 'crash');
      };
      await expect(revoke(provider(), issued.handle, crash)).rejects.toMatchObject({ message: 'crash' });
      expect(crash.steps.at(-1)).toBe(step);
      // Another process, with what was on disk: the handle.
      await revoke(provider(), JSON.parse(JSON.stringify(issued.handle)));
      expect(await isDead(client)).toBe(true);
      expect(await remains(issued.handle.oid)).toEqual([]);
      await server.sql('DROP TABLE left_at_crash', 'orders');
    },
  );

  it('finds its role by OID when it was renamed, and leaves a role of the same name alone', async () => {
    const issued = await issue(provider(), 'read');
    await server.sql(`ALTER ROLE ${issued.handle.name} RENAME TO "it's ""renamed"""`);
    await server.sql(`CREATE ROLE ${issued.handle.name} LOGIN`);
    await revoke(provider(), issued.handle);
    expect(await remains(issued.handle.oid)).toEqual([]);
    expect(await provider().confirm(issued.handle, signal())).toBe('gone');
    expect(await server.sql(`SELECT 1 AS n FROM pg_roles WHERE rolname = '${issued.handle.name}'`)).toEqual([
      { n: 1 },
    ]);
    // The same name with the comment of this lease: a server that was restored from a dump.
    await server.sql(`COMMENT ON ROLE ${issued.handle.name} IS '{"lease":"${issued.handle.lease}"}';
      GRANT ${issued.handle.name} TO jit_broker WITH ADMIN OPTION`);
    await revoke(provider(), issued.handle);
    expect(await server.sql(`SELECT 1 AS n FROM pg_roles WHERE rolname = '${issued.handle.name}'`)).toEqual(
      [],
    );
  });

  it('is unreachable while the server is down, and done after it is back', async () => {
    const issued = await issue(provider(), 'read');
    await server.halt();
    await expect(revoke(provider(), issued.handle)).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(await provider().confirm(issued.handle, signal())).toBe('unknown');
    await expect(issue(provider(), 'read')).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    await server.start();
    await revoke(provider(), issued.handle);
    expect(await provider().confirm(issued.handle, signal())).toBe('gone');
  });

  it('touches nobody else on a restored server where its OID is another role', async () => {
    await server.sql(`CREATE ROLE other_person LOGIN PASSWORD 'other'`);
    const [other] = await server.sql(`SELECT oid FROM pg_roles WHERE rolname = 'other_person'`);
    const client = await connect('other_person', 'other');
    const handle = { ...provider().plan(requestFor('read')).handle, oid: Number(other?.['oid']) };
    const report = await revoke(provider(), handle);
    expect([report.steps, report.ended]).toEqual([[], 1]);
    expect(await isDead(client)).toBe(false);
    expect(await provider().confirm(handle, signal())).toBe('gone');
  });
});
