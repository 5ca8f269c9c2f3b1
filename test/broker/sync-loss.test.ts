// A shared store that has fewer events than it had acknowledged: told once, and made whole from what is here.

import { cpSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { status } from '../../src/broker/status.ts';
import { sync } from '../../src/broker/sync-verb.ts';
import { startStore } from '../shared-store/support.ts';
import { ada, createTestBroker, request, type TestBroker, testConfig } from '../support/broker.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let server: PostgresServer;
const worlds: TestBroker[] = [];
beforeAll(async () => {
  server = await startStore();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const world of worlds.splice(0)) {
    await world.broker.sync.close(0);
    world.remove();
  }
});

function newBroker(config = testConfig, more = ''): TestBroker {
  const store = `store: { host: ${JSON.stringify(server.host)}, port: ${server.port}, database: postgres, user: writer, password: "env:STORE", connect_timeout: 1m${more} }\n`;
  const world = createTestBroker({}, { config: config + store, secrets: { 'env:STORE': 'writer' } });
  worlds.push(world);
  return world;
}

async function restarted(world: TestBroker): Promise<TestBroker> {
  await world.broker.sync.close(0);
  const next = world.restart();
  worlds.splice(worlds.indexOf(world), 1, next);
  return next;
}

/** As the owner of the database: the log was never there. */
async function deleteLog(origin: string): Promise<void> {
  for (const table of ['events', 'checkpoints', 'edges', 'logs'])
    await server.sql(`DELETE FROM jit.${table} WHERE origin = '${origin}'`);
  await server.sql(
    `DELETE FROM jit.devices d WHERE NOT EXISTS (SELECT FROM jit.logs l WHERE l.device = d.device)`,
  );
}

/** As the owner of the database: the log ends after `size` events. */
async function shorten(origin: string, size: number): Promise<void> {
  await server.sql(`DELETE FROM jit.events WHERE origin = '${origin}' AND seq >= ${size}`);
  await server.sql(`DELETE FROM jit.checkpoints WHERE origin = '${origin}' AND size > ${size}`);
  await server.sql(
    `UPDATE jit.logs SET size = ${size}, checkpoint = NULL, checkpoint_size = NULL,
     head = (SELECT leaf FROM jit.events WHERE origin = '${origin}' AND seq = ${size - 1}) WHERE origin = '${origin}'`,
  );
}

async function sizeThere(origin: string): Promise<number> {
  const [row] = await server.sql(`SELECT count(*) FROM jit.events WHERE origin = '${origin}'`);
  return Number(row?.['count']);
}

/** What the log says, oldest first. */
const told = ({ store }: TestBroker) =>
  store.events({ type: 'store.rollback_detected' }).map(({ body }) => body.data);

/** Goes on in a new log, as when a head beside the database said that events are lost, which the store may never have had. */
async function fork({ store, broker }: TestBroker): Promise<void> {
  if (!store.stopped) store.distrust('file', { ...store.treeHead(), size: 1_000 });
  await broker.deviceKey.fork('a test');
}

const sizeOf = ({ store }: TestBroker): number => store.head().size;

test('a log that was deleted at the store is told once, by event, status, doctor and sync, and is whole again', async () => {
  const world = newBroker();
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  await world.broker.sync.now();
  expect(told(world)).toEqual([]);
  const [origin, acknowledged] = [world.store.logOrigin, sizeOf(world)];
  await deleteLog(origin);
  for (let turn = 0; turn < 3; turn += 1) await world.broker.sync.now();
  expect(told(world)).toEqual([{ origin, acknowledged, found: 0 }]);
  expect(await sizeThere(origin)).toBe(sizeOf(world));
  const loss = { origin, acknowledged, found: 0, has: sizeOf(world) };
  expect((await status(world.broker, ada)).auditLog.lost).toMatchObject([loss]);
  expect((await sync(world.broker, { now: false, wait: 0 })).lost).toMatchObject([loss]);
  const { checks } = await doctor(world.broker, { target: null });
  expect(checks.filter(({ name }) => name.startsWith('shared store'))).toMatchObject([
    { name: 'shared store', status: 'ok' },
    { status: 'warning', detail: expect.stringMatching(/restored from a backup.*as many again/) },
  ]);
});

test('events that were deleted while no broker ran are missed by the next one, which knows what was acknowledged', async () => {
  let world = newBroker();
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  const [origin, acknowledged] = [world.store.logOrigin, sizeOf(world)];
  world = await restarted(world);
  await shorten(origin, 3);
  await world.broker.sync.now();
  world = await restarted(world);
  await world.broker.sync.now();
  expect(told(world)).toEqual([{ origin, acknowledged, found: 3 }]);
  expect(await sizeThere(origin)).toBe(sizeOf(world));
  // Another time is another event.
  const whole = sizeOf(world);
  await shorten(origin, 2);
  await world.broker.sync.now();
  expect(told(world).slice(1)).toEqual([{ origin, acknowledged: whole, found: 2 }]);
  expect(world.store.stopped).toBeNull();
});

test('an earlier log that was deleted at the store is told each time that it happens, and sent again', async () => {
  let world = newBroker();
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  const first = world.store.logOrigin;
  await fork(world);
  await world.broker.sync.now();
  const whole = world.store.logs()[1]?.first ?? 0;
  // A broker that starts counts from the signed head that the store had; the last event of this log is not signed.
  const acknowledged = whole - 1;
  for (const turn of [1, 2]) {
    await deleteLog(first);
    world = await restarted(world);
    await world.broker.sync.now();
    await world.broker.sync.now();
    expect(told(world)).toEqual(Array(turn).fill({ origin: first, acknowledged, found: 0 }));
    expect(await sizeThere(first)).toBe(whole);
  }
  // A broker that goes on running looks at it again when it is asked to.
  await shorten(first, 4);
  await world.broker.sync.now();
  expect(told(world).at(-1)).toEqual({ origin: first, acknowledged: whole, found: 4 });
  expect(await sizeThere(first)).toBe(whole);
});

test.each([
  ['as the store said before the fork', true],
  ['as the store said after the fork', false],
])(
  'of an earlier log the store had more than there is here, %s: that it is gone is told, once',
  async (_when, asked) => {
    const whole = newBroker();
    await elevate(whole.broker, ada, request());
    await whole.broker.sync.now();
    const first = whole.store.logOrigin;
    // A machine that was put back to here.
    const other = newBroker();
    other.store.close();
    for (const suffix of ['', '-wal', '-shm'])
      cpSync(whole.broker.paths.database + suffix, other.broker.paths.database + suffix, { force: true });
    cpSync(whole.broker.paths.deviceKey, other.broker.paths.deviceKey, { force: true });
    let back = await restarted(other);
    await elevate(whole.broker, ada, request());
    await whole.broker.sync.now();
    const acknowledged = sizeOf(whole);
    if (asked) await expect(back.broker.sync.now()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
    await fork(back);
    await back.broker.sync.now();
    const here = back.store.logs()[1]?.first ?? 0;
    expect(here).toBeLessThan(acknowledged);
    expect(told(back)).toEqual([]);
    await deleteLog(first);
    for (let turn = 0; turn < 2; turn += 1) {
      back = await restarted(back);
      await back.broker.sync.now();
      expect(told(back)).toEqual([{ origin: first, acknowledged, found: 0 }]);
    }
    expect(await sizeThere(first)).toBe(here);
    expect((await sync(back.broker, { now: false, wait: 0 })).lost).toMatchObject([
      { acknowledged, has: here },
    ]);
  },
);

test('what was lost is not acknowledged until it is again, also by the next broker, and is told once all the same', async () => {
  let world = newBroker(testConfig, ', max_unsynced: { events: 12 }');
  for (let turn = 0; turn < 3; turn += 1) await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  const [origin, acknowledged] = [world.store.logOrigin, sizeOf(world)];
  expect(acknowledged).toBeGreaterThan(12);
  await deleteLog(origin);
  const append = 'FUNCTION jit.append(text, bigint, bytea[], text)';
  await server.sql(`REVOKE EXECUTE ON ${append} FROM jit_writer`);
  try {
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(world.broker.sync.now()).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
      expect(world.broker.sync.state()).toMatchObject({ acknowledged: 0, events: sizeOf(world) });
      await expect(elevate(world.broker, ada, request())).rejects.toMatchObject({
        code: 'ERR_AUDIT_UNAVAILABLE',
      });
      world = await restarted(world);
    }
  } finally {
    await server.sql(`GRANT EXECUTE ON ${append} TO jit_writer`);
  }
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  expect(told(world)).toEqual([{ origin, acknowledged, found: 0 }]);
  expect(await sizeThere(origin)).toBe(sizeOf(world));
});

test('a broker that goes on running looks at earlier logs again after an hour', async () => {
  const world = newBroker();
  await elevate(world.broker, ada, request());
  const first = world.store.logOrigin;
  await fork(world);
  await world.broker.sync.now();
  await deleteLog(first);
  await elevate(world.broker, ada, request());
  world.clock.advance(600);
  await until(() => expect(world.broker.sync.state()).toMatchObject({ events: 0, isRunning: false }));
  expect(told(world)).toEqual([]);
  await elevate(world.broker, ada, request());
  world.clock.advance(3_600_000);
  await until(() => expect(told(world)).toHaveLength(1));
  await until(async () => expect(await sizeThere(first)).toBe(world.store.logs()[1]?.first));
});

test('anchor: before-issue waits for nobody, and for all of the log to be there again', async () => {
  const config = testConfig.replace('max_duration: 1h }', 'max_duration: 1h, anchor: before-issue }');
  const world = newBroker(config);
  await elevate(world.broker, ada, request());
  const origin = world.store.logOrigin;
  await deleteLog(origin);
  let [there, here] = [-1, 0];
  world.target.faults.duringIssue = async () => {
    there = await sizeThere(origin);
    here = sizeOf(world);
  };
  await elevate(world.broker, ada, request());
  expect(there).toBeGreaterThan(0);
  expect(there).toBe(here);
  expect(told(world)).toMatchObject([{ origin, found: 0 }]);
});
