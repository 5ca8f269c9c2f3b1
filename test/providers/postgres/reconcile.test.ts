// Comparing a real server with what the broker knows, in both directions.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/system/clock.ts';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';
import { issue, openProvider, prepare, requestFor, revoke, targetOn } from '../../support/postgres-target.ts';

describe.each(postgresVersions)('reconciling with PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await prepare(server);
  });
  afterAll(() => server.stop());
  const signal = () => AbortSignal.timeout(30_000);

  it('finds nothing on a server where all is known', async () => {
    const provider = openProvider(targetOn(server));
    const { handle } = await issue(provider, 'read');
    expect(await provider.reconcile([handle], signal())).toEqual({ unknown: [], missing: [] });
    // Known from before the crash only: the name is enough.
    expect(await provider.reconcile([{ ...handle, oid: null }], signal())).toEqual({
      unknown: [],
      missing: [],
    });
    await revoke(provider, handle);
  });

  it('finds a role that no lease knows, with a handle that revokes it', async () => {
    const provider = openProvider(targetOn(server));
    const { handle } = await issue(provider, 'write');
    const { unknown } = await provider.reconcile([], signal());
    expect(unknown).toMatchObject([
      {
        where: handle.name,
        handle: { name: handle.name, oid: handle.oid, lease: handle.lease, deadline: handle.deadline },
      },
    ]);
    const [found] = unknown;
    if (found) await revoke(provider, found.handle);
    expect(await provider.confirm(handle, signal())).toBe('gone');
  });

  it('finds a role by its name alone when the comment was taken away', async () => {
    const provider = openProvider(targetOn(server));
    const { handle } = await issue(provider, 'read');
    await server.sql(`COMMENT ON ROLE ${handle.name} IS NULL`);
    const { unknown } = await provider.reconcile([], signal());
    expect(unknown.map((found) => found.handle.lease)).toEqual([handle.lease]);
    await revoke(provider, handle);
  });

  it('leaves alone what only looks alike', async () => {
    await server.sql(`CREATE ROLE jit_admins; CREATE ROLE jit_l123; CREATE ROLE jit_reports LOGIN;
      COMMENT ON ROLE jit_reports IS '{"lease":"lother"}'`);
    const provider = openProvider(targetOn(server));
    expect((await provider.reconcile([], signal())).unknown).toEqual([]);
  });

  it('leaves the roles of another broker alone until long after their deadline', async () => {
    const here = openProvider(targetOn(server));
    const there = openProvider(targetOn(server), { origin: 'jit.another0broker0' });
    const { handle } = await issue(there, 'read');
    expect((await here.reconcile([], signal())).unknown).toEqual([]);
    expect((await there.reconcile([], signal())).unknown).toHaveLength(1);
    const clock = { ...systemClock, now: () => handle.deadline + 3_600_001 };
    const later = openProvider(targetOn(server), { clock });
    expect((await later.reconcile([], signal())).unknown.map((found) => found.handle.oid)).toEqual([
      handle.oid,
    ]);
    await revoke(here, handle);
  });

  it('leaves the roles of another login alone', async () => {
    await server.sql(`CREATE ROLE other_broker LOGIN CREATEROLE PASSWORD 'broker-canary-6Yq0';
      GRANT jit_quarantine TO other_broker; GRANT app_ro TO other_broker WITH ADMIN OPTION`);
    const other = openProvider(targetOn(server, { user: 'other_broker' }));
    const { handle } = await issue(other, 'read');
    expect((await openProvider(targetOn(server)).reconcile([], signal())).unknown).toEqual([]);
    await revoke(other, handle);
  });

  it('knows the roles of another target on the same server, and calls none of another target missing', async () => {
    const orders = openProvider(targetOn(server));
    const billing = openProvider({ ...targetOn(server, { database: 'billing' }), name: 'billing-db' });
    const known = [(await issue(orders, 'read')).handle, (await issue(billing, 'read')).handle];
    const nothing = { unknown: [], missing: [] };
    expect(await orders.reconcile(known, signal())).toEqual(nothing);
    expect(await billing.reconcile(known, signal())).toEqual(nothing);
    const [first, second] = known;
    if (!first || !second) throw new Error('both were issued');
    await server.sql(`ALTER ROLE ${second.name} RENAME TO ${second.name}_renamed`);
    expect(await orders.reconcile(known, signal())).toEqual(nothing);
    await revoke(billing, second);
    expect(await orders.reconcile(known, signal())).toEqual(nothing);
    expect(await billing.reconcile(known, signal())).toEqual({ unknown: [], missing: [second] });
    await revoke(orders, first);
  });

  it('takes the number of a role for known only where it was given', async () => {
    const provider = openProvider(targetOn(server));
    const { handle } = await issue(provider, 'read');
    const other = provider.plan(requestFor('read')).handle;
    const elsewhere = { ...other, oid: handle.oid, host: 'elsewhere.example.com' };
    for (const stranger of [elsewhere, { ...elsewhere, target: 'elsewhere' }]) {
      const { unknown, missing } = await provider.reconcile([stranger], signal());
      expect(unknown.map((found) => found.handle.lease)).toEqual([handle.lease]);
      // It was moved away or never here: this server cannot tell.
      expect(missing).toEqual([]);
    }
    await revoke(provider, handle);
  });

  it('tells which known credentials are missing', async () => {
    const provider = openProvider(targetOn(server));
    const { handle } = await issue(provider, 'read');
    const never = provider.plan(requestFor('read')).handle;
    await revoke(provider, handle);
    expect((await provider.reconcile([handle, never], signal())).missing).toEqual([handle, never]);
  });
});
