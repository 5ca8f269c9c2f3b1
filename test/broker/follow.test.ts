import { copyFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { follow } from '../../src/broker/follow.ts';
import type { FollowRequest } from '../../src/protocol/usage.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const ask = (changes: Partial<FollowRequest>, caller = ada) =>
  follow(world.broker, caller, {
    after: null,
    limit: 100,
    target: null,
    grant: null,
    timeout: 1_000,
    ...changes,
  });
const typesOf = ({ events }: Awaited<ReturnType<typeof follow>>) => events.map(({ body }) => body.type);

test('without a cursor it answers the newest events at once, with where to go on', async () => {
  await elevate(world.broker, ada, request());
  const reply = await ask({ limit: 2 });
  expect(typesOf(reply)).toEqual(world.types().slice(-2));
  expect(reply.next).toBe(world.types().length - 1);
});

test('with a cursor nothing is missed and nothing comes twice, page by page', async () => {
  await elevate(world.broker, ada, request());
  const seen: unknown[] = [];
  for (let after = -1; ; ) {
    const reply = await ask({ after, limit: 2, timeout: 0 });
    seen.push(...typesOf(reply));
    if (reply.events.length === 0) break;
    after = reply.next;
  }
  expect(seen).toEqual(world.types());
});

test('at the end it waits until something is written', async () => {
  const { next } = await ask({});
  const waiting = ask({ after: next });
  await elevate(world.broker, ada, request());
  const reply = await waiting;
  expect(reply.events.length).toBeGreaterThan(0);
  expect(reply.events[0]?.body.type).toBe(world.types()[next + 1]);
});

test('what does not fit does not wake whoever waits, and is passed over', async () => {
  await elevate(world.broker, ada, request({ target: 'other-db' }));
  const { next } = await ask({});
  const waiting = ask({ after: next, target: 'other-db' });
  await elevate(world.broker, ada, request());
  world.clock.advance(1_000);
  const reply = await waiting;
  expect(reply.events).toEqual([]);
  expect(reply.next).toBe(world.types().length - 1);
});

test('nobody waits for a caller that has left', async () => {
  const { next } = await ask({});
  const leaving = new AbortController();
  const waiting = ask({ after: next }, { ...ada, signal: leaving.signal });
  leaving.abort();
  expect((await waiting).events).toEqual([]);
});

test('a grant that there never was is an error, and not silence', async () => {
  await expect(ask({ grant: 'gnone' })).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
});

test('in a log that was put back it goes on with what was found out about that, which is before the cursor', async () => {
  await world.broker.deviceKey.ready();
  await elevate(world.broker, ada, request());
  const { database } = world.broker.paths;
  world = world.restart();
  copyFileSync(database, `${database}.old`);
  for (let count = 0; count < 5; count += 1) await elevate(world.broker, ada, request());
  const { next: cursor } = await ask({});
  world.store.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
  copyFileSync(`${database}.old`, database);
  world = world.restart();
  const start = { version: 'test', pid: 1, hardening: {}, recovered: 0 };
  const at = world.clock.now();
  world.broker.ledger.writeRevocation({ events: [{ type: 'broker.start', at, data: start }] });
  const reply = await ask({ after: cursor, timeout: 0 });
  expect(typesOf(reply)).toEqual(['log.rollback_detected', 'broker.start']);
  expect(typesOf(await ask({ after: reply.next, timeout: 0 }))).toEqual([]);
});
