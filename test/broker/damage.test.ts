import { existsSync, readFileSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { status } from '../../src/broker/status.ts';
import { logLines } from '../../src/cli/log-text.ts';
import { fileHeadKeeper } from '../../src/store/head-keeper.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { damage, enough, manipulations } from '../support/damage.ts';
import { createMemoryKeychain } from '../support/keychain.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
afterEach(() => world.remove());

const ask = () => elevate(world.broker, ada, request());
const restart = (): TestBroker => {
  world = world.restart();
  return world;
};
const check = async (name: string) =>
  (await doctor(world.broker, { target: null })).checks.find((line) => line.name === name);
const verified = (...keys: string[]) =>
  verifyFile(world.broker.paths.database, { keys, heads: fileHeadKeeper(world.broker.paths.heads).known() });

/** A broker with a grant, and a log that is long enough to have kept nodes. */
async function withLease(keychain = createMemoryKeychain()): Promise<string> {
  world = createTestBroker({}, { keychain });
  const { grant } = await ask();
  world.store.commit((tx) => {
    const event = { type: 'clock.step', at: world.clock.now(), data: { by_ms: 1 } } as const;
    for (let count = 0; count < enough; count += 1) tx.append(event);
  });
  return grant.id;
}

/** The same files, damaged while no broker had them open. */
function damaged(what: string): void {
  world.store.close();
  damage(world.broker.paths.database, what);
  restart();
}

test.each(Object.entries(manipulations))(
  'where %s, a broker starts, issues nothing, takes back what is open, says so, and goes on after a fork',
  async (what, [, told]) => {
    await withLease();
    const first = world.store.key ?? '';
    damaged(what);
    expect(world.target.live.size).toBe(1);
    recover(world.broker);
    await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
    expect([world.target.live.size, world.broker.ledger.unwritten]).toEqual([0, 0]);
    const issued = world.target.issued.length;
    await expect(ask()).rejects.toMatchObject({
      code: 'ERR_AUDIT_INVALID',
      message: expect.stringMatching(told),
      hint: 'jit audit verify, then jit audit fork --reason "…"',
    });
    expect(world.target.issued).toHaveLength(issued);
    const { auditLog } = await status(world.broker, ada);
    expect(auditLog).toMatchObject({ signed: false, trouble: { message: expect.stringMatching(told) } });
    const plain = { alarm: (text: string) => text, caution: (text: string) => text } as never;
    expect(logLines(auditLog, 0, plain)[0]).toMatch(told);
    expect(await check('log signature')).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(told),
    });
    expect(verified().valid).toBe(false);
    expect(world.types()).toContain('log.damaged');

    const { origin } = world.store;
    await expect(world.broker.deviceKey.rotate()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
    const forked = await world.broker.deviceKey.fork('the disk was faulty');
    expect(forked).toMatchObject({ origin: `${origin}/2`, known: null });
    expect(world.store.key).not.toBe(first);
    await ask();
    expect(await check('log signature')).toMatchObject({ status: 'ok' });
    restart();
    await ask();
    expect((await status(world.broker, ada)).auditLog).toMatchObject({ signed: true, trouble: null });
  },
);

test('what is open in a damaged log that may resume ends at its deadline, and by hand', async () => {
  await withLease();
  const resuming = { role: 'write', reason: 'x', duration: 60_000 };
  const one = await elevate(world.broker, ada, request(resuming));
  await elevate(world.broker, ada, request(resuming));
  damaged('the leaf of the last event is changed');
  recover(world.broker);
  await until(() => expect(world.target.live.size).toBe(2));
  const stopExpiry = startExpiry(world.broker);
  await endGrant(world.broker, one.grant.id, 'revoked');
  expect(world.target.live.size).toBe(1);
  world.clock.advance(61_000);
  await until(() => expect(world.target.live.size).toBe(0));
  stopExpiry();
  expect(world.types().slice(-2)).toContain('lease.revoked');
});

test('damage that is met while the broker runs stops issuing, not revoking', async () => {
  const grant = await withLease();
  world.store.checkpoint();
  damage(world.broker.paths.database, 'a node row is deleted');
  const before = world.store.head().size;
  // A transaction that fails makes the next one read the tree anew.
  expect(() =>
    world.store.commit(() => {
      throw new TypeError('no');
    }),
  ).toThrow('no');
  const stopExpiry = startExpiry(world.broker);
  await endGrant(world.broker, grant, 'revoked');
  expect([world.target.live.size, world.broker.ledger.unwritten, world.broker.stopping]).toEqual([
    0,
    0,
    false,
  ]);
  expect(world.store.events({ after: before - 1 }).map(({ body }) => body.type)).toEqual([
    'log.damaged',
    'grant.ended',
    'lease.revoking',
    'lease.step',
    'lease.revoked',
  ]);
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  world.clock.advance(120_000);
  expect([world.broker.stopping, world.ended]).toEqual([false, []]);
  stopExpiry();
  await world.broker.deviceKey.fork('x');
  await ask();
});

test('seeds of forks that failed do not pile up', async () => {
  const keychain = createMemoryKeychain();
  keychain.isLocked = true;
  await withLease(keychain);
  damaged('the newest checkpoint is deleted');
  const seeds = () => {
    const { deviceKey } = world.broker.paths;
    return existsSync(deviceKey) ? readFileSync(deviceKey, 'utf8').trim().split('\n').length : 0;
  };
  const { fork } = world.store;
  Object.assign(world.store, {
    fork() {
      throw new Error('disk full');
    },
  });
  for (let count = 0; count < 60; count += 1)
    await expect(world.broker.deviceKey.fork('x')).rejects.toThrow('disk full');
  expect(seeds()).toBe(2);
  Object.assign(world.store, { fork });
  await world.broker.deviceKey.fork('x');
  expect(seeds()).toBe(1);
  restart();
  await ask();
});

test('what the keychain knew of a log that was cut and damaged on purpose is in the record of the fork', async () => {
  const keychain = createMemoryKeychain();
  await withLease(keychain);
  world.broker.ledger.flush();
  await ask();
  await world.broker.deviceKey.close(1_000);
  const { origin } = world.store;
  const kept = keychain.items.get(`jit/head-${origin}`)?.reveal() ?? '';
  const size = Number(kept.split('\n')[1]);
  const { database, heads } = world.broker.paths;
  world.store.close();
  const db = new Database(database);
  db.exec(
    'DELETE FROM ev WHERE seq >= 10; DELETE FROM nodes; DELETE FROM newest_checkpoint; DELETE FROM checkpoints',
  );
  db.close();
  rmSync(heads, { recursive: true });
  restart();
  recover(world.broker);
  await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
  const forked = await world.broker.deviceKey.fork('the disk was faulty');
  expect(forked.known).toEqual({ origin, events: size, from: 'keychain' });
  const [fork] = world.store.events({ type: 'log.fork' });
  expect(fork?.body.data).toMatchObject({ known: { origin, size } });
});
