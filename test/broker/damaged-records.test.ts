// Rows of grants and leases that cannot be read: they are told, and keep nothing else from being taken back.

import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { reconcileTarget } from '../../src/broker/reconcile.ts';
import { recover } from '../../src/broker/recovery.ts';
import { recordRevoked } from '../../src/broker/revocation.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { status } from '../../src/broker/status.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const sql = (text: string, ...values: string[]): unknown => {
  const db = new Database(world.broker.paths.database);
  try {
    db.pragma('foreign_keys = OFF');
    const statement = db.prepare(text);
    return statement.reader ? statement.pluck().get(values) : statement.run(values);
  } finally {
    db.close();
  }
};

/** Two grants with a lease each, one of which is damaged while no broker runs. */
async function damagedBy(handle: string) {
  const wish = { role: 'write', reason: 'x' };
  const { grant } = await elevate(world.broker, ada, request(wish));
  await elevate(world.broker, ada, request());
  const [lease] = grant.leases;
  if (!lease) throw new Error('no lease');
  world.store.close();
  sql('UPDATE leases SET handle = ? WHERE id = ?', handle, lease.id);
  world = world.restart();
  return { grant: grant.id, lease: lease.id, name: lease.name };
}

test.each(['', '{"name":"jit_', 'null', '7', '"x"', '[]', '\ufffd\u0000'])(
  'a lease whose handle is %j is told and stays open; the others are taken back',
  async (handle) => {
    const { grant, lease, name } = await damagedBy(handle);
    expect(world.target.live.size).toBe(2);
    expect(recover(world.broker)).toBe(2);
    await until(() => expect(world.broker.ledger.lease(lease)?.state).toBe('overdue'));
    await until(() => expect(world.broker.ledger.openLeases()).toHaveLength(1));
    expect([...world.target.live.keys()]).toEqual([name]);
    expect(world.target.revoked).not.toContain(name);
    expect(world.broker.ledger.unwritten).toBe(0);

    const told = await status(world.broker, ada);
    expect(told).toMatchObject({ overdue: 1, grants: [{ id: grant, target: 'fake-db', role: 'write' }] });
    expect(told.grants[0]?.leases).toMatchObject([
      { name, state: 'overdue', lastError: 'ERR_AUDIT_INVALID' },
    ]);
    expect(world.store.findings()).toMatchObject([
      { kind: 'damaged-record', lease, target: 'fake-db', detail: expect.stringContaining(name) },
    ]);
    const { checks } = await doctor(world.broker, { target: null });
    expect(checks.find((line) => line.name === 'damaged lease')).toMatchObject({
      ...{ target: 'fake-db', status: 'failed' },
      detail: expect.stringContaining(`revoking ${name} (fake, role write) needs is damaged`),
    });
    // What is stored stays as it is, for whoever looks into it.
    expect(sql('SELECT handle FROM leases WHERE id = ?', lease)).toBe(handle);
  },
);

test('nothing makes a lease that cannot be read revoked: retries, a revocation by hand, reconciling, a start', async () => {
  const { grant, lease, name } = await damagedBy('{');
  recover(world.broker);
  await until(() => expect(world.broker.ledger.lease(lease)?.state).toBe('overdue'));
  const stopExpiry = startExpiry(world.broker);
  world.clock.advance(3_600_000);
  await until(() => expect(world.broker.ledger.lease(lease)?.attempts).toBeGreaterThan(1));
  await revoke(world.broker, ada, { grant, all: false, cause: 'revoked' });
  stopExpiry();
  const config = await world.broker.policy.config();
  const target = config.targets.get('fake-db');
  if (!target) throw new Error('no target');
  await reconcileTarget(world.broker, 'fake-db', await world.broker.providers.forTarget(target));
  expect([...world.target.live.keys()]).toEqual([name]);
  expect(() => recordRevoked(world.broker, lease)).toThrow(/by hand/);
  // Also where the target says that there is nothing.
  world.target.live.clear();
  world = world.restart();
  recover(world.broker);
  await until(() => expect(world.broker.revocations.size).toBe(0));
  expect(world.broker.ledger.lease(lease)).toMatchObject({ state: 'overdue', handle: null, damaged: '{' });
  expect(world.types()).toContain('lease.overdue');
  expect(world.store.findings()).toHaveLength(1);
});

test('a lease is taken back once its row is put back', async () => {
  const { lease, name } = await damagedBy('{');
  recover(world.broker);
  await until(() => expect(world.broker.ledger.lease(lease)?.state).toBe('overdue'));
  world.store.close();
  sql('UPDATE leases SET handle = ? WHERE id = ?', JSON.stringify({ name, serial: null }), lease);
  world = world.restart();
  recover(world.broker);
  await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
  expect(world.target.live.size).toBe(0);
});

test.each(['{', 'null', '7', '{"pid":"x"}'])(
  'a grant whose session is %j is ended, and told',
  async (session) => {
    const { grant } = await elevate(world.broker, ada, request({ role: 'write', reason: 'x', keep: true }));
    world.store.close();
    sql('UPDATE grants SET session = ?', session);
    world = world.restart();
    recover(world.broker);
    await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
    expect(world.target.live.size).toBe(0);
    expect(world.store.grant(grant.id)).toMatchObject({ state: 'ended', session: null, damaged: session });
    expect(sql('SELECT session FROM grants')).toBe(session);
    expect(world.store.findings()).toMatchObject([
      { kind: 'damaged-record', detail: expect.stringContaining(grant.id), action: 'the grant was ended' },
    ]);
  },
);

test('a lease whose grant is gone from the database is taken back all the same', async () => {
  await elevate(world.broker, ada, request());
  const [lease] = world.broker.ledger.openLeases();
  world.store.close();
  sql('DELETE FROM grants');
  world = world.restart();
  recover(world.broker);
  await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
  expect([world.target.live.size, world.broker.ledger.unwritten]).toEqual([0, 0]);
  expect(world.store.lease(lease?.id ?? '')).toMatchObject({ state: 'revoked' });
  expect(world.store.grants()).toMatchObject([{ id: lease?.grant, state: 'ended', principal: 'user:ada' }]);
  expect(world.types()).toContain('lease.revoked');
  expect(world.store.findings()).toMatchObject([
    { kind: 'damaged-record', detail: expect.stringContaining('missing') },
  ]);
});
