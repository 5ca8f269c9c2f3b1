import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createSigner } from '../../src/audit/signer.ts';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { watchIdle } from '../../src/broker/idle.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { status } from '../../src/broker/status.ts';
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

/** A connection gets a minute: a machine that is busy with other tests is no failure. */
const section = (more = '', host = server.host, port = server.port): string => {
  const patience = more.includes('connect_timeout') ? '' : ', connect_timeout: 1m';
  return `store: { host: ${JSON.stringify(host)}, port: ${port}, database: postgres, user: writer, password: "env:STORE"${more}${patience} }\n`;
};

function brokerWith(store: string, config = testConfig): TestBroker {
  const setting = { config: `${config}${store}`, secrets: { 'env:STORE': 'writer' } };
  const world = createTestBroker({}, setting);
  worlds.push(world);
  return world;
}

const stored = (world: TestBroker) =>
  server.sql(`SELECT body FROM jit.events WHERE origin = '${world.store.logOrigin}' ORDER BY seq`);

const bytesOf = (world: TestBroker): Buffer[] => world.store.events().map(({ bytes }) => Buffer.from(bytes));

test('the store gets what is committed, byte for byte, a moment after it is', async () => {
  const world = brokerWith(section());
  await elevate(world.broker, ada, request());
  world.clock.advance(600);
  await until(async () => expect(await stored(world)).toHaveLength(world.store.head().size));
  expect((await stored(world)).map(({ body }) => body)).toEqual(bytesOf(world));
  await until(() => expect(world.broker.sync.isBusy).toBe(false));
  expect(world.broker.sync.state()).toMatchObject({ events: 0, since: null, failure: null });
});

test('a new broker on the same file sends only what is new, and nothing twice', async () => {
  let world = brokerWith(section());
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  await world.broker.sync.close(0);
  world = world.restart();
  worlds.splice(0, 1, world);
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  expect((await stored(world)).map(({ body }) => body)).toEqual(bytesOf(world));
});

test('a store that is not there does not keep a grant waiting', async () => {
  // Nobody answers at this address (RFC 5737): connecting to it waits until it is given up.
  const world = brokerWith(section(', sslmode: require', '192.0.2.1'));
  const before = performance.now();
  await elevate(world.broker, ada, request());
  world.clock.advance(600);
  await elevate(world.broker, ada, request());
  await endGrant(world.broker, world.store.grants()[0]?.id ?? '', 'revoked');
  const taken = performance.now() - before;
  expect(world.broker.sync.state()).toMatchObject({ acknowledged: 0, isRunning: true });
  // The connection attempt alone takes a minute: nobody waited for it.
  expect(taken).toBeLessThan(40_000);
});

test('past max_unsynced nothing is issued, and revocation goes on, until the store has caught up', async () => {
  const port = await freePort();
  const world = brokerWith(section(', max_unsynced: { events: 8 }', '127.0.0.1', port));
  const { grant } = await elevate(world.broker, ada, request());
  await elevate(world.broker, ada, request());
  const third = elevate(world.broker, ada, request());
  await expect(moving(world, third)).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
    hint: 'jit audit sync --now',
  });
  await endGrant(world.broker, grant.id, 'revoked');
  expect(world.store.leases({ grant: grant.id })[0]?.state).toBe('revoked');
});

test('a fork does not make events that the store has not got fewer', async () => {
  const port = await freePort();
  const world = brokerWith(section(', max_unsynced: { events: 8 }', '127.0.0.1', port));
  await elevate(world.broker, ada, request());
  await elevate(world.broker, ada, request());
  const before = world.broker.sync.state().events;
  world.store.fork('a test', createSigner(world.store.nextOrigin, Buffer.alloc(32, 4)));
  expect(world.broker.sync.state().events).toBe(before + 2);
  await expect(moving(world, elevate(world.broker, ada, request()))).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
  });
});

test('an old event that a reachable store has not got delays a grant by one push and no more', async () => {
  const world = brokerWith(section(', max_unsynced: { age: 1h }'));
  await elevate(world.broker, ada, request());
  await world.broker.sync.close(0);
  const next = world.restart();
  worlds.splice(0, 1, next);
  next.clock.step(2 * 3_600_000);
  await elevate(next.broker, ada, request());
  expect(next.broker.sync.state().acknowledged).toBeGreaterThan(0);
});

const anchored = testConfig.replace('max_duration: 1h }', 'max_duration: 1h, anchor: before-issue }');

test('anchor: before-issue has the intent at the store before the target hears of it', async () => {
  const world = brokerWith(section(), anchored);
  let there = -1;
  world.target.faults.duringIssue = async () => {
    const rows = await stored(world);
    there = rows.filter(({ body }) => String(body).includes('"type":"lease.intent"')).length;
  };
  await elevate(world.broker, ada, request());
  expect(there).toBe(1);
});

test('anchor: before-issue issues nothing when the store does not answer, and closes the lease', async () => {
  const world = brokerWith(section('', '127.0.0.1', await freePort()), anchored);
  await expect(moving(world, elevate(world.broker, ada, request()))).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
  });
  expect(world.target.issued).toEqual([]);
  expect(world.store.leases()[0]?.state).toBe('revoked');
  expect(world.store.grants()[0]).toMatchObject({ state: 'ended', endCause: 'audit-failed' });
  expect(world.types().slice(-4)).toEqual(['grant.ended', 'lease.revoking', 'lease.step', 'lease.revoked']);
});

/** The store is somewhere else from now on. */
function move(world: TestBroker, config: string): void {
  writeFileSync(world.broker.paths.configFile, config);
}

function next(world: TestBroker): TestBroker {
  const restarted = world.restart();
  worlds.splice(worlds.indexOf(world), 1, restarted);
  return restarted;
}

/** A file that says that the store has everything, and more. */
function forgeMemory(world: TestBroker): void {
  const memory = { origin: world.store.logOrigin, size: 1_000_000, behind: false, contradiction: null };
  writeFileSync(world.broker.paths.synced, JSON.stringify(memory), { mode: 0o600 });
}

test('a file that says that the store has acknowledged is no acknowledgement for anchor: before-issue', async () => {
  const world = brokerWith(section('', '127.0.0.1', await freePort()), anchored);
  forgeMemory(world);
  const restarted = next(world);
  await expect(moving(restarted, elevate(restarted.broker, ada, request()))).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
  });
  expect(restarted.target.issued).toEqual([]);
  expect(restarted.broker.sync.state()).toMatchObject({ acknowledged: 0, isHeard: false });
});

test('a file that says that the store has acknowledged does not lift max_unsynced', async () => {
  const world = brokerWith(section(', max_unsynced: { events: 8 }', '127.0.0.1', await freePort()));
  forgeMemory(world);
  const restarted = next(world);
  await elevate(restarted.broker, ada, request());
  await elevate(restarted.broker, ada, request());
  await expect(moving(restarted, elevate(restarted.broker, ada, request()))).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
  });
});

test('a broker that starts without the store goes on where the store was, within max_unsynced', async () => {
  const few = ', max_unsynced: { events: 8 }';
  const world = brokerWith(section(few));
  for (let turn = 0; turn < 4; turn += 1) {
    await elevate(world.broker, ada, request());
    await world.broker.sync.now();
  }
  const { size } = world.store.head();
  expect(size).toBeGreaterThan(20);
  await world.broker.sync.close(0);
  move(world, testConfig + section(few, '127.0.0.1', await freePort()));
  // Not even the file that remembers is needed.
  rmSync(world.broker.paths.synced);
  const restarted = next(world);
  await elevate(restarted.broker, ada, request());
  expect(restarted.broker.sync.state()).toMatchObject({ acknowledged: size, isHeard: false });
  const again = next(restarted);
  await expect(
    moving(
      again,
      (async () => {
        for (let turn = 0; turn < 2; turn += 1) await elevate(again.broker, ada, request());
      })(),
    ),
  ).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
});

test('an earlier log that the store refuses keeps the one of now from nothing, and is told', async () => {
  const world = brokerWith(section());
  await elevate(world.broker, ada, request());
  await world.broker.sync.now();
  const first = world.store.logOrigin;
  await elevate(world.broker, ada, request());
  // As if somebody had given the log away, after which the device is another's.
  await server.sql(`UPDATE jit.logs SET registered_by = 'other' WHERE origin = '${first}'`);
  world.store.fork('a test', createSigner(world.store.nextOrigin, Buffer.alloc(32, 4)));
  await world.broker.sync.now();
  expect(await stored(world)).toHaveLength(world.store.head().size);
  const { refused, failure, events, isHeard } = world.broker.sync.state();
  expect({ failure, events, isHeard }).toEqual({ failure: null, events: 0, isHeard: true });
  expect(refused).toMatchObject([{ origin: first, failure: { code: 'ERR_TARGET_REFUSED' } }]);
  expect(refused[0]?.events).toBeGreaterThan(0);
  expect((await status(world.broker, ada)).auditLog).toMatchObject({
    refused: [{ origin: first, events: refused[0]?.events }],
    lost: [],
  });
  const { checks } = await doctor(world.broker, { target: null });
  expect(checks.filter(({ name }) => name.startsWith('shared store'))).toMatchObject([
    { name: 'shared store', status: 'ok' },
    { name: `shared store: ${first}`, status: 'warning' },
  ]);
  await server.sql(`UPDATE jit.logs SET registered_by = 'writer' WHERE origin = '${first}'`);
  await world.broker.sync.now();
  expect(world.broker.sync.state().refused).toEqual([]);
  const rows = await server.sql(`SELECT seq FROM jit.events WHERE origin = '${first}'`);
  expect(rows).toHaveLength(world.store.logs()[1]?.first ?? 0);
});

test('a store that takes the connection and never answers keeps no grant waiting, unless it is to be anchored', async () => {
  const silent = await startSilent();
  try {
    const world = brokerWith(section(', connect_timeout: 10m', '127.0.0.1', silent.port));
    await elevate(world.broker, ada, request());
    world.clock.advance(600);
    await until(() => expect(silent.connections()).toBe(1));
    // The attempt is under way, for ten minutes: whoever waited for it would not get here.
    const { grant } = await elevate(world.broker, ada, request());
    await endGrant(world.broker, grant.id, 'revoked');
    expect(world.broker.sync.state()).toMatchObject({ acknowledged: 0, isRunning: true, failure: null });
    move(world, anchored + section(', connect_timeout: 10m', '127.0.0.1', silent.port));
    await expect(moving(world, elevate(world.broker, ada, request()))).rejects.toMatchObject({
      code: 'ERR_AUDIT_UNAVAILABLE',
    });
  } finally {
    await silent.stop();
  }
});

test('being behind for long and having caught up are told once each', async () => {
  const world = brokerWith(section());
  await elevate(world.broker, ada, request({ duration: 3_600_000 }));
  await server.halt();
  try {
    world.clock.step(6 * 60_000);
    for (let turn = 0; turn < 3; turn += 1) await world.broker.sync.now().catch(() => undefined);
  } finally {
    await server.start();
  }
  await world.broker.sync.now();
  await world.broker.sync.now();
  const told = world.types().filter((type) => type.startsWith('sync.'));
  expect(told).toEqual(['sync.behind', 'sync.caught_up']);
});

test('a second device with a copy of the first is caught, and issues nothing any more', async () => {
  const first = brokerWith(section());
  await elevate(first.broker, ada, request());
  await first.broker.sync.now();
  const copy = brokerWith(section());
  copy.store.close();
  for (const suffix of ['', '-wal', '-shm'])
    cpSync(first.broker.paths.database + suffix, copy.broker.paths.database + suffix, { force: true });
  cpSync(first.broker.paths.deviceKey, copy.broker.paths.deviceKey, { force: true });
  const second = copy.restart();
  worlds.splice(worlds.indexOf(copy), 1, second);
  await elevate(first.broker, ada, request());
  await first.broker.sync.now();
  await elevate(second.broker, ada, request());
  await expect(second.broker.sync.now()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  await expect(elevate(second.broker, ada, request())).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  expect(second.types()).toContain('log.rollback_detected');
  expect((await stored(first)).map(({ body }) => body)).toEqual(bytesOf(first));
  // The log itself knows as well.
  rmSync(second.broker.paths.synced);
  const third = second.restart();
  worlds.splice(worlds.indexOf(second), 1, third);
  await expect(elevate(third.broker, ada, request())).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  await third.broker.deviceKey.fork('a copy was in use');
  await elevate(third.broker, ada, request());
  await third.broker.sync.now();
  expect(await stored(third)).toHaveLength(third.store.head().size);
});

test('an ending broker tells the store of its end, and gives up on one that does not answer', async () => {
  const world = brokerWith(section());
  await elevate(world.broker, ada, request());
  await world.broker.sync.close(2_000);
  expect(await stored(world)).toHaveLength(world.store.head().size);
});

test('an idle broker does not end before a store that answers has everything, nor stays for one that does not', async () => {
  const world = brokerWith(section());
  const { grant } = await elevate(world.broker, ada, request());
  await endGrant(world.broker, grant.id, 'revoked');
  let fired = 0;
  const watch = watchIdle(world.broker, () => {
    fired += 1;
  });
  try {
    expect(world.broker.sync.isBusy).toBe(true);
    await world.broker.sync.now();
    expect(world.broker.sync.isBusy).toBe(false);
    await server.halt();
    world.broker.ledger.writeRevocation({
      events: [{ type: 'clock.step', at: world.clock.now(), data: { by_ms: 1 } }],
    });
    expect(world.broker.sync.isBusy).toBe(true);
    await expect(world.broker.sync.now()).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(world.broker.sync.isBusy).toBe(false);
    world.clock.advance(world.broker.timing.idle * 2);
    expect(fired).toBeGreaterThan(0);
  } finally {
    watch.stop();
    await server.start();
  }
});

/** Lets the time of `world` pass while `work` is under way. */
async function moving<T>(world: TestBroker, work: Promise<T>): Promise<T> {
  let isDone = false;
  const ended = work.finally(() => {
    isDone = true;
  });
  ended.catch(() => undefined);
  await until(() => {
    if (!isDone) world.clock.advance(500);
    expect(isDone).toBe(true);
  });
  return ended;
}

/** Accepts connections and says nothing. */
async function startSilent(): Promise<{
  readonly port: number;
  connections(): number;
  stop(): Promise<void>;
}> {
  const open = new Set<Socket>();
  let count = 0;
  const listener = createServer((socket) => {
    count += 1;
    open.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: () => count,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
