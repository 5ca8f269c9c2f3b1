import { copyFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { LogHead } from '../../src/audit/event.ts';
import { longestKeyAge } from '../../src/broker/device-key.ts';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { watchIdle } from '../../src/broker/idle.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { status } from '../../src/broker/status.ts';
import { fileHeadKeeper } from '../../src/store/head-keeper.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { createMemoryKeychain, type MemoryKeychain } from '../support/keychain.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
afterEach(() => world.remove());

const open = (keychain?: MemoryKeychain): TestBroker => {
  world = createTestBroker({}, keychain && { keychain });
  return world;
};
const restart = (): TestBroker => {
  world = world.restart();
  return world;
};
const ask = () => elevate(world.broker, ada, request());
const key = () => world.store.key ?? '';
const database = () => world.broker.paths.database;
const lines = (text = '') => text.split('\n').filter((line) => line !== '');
const seedsInFile = () => lines(readFileSync(world.broker.paths.deviceKey, 'utf8'));
const itemOf = (keychain: MemoryKeychain, what: 'sign' | 'head') =>
  keychain.items.get(`jit/${what}-${world.store.origin}`)?.reveal();
const log = async () => (await status(world.broker, ada)).auditLog;
const check = async (name: string) =>
  (await doctor(world.broker, { target: null })).checks.find((line) => line.name === name);
const verified = (...keys: string[]) =>
  verifyFile(database(), { keys, heads: fileHeadKeeper(world.broker.paths.heads).known() });

/** A copy of the database as it is now, to be put back later. */
function takeBackup(): () => void {
  world.store.checkpoint();
  copyFileSync(database(), `${database()}.old`);
  return () => {
    world.store.close();
    for (const suffix of ['-wal', '-shm']) rmSync(database() + suffix, { force: true });
    copyFileSync(`${database()}.old`, database());
  };
}

test('the key is made for the first grant, kept in the keychain alone, and found by the next broker', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  expect(await log()).toMatchObject({ signed: false, key: null, trouble: null });
  await ask();
  const first = key();
  expect(await log()).toMatchObject({ signed: true, key: { vkey: first, place: 'keychain' } });
  expect(world.types().indexOf('key.rotate')).toBeLessThan(world.types().indexOf('grant.requested'));
  expect(lines(itemOf(keychain, 'sign'))).toHaveLength(1);
  expect(() => statSync(world.broker.paths.deviceKey)).toThrow(/ENOENT/);
  restart();
  await ask();
  expect(key()).toBe(first);
  expect(world.types().filter((type) => type === 'key.rotate')).toHaveLength(1);
  expect(await check('log signature')).toMatchObject({ status: 'ok' });
  expect(verified(first)).toMatchObject({ valid: true });
});

test('where no keychain answers it lies in a private file, and doctor warns of that', async () => {
  open();
  await ask();
  const first = key();
  expect(statSync(world.broker.paths.deviceKey).mode & 0o777).toBe(0o600);
  expect(await check('log signature')).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining(world.broker.paths.deviceKey),
  });
  restart();
  await ask();
  expect(key()).toBe(first);
});

test('a locked keychain refuses grants and says what to do; revoking goes on, and is signed once it is unlocked', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const first = key();
  keychain.isLocked = true;
  restart();
  await expect(ask()).rejects.toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
    hint: expect.stringMatching(/^unlock the keychain/),
  });
  expect(await check('log signature')).toMatchObject({ status: 'failed' });
  expect(await log()).toMatchObject({ signed: false, trouble: { code: 'ERR_AUDIT_UNAVAILABLE' } });
  recover(world.broker);
  await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
  expect(world.target.live.size).toBe(0);
  const signed = world.store.signedHead()?.size ?? 0;
  expect(signed).toBeLessThan(world.store.head().size);
  keychain.isLocked = false;
  await ask();
  expect(world.store.signedHead()?.size).toBe(world.store.head().size);
  expect(verified(first)).toMatchObject({ valid: true });
});

test('a key that is gone is told from one that is locked away; a fork goes on with a new one', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const first = key();
  await expect(world.broker.deviceKey.fork('no reason')).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
  keychain.items.clear();
  restart();
  await expect(ask()).rejects.toMatchObject({
    code: 'ERR_AUDIT_INVALID',
    message: expect.stringMatching(/is lost/),
    hint: 'jit audit fork --reason "…"',
  });
  const { origin } = world.store;
  const before = world.store.head().size;
  expect(await world.broker.deviceKey.fork('new laptop')).toMatchObject({
    ...{ origin: `${origin}/2`, place: 'keychain', known: null },
    previous: { origin, events: before },
  });
  await ask();
  expect(key()).not.toBe(first);
  expect((await log()).fork).toMatchObject({ reason: 'new laptop', previous: origin });
  expect(await check('log fork')).toMatchObject({ status: 'warning' });
  // Nothing that was signed before says that the new log is the same broker's: whoever trusts it has to be told its key.
  expect(verified(first).problem?.what).toContain('no key of the log');
  expect(verified(first, key())).toMatchObject({
    valid: true,
    logs: [{ origin }, { origin: `${origin}/2` }],
  });
  restart();
  await ask();
});

test('a day later another key signs, the old one is deleted, and who trusts the first can follow', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const first = key();
  world.clock.step(longestKeyAge - 60_000);
  world.broker.deviceKey.rest();
  await settled();
  expect(key()).toBe(first);
  world.clock.step(60_000);
  const idle = watchIdle(world.broker, () => undefined);
  world.clock.advance(1_000);
  idle.stop();
  await until(() => expect(key()).not.toBe(first));
  await settled();
  expect(lines(itemOf(keychain, 'sign'))).toHaveLength(1);
  expect(world.store.events({ type: 'key.rotate' }).at(-1)?.body.data).toMatchObject({
    ...{ previous: first, why: 'age' },
  });
  const second = key();
  restart();
  await ask();
  expect(key()).toBe(second);
  world.clock.step(longestKeyAge);
  restart();
  await ask();
  await until(() => expect(key()).not.toBe(second));
  expect(verified(first)).toMatchObject({ valid: true });
});

test('the key moves from the file into the keychain as soon as one answers at a change', async () => {
  const keychain = createMemoryKeychain();
  keychain.isLocked = true;
  open(keychain);
  await ask();
  const first = key();
  expect(seedsInFile()).toHaveLength(1);
  const changed = await world.broker.deviceKey.rotate();
  expect(changed).toMatchObject({ place: 'file', previous: first });
  expect(seedsInFile()).toHaveLength(1);
  keychain.isLocked = false;
  expect(await world.broker.deviceKey.rotate()).toMatchObject({ place: 'keychain', previous: changed.vkey });
  expect(() => statSync(world.broker.paths.deviceKey)).toThrow(/ENOENT/);
  keychain.isLocked = true;
  await expect(world.broker.deviceKey.rotate()).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(await log()).toMatchObject({ signed: true, key: { place: 'keychain' } });
  await ask();
  expect(verified(first)).toMatchObject({ valid: true });
});

test.each([
  ['the heads file', true, false, 'file'],
  ['the keychain', false, true, 'keychain'],
  ['both', true, true, 'file'],
] as const)(
  'a database that was set back is noticed by %s: nothing is issued, revoking goes on, a fork ends it',
  async (_what, hasHeads, hasCopy, from) => {
    const keychain = createMemoryKeychain();
    open(keychain);
    await ask();
    const first = key();
    const putBack = takeBackup();
    for (let count = 0; count < 3; count += 1) await ask();
    await world.broker.deviceKey.close(1_000);
    const known = world.store.treeHead();
    putBack();
    if (!hasHeads) rmSync(world.broker.paths.heads, { recursive: true });
    if (!hasCopy) keychain.items.delete(`jit/head-${world.store.origin}`);
    restart();
    const issued = world.target.issued.length;
    await expect(ask()).rejects.toMatchObject({
      code: 'ERR_AUDIT_INVALID',
      message: expect.stringContaining(`does not lead to the head of "${known.origin}" at ${known.size}`),
      hint: 'jit audit fork --reason "…"',
    });
    expect(world.target.issued).toHaveLength(issued);
    expect(world.types()).toContain('log.rollback_detected');
    expect((await log()).known).toEqual({ origin: known.origin, events: known.size, from });
    expect(await check('log signature')).toMatchObject({ status: 'failed' });
    const [grant] = world.broker.ledger.activeGrants();
    await endGrant(world.broker, grant?.id ?? '', 'revoked');
    expect(world.broker.ledger.openLeases()).toEqual([]);
    await expect(world.broker.deviceKey.rotate()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });

    const forked = await world.broker.deviceKey.fork('restored from a backup');
    expect(forked).toMatchObject({ origin: `${known.origin}/2`, known: { events: known.size, from } });
    const fork = world.store.events({ type: 'log.fork' })[0]?.body.data as unknown as { known: LogHead };
    expect(fork.known).toEqual({ ...known });
    await ask();
    restart();
    await ask();
    expect(world.store.behind).toBeNull();
    expect(verifyFile(database(), { keys: [first, forked.vkey] }).problem).toBeNull();
  },
);

test('a log that was set back to before a fork does not take the name of the log that is lost', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const first = key();
  const { origin } = world.store;
  const putBack = takeBackup();
  keychain.items.clear();
  restart();
  await world.broker.deviceKey.fork('keychain emptied');
  for (let count = 0; count < 3; count += 1) await ask();
  await world.broker.deviceKey.close(1_000);
  putBack();
  restart();
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  expect(await world.broker.deviceKey.fork('restored')).toMatchObject({ origin: `${origin}/3` });
  await ask();
  restart();
  await ask();
  expect(world.store.logs().map((log) => log.origin)).toEqual([origin, `${origin}/3`]);
  expect(verifyFile(database(), { keys: [first, key()] }).problem).toBeNull();
});

test('the copy in the keychain is made anew once a minute at most, and at the end', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const copied = () => Number(itemOf(keychain, 'head')?.split('\n')[1] ?? 0);
  expect(copied()).toBe(0);
  world.clock.advance(2_000);
  await settled();
  const early = copied();
  expect(early).toBe(world.store.head().size);
  await ask();
  world.clock.advance(30_000);
  await settled();
  expect(copied()).toBe(early);
  world.clock.advance(31_000);
  await settled();
  expect(copied()).toBeGreaterThan(early);
  await ask();
  await world.broker.deviceKey.close(1_000);
  expect(copied()).toBe(world.store.head().size);
});

test('a keychain that never answers keeps neither the end of the broker nor revocations waiting', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  const { grant } = await ask();
  restart();
  keychain.get = () => new Promise(() => undefined);
  world.broker.deviceKey.start();
  await endGrant(world.broker, grant.id, 'revoked');
  expect(world.target.live.size).toBe(0);
  const closing = world.broker.deviceKey.close(2_000);
  world.clock.advance(2_000);
  await closing;
});

test('with the key in a file, too, nothing is issued before the keychain was asked for the head', async () => {
  const keychain = createMemoryKeychain();
  keychain.isLocked = true;
  open(keychain);
  await ask();
  const putBack = takeBackup();
  keychain.isLocked = false;
  restart();
  await ask();
  await world.broker.deviceKey.close(1_000);
  expect(itemOf(keychain, 'head')).toContain(world.store.origin);
  putBack();
  rmSync(world.broker.paths.heads, { recursive: true });
  restart();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const { get } = keychain;
  keychain.get = async (service, account) => {
    await answered;
    return get(service, account);
  };
  const issued = world.target.issued.length;
  const asked = ask();
  await settled();
  expect([world.store.signs, world.target.issued.length]).toEqual([false, issued]);
  answer();
  await expect(asked).rejects.toMatchObject({
    code: 'ERR_AUDIT_INVALID',
    hint: 'jit audit fork --reason "…"',
  });
  expect(world.target.issued).toHaveLength(issued);
});

test('the head of a lost log that stays in the keychain stops nobody again once a fork has put it on record', async () => {
  const keychain = createMemoryKeychain();
  open(keychain);
  await ask();
  const { origin } = world.store;
  const putBack = takeBackup();
  keychain.items.delete(`jit/sign-${origin}`);
  restart();
  await world.broker.deviceKey.fork('keychain emptied');
  await ask();
  await world.broker.deviceKey.close(1_000);
  const left = itemOf(keychain, 'head') ?? '';
  expect(left).toContain(`${origin}/2`);
  putBack();
  restart();
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  const { set } = keychain;
  keychain.set = async (service, account, secret) => {
    if (account.startsWith('head-')) throw new Error('no');
    await set(service, account, secret);
  };
  await world.broker.deviceKey.fork('restored');
  await ask();
  expect(itemOf(keychain, 'head')).toBe(left);
  restart();
  await ask();
});

/** What was begun with the keychain in memory is over. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
