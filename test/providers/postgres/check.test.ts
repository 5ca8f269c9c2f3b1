// What `jit doctor` finds on real servers, and that the SQL it prints mends it.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';
import {
  brokerPassword,
  issue,
  openProvider,
  prepare,
  revoke,
  targetOn,
} from '../../support/postgres-target.ts';

describe.each(postgresVersions)('checking a target on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await prepare(server);
  });
  afterAll(() => server?.stop());

  const check = (target = targetOn(server), given = {}) =>
    openProvider(target, given).check(AbortSignal.timeout(30_000));
  const bad = async (...args: Parameters<typeof check>) =>
    (await check(...args)).filter(({ status }) => status !== 'ok');
  /** Breaks something, looks for `expected`, runs the remedy, and finds all well again. */
  const mends = async (damage: string, expected: { name: string; status: string }) => {
    await server.sql(damage);
    const found = await bad();
    expect(found).toMatchObject([expected]);
    await server.sql(found[0]?.remedy ?? '');
    expect(await bad()).toEqual([]);
  };

  it('finds all well on a server that was set up by its own SQL, run twice', async () => {
    await server.sql(await openProvider(targetOn(server)).setup(), 'orders');
    const checks = await check();
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['connection', 'clock of the server', 'databases', 'group role "app_ro"']),
    );
  });

  it.each([
    ['ALTER ROLE jit_broker NOCREATEROLE', 'login "jit_broker"', 'failed'],
    ['REVOKE pg_signal_backend FROM jit_broker', 'ending sessions', 'warning'],
    ['ALTER ROLE app_ro LOGIN', 'group role "app_ro"', 'failed'],
    ['ALTER ROLE app_rw CREATEDB', 'group role "app_rw"', 'failed'],
    ['GRANT pg_execute_server_program TO app_rw', 'group role "app_rw"', 'failed'],
    ['ALTER ROLE jit_quarantine LOGIN', 'quarantine role "jit_quarantine"', 'failed'],
    ['GRANT app_rw TO jit_quarantine', 'quarantine role "jit_quarantine"', 'failed'],
    ['REVOKE jit_quarantine FROM jit_broker', 'quarantine role "jit_quarantine"', 'failed'],
    ['REVOKE CONNECT ON DATABASE billing FROM PUBLIC, jit_broker', 'databases', 'failed'],
  ])('sees "%s" and prints the SQL that mends it', (damage, name, status) => mends(damage, { name, status }));

  it('sees a missing quarantine role and a missing group', async () => {
    const target = targetOn(server, { quarantine_role: `q"x'` }, { odd: { groups: [`no "such' group`] } });
    const found = await bad(target);
    expect(found.map(({ detail }) => detail)).toEqual(['does not exist', 'does not exist']);
    for (const { remedy } of found) await server.sql(remedy ?? '');
    // It is there now, and nobody has given it anything.
    expect(await bad(target)).toMatchObject([{ status: 'warning', detail: 'gives no right in "orders"' }]);
  });

  it('sees a group that the broker may not give', async () => {
    await server.sql('REVOKE ADMIN OPTION FOR app_ro FROM jit_broker');
    const found = await bad();
    // Up to 15 CREATEROLE is enough to give it.
    expect(found.map(({ detail }) => detail)).toEqual(
      version >= 16 ? ['the broker may not give it to others'] : [],
    );
    await server.sql(found[0]?.remedy ?? 'GRANT app_ro TO jit_broker WITH ADMIN OPTION');
    expect(await bad()).toEqual([]);
  });

  it.each([
    ['a right on a table', 'GRANT SELECT ON orders TO idle_group', 'REVOKE SELECT ON orders FROM idle_group'],
    [
      'a right on a column',
      'GRANT SELECT (id) ON orders TO idle_group',
      'REVOKE SELECT (id) ON orders FROM idle_group',
    ],
    [
      'the right to create',
      'GRANT CREATE ON SCHEMA public TO idle_group',
      'REVOKE CREATE ON SCHEMA public FROM idle_group',
    ],
    ['a group with rights', 'GRANT app_ro TO idle_group', 'REVOKE app_ro FROM idle_group'],
    [
      'a role of PostgreSQL',
      'GRANT pg_read_all_data TO idle_group',
      'REVOKE pg_read_all_data FROM idle_group',
    ],
  ])('warns of a group without any right in the database, which %s mends', async (_what, grant, revoke) => {
    const target = targetOn(server, {}, { read: { groups: ['idle_group'] } });
    await server.sql(await openProvider(target).setup(), 'orders');
    // Neither is of any use to whoever wants to read, here.
    await server.sql(
      'GRANT USAGE ON SCHEMA public TO idle_group; GRANT CONNECT ON DATABASE orders TO idle_group',
      'orders',
    );
    await server.sql('GRANT SELECT ON orders TO idle_group', 'billing');
    const [found, ...others] = await bad(target);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      name: 'group role "idle_group"',
      status: 'warning',
      detail: 'gives no right in "orders"',
    });
    expect(found?.advice).toContain('GRANT SELECT ON ALL TABLES IN SCHEMA public TO "idle_group"');
    // What to give is not for jit to say: nothing to be run as it is.
    expect(found?.remedy).toBeUndefined();
    await server.sql(grant, 'orders');
    expect(await bad(target)).toEqual([]);
    await server.sql(revoke, 'orders');
  });

  it.each([
    ['is missing', 'no_such_login', ''],
    ['has another password', 'changed', "CREATE ROLE changed LOGIN PASSWORD 'another-one'"],
    ['may not log in', 'shut', `CREATE ROLE shut NOLOGIN PASSWORD '${brokerPassword}'`],
  ])('gives the whole set-up when the login %s, which mends it', async (_what, user, before) => {
    const target = targetOn(server, { user });
    if (before !== '') await server.sql(before);
    const found = await bad(target);
    expect(found).toMatchObject([{ name: 'connection', status: 'failed' }]);
    expect(found[0]?.advice).toContain('run the set-up SQL');
    expect(found[0]?.remedy).not.toContain(brokerPassword);
    await server.sql(found[0]?.remedy ?? '', 'orders');
    expect((await bad(target)).filter(({ status }) => status === 'failed')).toEqual([]);
  });

  it('warns of a group that owns objects', async () => {
    await server.sql('CREATE TABLE owned (n int); ALTER TABLE owned OWNER TO app_ro', 'orders');
    expect(await bad()).toMatchObject([{ name: 'group role "app_ro"', status: 'warning' }]);
    await server.sql('DROP TABLE owned', 'orders');
  });

  it('sees that statement logging is wanted and not allowed', async () => {
    const target = targetOn(server, {}, { read: { groups: ['app_ro'], log_statements: true } });
    const found = await bad(target);
    expect(found).toMatchObject([{ name: 'statement logging', status: 'failed' }]);
    await server.sql(found[0]?.remedy ?? '');
    expect(await bad(target)).toEqual([]);
  });

  it('measures the clock of the server against this one', async () => {
    const off = (seconds: number) => ({
      clock: { ...systemClock, now: () => systemClock.now() - seconds * 1000 },
    });
    const clockOf = async (seconds: number) =>
      (await check(targetOn(server), off(seconds))).find(({ name }) => name === 'clock of the server')
        ?.status;
    expect([await clockOf(5), await clockOf(-60), await clockOf(400)]).toEqual(['ok', 'warning', 'failed']);
  });

  it('warns when the broker is a superuser', async () => {
    await server.sql(`CREATE ROLE mighty SUPERUSER LOGIN PASSWORD '${brokerPassword}'`);
    expect(await bad(targetOn(server, { user: 'mighty' }))).toMatchObject([
      { name: 'login "mighty"', status: 'warning' },
    ]);
    const refused = server.sql(await openProvider(targetOn(server, { user: 'mighty' })).setup());
    await expect(refused).rejects.toThrow('is a superuser');
  });

  it('sets up and serves names that have to be quoted', async () => {
    await server.createDatabase(`it's "odd"`);
    const target = targetOn(
      server,
      { database: `it's "odd"`, user: `bro"k'er \\`, quarantine_role: `$jit$ q'"` },
      { read: { groups: [`g"r'oup; DROP ROLE x`] } },
    );
    const provider = openProvider(target);
    const sql = await provider.setup();
    expect(sql).not.toContain(brokerPassword);
    await server.sql(sql, `it's "odd"`);
    await server.sql('CREATE TABLE things (n int)', `it's "odd"`);
    const [ungiven] = await bad(target);
    await server.sql(ungiven?.advice?.replace(/^e\.g\. /, '') ?? '', `it's "odd"`);
    expect(await bad(target)).toEqual([]);
    const issued = await issue(provider, 'read', {
      principal: `user:o'"brien`,
      reason: `\u0000\u001b[31m'; DROP ROLE x --`,
    });
    await revoke(provider, issued.handle);
    expect(await provider.confirm(issued.handle, AbortSignal.timeout(30_000))).toBe('gone');
  });

  it('reports a server that is down, and a secret that cannot be read, without throwing', async () => {
    const down = await check(targetOn({ host: '127.0.0.1', port: 1 }));
    expect(down).toMatchObject([{ name: 'connection', status: 'failed' }]);
    expect(down[0]?.remedy).toBeUndefined();
    const resolveSecret = async () => {
      throw new JitError('ERR_SECRET_UNAVAILABLE', 'no such variable');
    };
    expect(await check(targetOn(server), { resolveSecret })).toMatchObject([{ detail: 'no such variable' }]);
    const sql = await openProvider(targetOn(server), { resolveSecret }).setup();
    expect(sql).toContain('\\password "jit_broker"');
    expect(sql).toContain('ALTER ROLE "jit_broker" LOGIN CREATEROLE;');
  });
});
