// What a role leaves behind on real servers: reported, harmless, cleaned, and the role dropped when that is possible.

import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';
import {
  issue,
  openProvider,
  passwordOf,
  prepare,
  remember,
  revoke,
  targetOn,
} from '../../support/postgres-target.ts';

describe.each(postgresVersions)('cleaning up on PostgreSQL %i', (version) => {
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

  it('reports and cleans what was left in two databases', async () => {
    const issued = await issue(provider(), 'write');
    for (const database of ['orders', 'billing']) {
      const client = await login(issued, database);
      await client
        .query(`CREATE TABLE left_over (n int); CREATE VIEW left_view AS SELECT * FROM left_over;
        CREATE SEQUENCE left_numbers; CREATE TYPE left_kind AS ENUM ('a'); CREATE SCHEMA AUTHORIZATION current_user`)
        .catch(async (thrown: unknown) => {
          // No right to make schemas: the rest has to be made all the same.
          expect(thrown).toMatchObject({ code: '42501' });
          await client.query(`CREATE TABLE left_over (n int); CREATE VIEW left_view AS SELECT * FROM left_over;
            CREATE SEQUENCE left_numbers; CREATE TYPE left_kind AS ENUM ('a')`);
        });
      await client.query(`GRANT SELECT ON left_over TO bystander; GRANT UPDATE (n) ON left_over TO PUBLIC;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bystander; SELECT lo_create(0)`);
    }
    const report = await revoke(provider(), issued.handle);
    const told = report.findings.map(({ kind, where }) => `${kind} ${where}`);
    for (const database of ['orders', 'billing']) {
      expect(told).toContain(`owned-object ${database}/public.left_over`);
      expect(told).toContain(`owned-object ${database}/public.left_view`);
      expect(told).toContain(`third-party-grant ${database}/public.left_over`);
      expect(
        await server.sql(
          `SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname LIKE 'left\\_%'`,
          database,
        ),
      ).toEqual([{ owner: 'jit_quarantine' }]);
      expect(
        await server.sql(
          `SELECT has_table_privilege('bystander', 'left_over', 'SELECT') AS read,
                  has_column_privilege('bystander', 'left_over', 'n', 'UPDATE') AS write`,
          database,
        ),
      ).toEqual([{ read: false, write: false }]);
      await server.sql(
        'DROP TABLE left_over CASCADE; DROP SEQUENCE left_numbers; DROP TYPE left_kind',
        database,
      );
    }
    expect(report.facts['inventoried']).toMatchObject({ findings: report.findings.length });
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('leaves a function with owner rights that runs with the rights of nobody', async () => {
    const issued = await issue(provider(), 'write');
    const client = await login(issued);
    await client.query(`CREATE FUNCTION public.back_door() RETURNS text SECURITY DEFINER LANGUAGE sql
      AS 'SELECT note FROM public.orders LIMIT 1'`);
    await client.query('GRANT EXECUTE ON FUNCTION back_door() TO bystander');
    const bystander = await connect('bystander', 'bystander');
    expect((await bystander.query('SELECT back_door()')).rows).toEqual([{ back_door: 'first' }]);
    const report = await revoke(provider(), issued.handle);
    expect(report.findings.map(({ kind, where }) => `${kind} ${where}`)).toContain(
      'security-definer orders/public.back_door()',
    );
    await expect(bystander.query('SELECT back_door()')).rejects.toMatchObject({ code: '42501' });
    // Even for somebody who may run anything it has no rights but those of the quarantine role.
    await expect(server.sql('SELECT back_door()', 'orders')).rejects.toMatchObject({ code: '42501' });
    await server.sql('DROP FUNCTION back_door()', 'orders');
  });

  it('tells of odd names in text that is well-formed and free of control characters', async () => {
    const issued = await issue(provider(), 'write');
    const client = await login(issued);
    const emoji = `"${'😀'.repeat(15)}"`;
    const args = Array.from({ length: 9 }, () => emoji).join(', ');
    // Whichever way the 200 characters fall: one of the two names is cut in the middle of an emoji.
    await client.query(`CREATE TYPE ${emoji} AS ENUM ('a'); CREATE TABLE "left\u202e\u001b[2J" (n int);
      CREATE FUNCTION even(${args}) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION odd(${args}) RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    await client.end();
    await server.sql(`ALTER ROLE ${issued.handle.name} RENAME TO "jit_\u202e\u001b😀"`);
    const report = await revoke(provider(), issued.handle);
    const texts = [
      ...report.findings.flatMap(({ where, detail, action }) => [where, detail, action]),
      ...Object.values(report.facts).flatMap((facts) => Object.values(facts).flat().map(String)),
    ];
    expect(report.findings.filter((finding) => finding.where.includes('😀')).length).toBeGreaterThan(2);
    expect(texts.filter((text) => !text.isWellFormed() || /[\p{Cc}\p{Cf}]/u.test(text))).toEqual([]);
    await server.sql(
      `DROP FUNCTION even; DROP FUNCTION odd; DROP TYPE ${emoji}; DROP TABLE "left\u202e\u001b[2J"`,
      'orders',
    );
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('dismisses others who were made members of the role', async () => {
    const issued = await issue(provider(), 'write');
    const client = await login(issued);
    await expect(client.query(`GRANT ${issued.handle.name} TO bystander`)).rejects.toMatchObject({
      code: '42501',
    });
    await server.sql(`GRANT ${issued.handle.name} TO bystander`);
    const bystander = await connect('bystander', 'bystander');
    await bystander.query(`SET ROLE ${issued.handle.name}; SELECT note FROM orders`);
    const report = await revoke(provider(), issued.handle);
    expect(report.findings).toMatchObject([
      { kind: 'third-party-grant', detail: expect.stringContaining('bystander') },
    ]);
    await expect(bystander.query('SELECT note FROM orders')).rejects.toThrow();
  });

  it('ends the access when one database cannot be cleaned, and finishes when it can', async () => {
    await server.createDatabase('shut');
    await server.sql('GRANT CREATE ON SCHEMA public TO app_rw', 'shut');
    const issued = await issue(provider(), 'write');
    const client = await login(issued, 'shut');
    await client.query('CREATE TABLE kept (n int)');
    await (await login(issued, 'billing')).query('CREATE TABLE moved (n int)');
    await server.sql('ALTER DATABASE shut ALLOW_CONNECTIONS false');
    const report = remember();
    await expect(revoke(provider(), issued.handle, report)).rejects.toMatchObject({
      code: 'ERR_REVOKE_INCOMPLETE',
      message: expect.stringContaining('"shut"'),
    });
    expect(report.ended).toBe(1);
    expect(await isDead(client)).toBe(true);
    await expect(login(issued)).rejects.toMatchObject({ code: '28P01' });
    expect(await server.sql(`SELECT tableowner FROM pg_tables WHERE tablename = 'moved'`, 'billing')).toEqual(
      [{ tableowner: 'jit_quarantine' }],
    );
    expect(await provider().confirm(issued.handle, signal())).toBe('alive');
    await server.sql('ALTER DATABASE shut ALLOW_CONNECTIONS true');
    await revoke(provider(), issued.handle);
    expect(await remains(issued.handle.oid)).toEqual([]);
    await server.sql('DROP TABLE moved', 'billing');
    await server.sql('DROP DATABASE shut');
  });

  it('needs no cleaning in a database that was dropped meanwhile', async () => {
    await server.createDatabase('short_lived');
    await server.sql('GRANT CREATE ON SCHEMA public TO app_rw', 'short_lived');
    const issued = await issue(provider(), 'write');
    const client = await login(issued, 'short_lived');
    await client.query('CREATE TABLE kept (n int)');
    await client.end();
    await server.sql('DROP DATABASE short_lived');
    await revoke(provider(), issued.handle);
    expect(await remains(issued.handle.oid)).toEqual([]);
  });

  it('does not drop while a table cannot be moved, and does so later', async () => {
    const issued = await issue(provider(), 'write');
    const client = await login(issued);
    await client.query('CREATE TABLE locked (n int); GRANT SELECT ON locked TO bystander');
    await client.query(`CREATE FUNCTION public.waiting_door() RETURNS text SECURITY DEFINER LANGUAGE sql
      AS 'SELECT note FROM public.orders LIMIT 1'`);
    const bystander = await connect('bystander', 'bystander');
    await bystander.query('BEGIN; SELECT * FROM locked');
    const report = remember();
    await expect(revoke(provider(), issued.handle, report)).rejects.toMatchObject({
      code: 'ERR_REVOKE_INCOMPLETE',
    });
    expect([report.ended, await provider().confirm(issued.handle, signal())]).toEqual([1, 'alive']);
    await expect(server.sql('SELECT waiting_door()', 'orders')).rejects.toMatchObject({ code: '42501' });
    await bystander.query('COMMIT');
    await revoke(provider(), issued.handle);
    expect(await remains(issued.handle.oid)).toEqual([]);
    await server.sql('DROP TABLE locked; DROP FUNCTION waiting_door()', 'orders');
  });
});
