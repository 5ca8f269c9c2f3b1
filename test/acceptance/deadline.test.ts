// The promise itself, on real servers: dead within two seconds of the deadline, whatever the session did.

import type { Client as PgClient } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { systemClock } from '../../src/system/clock.ts';
import { loginOf } from '../support/login.ts';
import { postgresVersions } from '../support/postgres.ts';
import { wish } from '../support/request.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';

describe.each(postgresVersions)('on PostgreSQL %i', (version) => {
  const served = serve(version);
  beforeAll(async () => {
    const { server } = served;
    // A group that its members may switch to, granted by an administrator behind jit's back.
    await server.sql('CREATE ROLE app_owner NOLOGIN');
    await server.createDatabase('ledger');
    for (const database of ['orders', 'ledger']) {
      await server.sql('GRANT CREATE, USAGE ON SCHEMA public TO app_rw', database);
    }
  });

  const elevate = async (duration: number): Promise<ElevateReply> =>
    (await served.world.client()).elevate(wish({ role: 'write', duration }));

  /** When the connection is broken off, or null if that has not happened yet. */
  const watch = (client: PgClient): { readonly endedAt: number | null } => {
    const seen: { endedAt: number | null } = { endedAt: null };
    client.on('end', () => {
      seen.endedAt = systemClock.now();
    });
    return seen;
  };

  /** How long this process was kept from running after `instant`, in all: what is measured then is not all jit's. */
  const watchStalls = (instant: number): (() => number) => {
    const every = 20;
    let last = systemClock.now();
    let stalled = 0;
    const beat = setInterval(() => {
      const now = systemClock.now();
      if (now > instant) stalled += Math.max(0, now - last - 2 * every);
      last = now;
    }, every);
    return () => {
      clearInterval(beat);
      return stalled;
    };
  };

  test('a session with SET ROLE, an open cursor and an idle transaction is dead within 2 s of the deadline', async () => {
    const { server } = served;
    const { grant, env } = await elevate(12_000);
    const login = loginOf(env);
    const name = login.user;
    await server.sql(`GRANT app_owner TO ${name}`);
    const [{ oid } = {}] = await server.sql(`SELECT oid FROM pg_roles WHERE rolname = '${name}'`);

    const sessions = await Promise.all(
      [1, 2, 3].map(() => server.connect('orders', login.user, login.password)),
    );
    const [switched, cursor, sleeping] = sessions as [PgClient, PgClient, PgClient];
    const watches = sessions.map(watch);
    await switched.query('SET ROLE app_owner');
    await cursor.query('BEGIN');
    await cursor.query('DECLARE c CURSOR FOR SELECT * FROM orders');
    await cursor.query('FETCH 1 FROM c');
    const broken = sleeping.query('SELECT pg_sleep(60)').catch((error: Error) => error);

    const stalls = watchStalls(grant.deadline ?? 0);
    await until(() => expect(watches.every(({ endedAt }) => endedAt !== null)).toBe(true), 40_000);
    const stalled = stalls();
    const late = watches.map(({ endedAt }) => (endedAt ?? 0) - (grant.deadline ?? 0));
    expect(Math.min(...late)).toBeGreaterThan(-50);
    expect(Math.max(...late) - stalled).toBeLessThan(2_000);
    expect(await broken).toBeInstanceOf(Error);
    await gone(Number(oid));
    await expect(server.connect('orders', login.user, login.password)).rejects.toThrow();
  });

  test('what it left in two databases is reported and cleaned, and its function runs with nobody’s rights', async () => {
    const { server, world } = served;
    const { grant, env } = await elevate(60_000);
    const login = loginOf(env);
    const [{ oid } = {}] = await server.sql(`SELECT oid FROM pg_roles WHERE rolname = '${login.user}'`);
    for (const database of ['orders', 'ledger']) {
      const client = await server.connect(database, login.user, login.password);
      await client.query(
        `CREATE TABLE left_behind (id int);
         GRANT SELECT ON left_behind TO PUBLIC;
         CREATE FUNCTION backdoor() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM pg_authid'`,
      );
      await client.end();
    }
    const reply = await (await world.client()).revoke({ grant: grant.id, all: false, cause: 'revoked' });
    expect(reply.overdue).toEqual([]);
    await gone(Number(oid));
    const { recentFindings } = await (await world.client()).status();
    const mine = recentFindings.filter(({ lease }) => lease === grant.leases[0]?.id);
    for (const database of ['orders', 'ledger']) {
      const here = mine.filter(({ where }) => where.startsWith(`${database}/`));
      expect(here.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['owned-object', 'security-definer']),
      );
      const left = await server.sql(
        `SELECT relname FROM pg_class WHERE relowner = ${Number(oid)}
         UNION ALL SELECT proname FROM pg_proc WHERE proowner = ${Number(oid)}`,
        database,
      );
      expect(left).toEqual([]);
      // As anybody: either it is not there any more, or it may not read what only a superuser may.
      await expect(server.sql('SET ROLE app_ro; SELECT public.backdoor()', database)).rejects.toThrow();
    }
  });

  async function gone(oid: number): Promise<void> {
    await until(async () =>
      expect(await served.server.sql(`SELECT rolname FROM pg_roles WHERE oid = ${oid}`)).toEqual([]),
    );
  }
});
