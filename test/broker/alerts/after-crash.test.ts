// What a broker could not tell any more is told by the next one: real store, real web servers.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.ts';
import { mayOweAlerts } from '../../../src/broker/alerts/owed.ts';
import { readTold } from '../../../src/broker/alerts/told.ts';
import { doctor } from '../../../src/broker/doctor.ts';
import { startWatching, type Watching } from '../../../src/broker/watching.ts';
import type { AlertChannel } from '../../../src/core/alert.ts';
import { type AnomalyMode, type AnomalySettings, usualAnomalySettings } from '../../../src/core/anomaly.ts';
import { createTestBroker, type TestBroker } from '../../support/broker.ts';
import { type Hook, startHook } from '../../support/hook.ts';
import { until } from '../../support/until.ts';

const silent = Object.fromEntries(
  Object.entries(usualAnomalySettings).map(([name, settings]) => [name, { ...settings, mode: 'off' }]),
) as unknown as AnomalySettings;
const overdueIn = (mode: AnomalyMode): AnomalySettings => ({
  ...silent,
  'overdue-revocation': { mode, after: 60_000, critical: 300_000 },
});

let world: TestBroker;
let watching: Watching;
let hooks: Hook[];
beforeEach(async () => {
  hooks = [await startHook(), await startHook()];
  world = createTestBroker();
  began();
});
afterEach(async () => {
  for (const hook of hooks) hook.close();
  await ended();
  world.remove();
});

const hookAt = (place: number): Hook => {
  const hook = hooks[place];
  if (!hook) throw new Error('no such hook');
  return hook;
};
const channel = (place: number, hook = hookAt(place)): AlertChannel => ({
  ...{ kind: 'webhook', name: `webhook-${place + 1}`, url: hook.url, format: 'json' },
});
const both = () => [channel(0), channel(1)];
const note = () => world.broker.paths.alerted;
const tools = { resolveSecret: () => Promise.reject(new Error('none')), onSecret: () => undefined };

function began(): void {
  const data = { version: 'test', pid: 1, hardening: {}, recovered: 0 };
  world.broker.ledger.write({ events: [{ type: 'broker.start', at: world.clock.now(), data }] });
  watching = startWatching(world.broker, { ...tools, env: {}, platform: 'linux' });
}
const use = (alerts: readonly AlertChannel[] | null, anomalies = silent): void =>
  watching.configure({ anomalies, alerts });
async function ended(): Promise<void> {
  let isOver = false;
  void watching.close(2_000).finally(() => {
    isOver = true;
  });
  await until(() => {
    world.clock.advance(1_000);
    expect(isOver).toBe(true);
  });
}
/** As after kill -9: what was noted on the way is all that is left. */
async function crash(away = 10_000): Promise<void> {
  const bytes = readFileSync(note());
  await ended();
  writeFileSync(note(), bytes, { mode: 0o600 });
  world.clock.advance(away);
  world = world.restart();
  began();
}
async function stopAndStart(): Promise<void> {
  await ended();
  const data = { cause: 'idle', open_leases: 0 } as const;
  world.broker.ledger.write({ events: [{ type: 'broker.stop', at: world.clock.now(), data }] });
  world = world.restart();
  began();
}
async function overdue(lease: string): Promise<void> {
  const data = { cause: 'expired', attempts: 2, code: 'ERR_TARGET_UNREACHABLE' } as const;
  const event: AuditEvent = { type: 'lease.overdue', at: world.clock.now(), target: 'fake-db', lease, data };
  world.broker.ledger.writeRevocation({ events: [event] });
  await watching.caughtUp();
}
/** The newest alert has got through, and the broker has noted that. */
const noted = (place: number) =>
  until(() => {
    const newest = world.store.events({ type: 'lease.overdue', limit: 1 })[0]?.row;
    expect(readTold(note(), world.store.origin)?.[place]?.row).toBeGreaterThanOrEqual(newest ?? 0);
  });
const leases = (hook: Hook) => hook.told.map(({ lease, late }) => [lease, late]);
const failures = () => world.store.events({ type: 'notify.failed' }).map(({ body }) => body.data);
const lines = async () =>
  (await doctor(world.broker, { target: null })).checks.filter(({ name }) => name.startsWith('alerts:'));

test.each(['off', 'observe', 'notify'] as const)(
  'an overdue lease is one message with its rule on "%s", and another one only when it lasts',
  async (mode) => {
    use([channel(0)], overdueIn(mode));
    await overdue('l1');
    await until(() => expect(leases(hookAt(0))).toEqual([['l1', false]]));
    world.clock.advance(1_000);
    await watching.caughtUp();
    await until(() => {
      world.clock.advance(30_000);
      const found = world.store.events({ type: 'anomaly.found' });
      expect(found).toHaveLength(mode === 'off' ? 0 : 2);
    });
    await watching.caughtUp();
    await overdue('l2');
    const lasting = mode === 'notify' ? [['l1', false]] : [];
    await until(() => expect(leases(hookAt(0))).toEqual([['l1', false], ...lasting, ['l2', false]]));
    if (mode === 'notify') expect(hookAt(0).told[1]).toMatchObject({ severity: 'critical' });
  },
);

test('a log that was rolled back is one message, although a rule finds it as well', async () => {
  use([channel(0)], { ...silent, 'log-tampering': { mode: 'notify' } });
  const data = { origin: 'jit.x', acknowledged: 98, found: 84 };
  world.broker.ledger.writeRevocation({
    events: [{ type: 'store.rollback_detected', at: world.clock.now(), data }],
  });
  await watching.caughtUp();
  expect(world.store.events({ type: 'anomaly.found' })).toHaveLength(1);
  await overdue('l1');
  await until(() =>
    expect(hookAt(0).told.map(({ type }) => type)).toEqual(['store.rollback_detected', 'lease.overdue']),
  );
});

test('after a crash each channel is told what it was not told, as late, and no other', async () => {
  use(both());
  hookAt(1).answer = 'nothing';
  await overdue('l1');
  await overdue('l2');
  await until(() => expect([hookAt(0).told.length, hookAt(1).asked.length]).toEqual([2, 1]));
  await noted(0);
  await crash();
  expect(mayOweAlerts(world.broker)).toBe(true);
  hookAt(1).answer = 200;
  use(both());
  await overdue('l3');
  await until(() => expect([hookAt(0).told.length, hookAt(1).told.length]).toEqual([3, 3]));
  expect(leases(hookAt(0))).toEqual([
    ['l1', false],
    ['l2', false],
    ['l3', false],
  ]);
  expect(leases(hookAt(1))).toEqual([
    ['l1', true],
    ['l2', true],
    ['l3', false],
  ]);
  expect(hookAt(1).told[0]?.text).toContain('told late');
});

test('a broker that ends while a channel does not answer leaves the rest to the next one; told out, nothing is owed', async () => {
  use(both());
  hookAt(1).answer = 'nothing';
  await overdue('l1');
  await until(() => expect([hookAt(0).told.length, hookAt(1).asked.length]).toEqual([1, 1]));
  await stopAndStart();
  expect(mayOweAlerts(world.broker)).toBe(true);
  hookAt(1).answer = 200;
  use(both());
  await watching.caughtUp();
  await until(() => expect(leases(hookAt(1))).toEqual([['l1', true]]));
  await until(() => expect(readTold(note(), world.store.origin)?.[1]).toMatchObject({ waiting: 0 }));
  await stopAndStart();
  expect(mayOweAlerts(world.broker)).toBe(false);
  use(both());
  await overdue('l2');
  await until(() => expect([hookAt(0).told.length, hookAt(1).told.length]).toEqual([2, 2]));
  expect(leases(hookAt(0)).at(-1)).toEqual(['l2', false]);
});

test('after a long time what waited is one alert', async () => {
  use([channel(0)]);
  hookAt(0).answer = 'nothing';
  for (const lease of ['l1', 'l2', 'l3']) await overdue(lease);
  await until(() => expect(hookAt(0).asked).toHaveLength(1));
  await crash(3 * 24 * 3600_000);
  hookAt(0).answer = 200;
  use([channel(0)]);
  await overdue('l4');
  await until(() => expect(hookAt(0).told).toHaveLength(2));
  expect(hookAt(0).told).toMatchObject([
    { type: 'alerts.summary', text: expect.stringContaining('3 alerts waited: 3 high'), late: true },
    { lease: 'l4', late: false },
  ]);
});

test('what a killed broker had given up is still told with the next that gets through', async () => {
  use([channel(0)]);
  hookAt(0).answer = 404;
  await overdue('l1');
  await until(() => expect(readTold(note(), world.store.origin)?.[0]).toMatchObject({ missed: 1 }));
  await crash();
  hookAt(0).answer = 200;
  use([channel(0)]);
  await overdue('l2');
  await until(() => expect(hookAt(0).told).toHaveLength(1));
  expect(hookAt(0).told[0]?.text).toMatch(/\(1 alert before it did not get through\)$/);
});

test('a channel that has another name after a change goes on, and one with a new address is told there', async () => {
  use(both());
  for (const hook of hooks) hook.answer = 'nothing';
  await overdue('l1');
  await until(() => expect(hooks.map(({ asked }) => asked.length)).toEqual([1, 1]));
  await crash();
  for (const hook of hooks) hook.answer = 200;
  const third = await startHook();
  hooks.push(third);
  // The first has a new address; the second stands above it.
  use([
    { ...channel(1), name: 'webhook-1' },
    { ...channel(0, third), name: 'webhook-2' },
  ]);
  await watching.caughtUp();
  await until(() => expect(leases(hookAt(1))).toEqual([['l1', true]]));
  // "webhook-1" is the name of another now, so nothing says that the new address is the old channel.
  expect(failures()).toEqual([{ channel: 'webhook-1', code: 'ERR_UNKNOWN_NAME' }]);
  use([channel(0, third), channel(1)]);
  await overdue('l2');
  await until(() => expect(leases(third)).toEqual([['l2', false]]));
  expect(hookAt(0).told).toEqual([]);
});

test('while a broker runs, what waits for an address that was replaced goes to the new one', async () => {
  use([channel(0)]);
  hookAt(0).answer = 500;
  await overdue('l1');
  await overdue('l2');
  await until(() => expect(hookAt(0).asked).toHaveLength(1));
  use([channel(0, hookAt(1))]);
  await until(() => {
    world.clock.advance(1_000);
    expect(leases(hookAt(1))).toEqual([
      ['l1', false],
      ['l2', false],
    ]);
  });
  expect(failures()).toEqual([]);
});

test('a channel that is removed, at once or while no broker runs: what waited is counted, on record and told by doctor', async () => {
  use(both());
  hookAt(1).answer = 'nothing';
  await overdue('l1');
  await overdue('l2');
  await until(() => expect(hookAt(1).asked).toHaveLength(1));
  // Nothing of it is owed to the one that is to hear of l3.
  await noted(0);
  await crash();
  use([channel(0)]);
  await watching.caughtUp();
  expect(failures()).toEqual([{ channel: 'webhook-2', code: 'ERR_UNKNOWN_NAME' }]);
  expect(await lines()).toMatchObject([
    { name: 'alerts: webhook-1', status: 'ok' },
    { name: 'alerts: webhook-2 (removed)', status: 'warning', detail: expect.stringMatching(/^2 alerts /) },
  ]);
  hookAt(0).answer = 'nothing';
  await overdue('l3');
  await until(() => expect(hookAt(0).asked.at(-1)?.lease).toBe('l3'));
  use([]);
  expect(failures().at(-1)).toEqual({ channel: 'webhook-1', code: 'ERR_UNKNOWN_NAME' });
  expect(readTold(note(), world.store.origin)).toEqual([]);
});

test('a configuration that cannot be read drops nothing: what waits is told when it can be again', async () => {
  use([channel(0)]);
  hookAt(0).answer = 'nothing';
  await overdue('l1');
  await until(() => expect(hookAt(0).asked).toHaveLength(1));
  await crash();
  hookAt(0).answer = 200;
  use(null);
  await overdue('l2');
  expect(failures()).toEqual([]);
  use([channel(0)]);
  await overdue('l3');
  await until(() =>
    expect(leases(hookAt(0))).toEqual([
      ['l1', true],
      ['l2', true],
      ['l3', false],
    ]),
  );
});

test('a broker that could not read it and ended as it should leaves what is owed to the next one', async () => {
  use([channel(0)]);
  hookAt(0).answer = 'nothing';
  await overdue('l1');
  await until(() => expect(hookAt(0).asked).toHaveLength(1));
  await crash();
  use(null);
  await stopAndStart();
  expect(mayOweAlerts(world.broker)).toBe(true);
  hookAt(0).answer = 200;
  use([channel(0)]);
  await watching.caughtUp();
  await until(() => expect(leases(hookAt(0))).toEqual([['l1', true]]));
  await noted(0);
  await stopAndStart();
  expect(mayOweAlerts(world.broker)).toBe(false);
});

test('a new channel is told what comes, not what was', async () => {
  use([channel(0)]);
  await overdue('l1');
  await until(() => expect(hookAt(0).told).toHaveLength(1));
  await crash();
  use(both());
  await overdue('l2');
  await until(() => expect(leases(hookAt(1))).toEqual([['l2', false]]));
});

test('where the place cannot be noted, as on a full disk, people are told all the same, and revocation goes on', async () => {
  mkdirSync(note());
  use([channel(0)]);
  await overdue('l1');
  await overdue('l2');
  await until(() => expect(hookAt(0).told).toHaveLength(2));
  rmSync(note(), { recursive: true });
  await overdue('l3');
  await noted(0);
  expect(hookAt(0).told).toHaveLength(3);
});

test('a place beyond the end of a log that was put back is that end', async () => {
  use([channel(0)]);
  await overdue('l1');
  await noted(0);
  const told = JSON.parse(readFileSync(note(), 'utf8')) as { channels: { row: number }[] };
  for (const one of told.channels) one.row = 9_999;
  writeFileSync(note(), JSON.stringify(told), { mode: 0o600 });
  await crash();
  use([channel(0)]);
  await overdue('l2');
  await until(() => expect(leases(hookAt(0)).at(-1)).toEqual(['l2', false]));
});

test('where the place cannot be read, all that the broker before wrote is told again: once too often, not once too few', async () => {
  use([channel(0)]);
  await overdue('l1');
  await noted(0);
  await crash();
  writeFileSync(note(), '', { mode: 0o600 });
  expect(mayOweAlerts(world.broker)).toBe(true);
  use([channel(0)]);
  await overdue('l2');
  await until(() =>
    expect(leases(hookAt(0))).toEqual([
      ['l1', false],
      ['l1', true],
      ['l2', false],
    ]),
  );
});

test.each([
  ['anomaly.found', 'null'],
  ['anomaly.found', '{"rule":"log-tampering","action":"notify"}'],
  ['log.fork', '{}'],
])(
  'an event that no jit has written, %s with %s, keeps nobody from being told of others',
  async (type, data) => {
    use([channel(0)]);
    hookAt(0).answer = 'nothing';
    await overdue('l1');
    await overdue('l2');
    await until(() => expect(hookAt(0).asked).toHaveLength(1));
    const db = new Database(world.broker.paths.database);
    const [row] = world.store.events({ type: 'lease.overdue', oldest: true, limit: 1 });
    const body = JSON.stringify({ ...row?.body, type, data: 'DATA' }).replace('"DATA"', data);
    db.prepare('UPDATE ev SET body = ?, type = ? WHERE seq = ?').run(Buffer.from(body), type, row?.row);
    db.close();
    await crash();
    hookAt(0).answer = 200;
    use([channel(0)]);
    await overdue('l3');
    await until(() =>
      expect(leases(hookAt(0))).toEqual([
        ['l2', true],
        ['l3', false],
      ]),
    );
  },
);
