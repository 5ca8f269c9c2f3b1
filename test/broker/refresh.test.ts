// Keeping a served credential fresh: in time, once at a time, never beyond the end, and told when it fails.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { extend } from '../../src/broker/extend.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { status } from '../../src/broker/status.ts';
import { wait } from '../../src/broker/wait.ts';
import type { WaitRequest } from '../../src/protocol/routes.ts';
import type { GrantView } from '../../src/protocol/views.ts';
import { ada, createTestBroker, type TestBroker } from '../support/broker.ts';
import { type KnownEndpoint, openEndpoint } from '../support/endpoint.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const serial = async (known: KnownEndpoint): Promise<number> => JSON.parse((await known.ask()).body).serial;
const lease = (known: KnownEndpoint) => world.broker.ledger.lease(known.lease);

/** Time passes in steps, and what it sets going settles in between. */
async function pass(duration: number, step = minute): Promise<void> {
  for (let passed = 0; passed < duration; passed += step) {
    world.clock.advance(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a credential is refreshed when its provider said so, and again after that', async () => {
  const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
  const first = await serial(known);
  await pass(19 * minute);
  expect(await serial(known)).toBe(first);
  await pass(minute);
  expect(await serial(known)).toBe(first + 1);
  await pass(20 * minute);
  expect(world.target.refreshed).toHaveLength(2);
  expect(world.types().filter((type) => type === 'lease.renewed')).toHaveLength(2);
});

test('the provider is told the end of the lease as it is now', async () => {
  const known = await openEndpoint(world, { duration: 30 * minute }, 10 * minute);
  await pass(10 * minute);
  expect(world.target.refreshed[0]).toMatchObject({
    lease: known.lease,
    grant: known.grant,
    now: world.clock.now(),
    deadline: lease(known)?.deadline,
  });
});

test('nothing is refreshed that lasts as long as its lease, nor what would be due after the end', async () => {
  await openEndpoint(world, { duration: 30 * minute }, null);
  await openEndpoint(world, { duration: 30 * minute }, 30 * minute);
  await pass(31 * minute);
  expect(world.target.refreshed).toEqual([]);
});

test('many who ask when it is due set one refresh going', async () => {
  const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
  let settle = (): void => undefined;
  world.target.faults.holdRefresh = new Promise((resolve) => {
    settle = resolve;
  });
  world.clock.sleepMachine(20 * minute);
  await Promise.all(Array.from({ length: 20 }, () => known.ask()));
  void world.broker.refreshing.get(known.lease)?.now();
  expect(world.target.refreshed).toHaveLength(1);
  settle();
});

test('an extended grant is served what was made for its new end', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute }, null);
  const first = await serial(known);
  await extend(world.broker, ada, { grant: known.grant, duration: 20 * minute, reason: null });
  expect(await serial(known)).toBe(first + 1);
});

describe('a refresh that fails', () => {
  test('is told in the status once, and what there is goes on being served', async () => {
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    const first = await serial(known);
    world.target.faults.refuseRefresh = 'ERR_SECRET_UNAVAILABLE';
    await pass(40 * minute, 10_000);
    expect(await serial(known)).toBe(first);
    const [grant] = (await status(world.broker, ada)).grants;
    expect(grant?.leases[0]).toMatchObject({ state: 'active', lastError: 'ERR_SECRET_UNAVAILABLE' });
    const steps = world.store.events().filter(({ body }) => body.type === 'lease.step');
    expect(steps.map(({ body }) => body.data)).toEqual([
      { step: 'not-refreshed', facts: { code: 'ERR_SECRET_UNAVAILABLE' } },
    ]);
  });

  test('is tried again at growing pauses of a minute or so at most, and is forgotten when it succeeds', async () => {
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    world.target.faults.unreachable = true;
    await pass(20 * minute);
    await pass(10 * minute, 100);
    const times = world.target.refreshed.map(({ now }) => now);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.length).toBeGreaterThan(10);
    expect(pauses.length).toBeLessThan(40);
    expect(pauses[0]).toBeLessThan(2_000);
    expect(Math.max(...pauses)).toBeLessThan(80_000);
    world.target.faults.unreachable = false;
    await pass(2 * minute, 1_000);
    expect(lease(known)?.lastError).toBeNull();
  });

  test('is not tried any more once the lease is over', async () => {
    await openEndpoint(world, { duration: 30 * minute }, 20 * minute);
    world.target.faults.refuseRefresh = 'ERR_TARGET_REFUSED';
    const stopExpiry = startExpiry(world.broker);
    await pass(30 * minute, 10_000);
    const tries = world.target.refreshed.length;
    expect(tries).toBeGreaterThan(0);
    await pass(30 * minute, 10_000);
    expect(world.target.refreshed).toHaveLength(tries);
    stopExpiry();
  });
});

describe('whoever waits for a change of a grant', () => {
  const failing = 'ERR_SECRET_UNAVAILABLE';
  type Known = WaitRequest['known'];

  /** Asks with what is known, and tells when it is answered. */
  function waiting(known: KnownEndpoint, changes: Partial<Known> = {}) {
    const { state, deadline } = world.store.grants()[0] as Known;
    const told: GrantView[] = [];
    const request = { grant: known.grant, known: { state, deadline, ...changes }, timeout: 60 * minute };
    void wait(world.broker, ada, request).then((view) => told.push(view));
    return told;
  }

  test('is told when a refresh fails, with the reason, and when one succeeds again', async () => {
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    const first = waiting(known, { notRefreshed: null });
    const mindless = waiting(known);
    world.target.faults.refuseRefresh = failing;
    await pass(20 * minute, 10_000);
    expect(first.map(({ leases }) => leases[0]?.notRefreshed)).toEqual([
      { code: failing, message: 'the fake target refreshes nothing' },
    ]);
    const second = waiting(known, { notRefreshed: failing });
    await pass(minute, 1_000);
    expect(second).toEqual([]);
    delete world.target.faults.refuseRefresh;
    await pass(3 * minute, 1_000);
    expect(second.map(({ leases }) => [leases[0]?.notRefreshed, leases[0]?.lastError])).toEqual([
      [null, null],
    ]);
    expect(mindless).toEqual([]);
  });
});

describe('the end of a grant while it is being refreshed', () => {
  test('stops the refresh, and revokes', async () => {
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    world.target.faults.holdRefresh = new Promise(() => undefined);
    await pass(20 * minute);
    await endGrant(world.broker, known.grant, 'revoked');
    expect(lease(known)?.state).toBe('revoked');
    expect(world.target.live.size).toBe(0);
    expect(world.types()).not.toContain('lease.renewed');
  });

  test('waits for one that does not stop, so that nothing is made after it was looked for', async () => {
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    let settle = (): void => undefined;
    world.target.faults.holdRefresh = new Promise((resolve) => {
      settle = resolve;
    });
    world.target.faults.ignoreAbort = true;
    await pass(20 * minute);
    const ended = endGrant(world.broker, known.grant, 'revoked');
    expect((await known.ask()).status).toBe(410);
    expect(world.target.revoked).toEqual([]);
    settle();
    await ended;
    expect(world.target.revoked).toHaveLength(1);
    expect(world.types()).not.toContain('lease.renewed');
  });
});

test('a refresh that cannot be recorded ends the grant: nothing is served that the log does not know', async () => {
  const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
  vi.spyOn(world.broker.ledger, 'write').mockImplementation(() => {
    throw new Error('disk full');
  });
  await pass(20 * minute);
  await until(() => expect(lease(known)?.state).toBe('revoked'));
  expect(world.store.grants()[0]).toMatchObject({ endCause: 'audit-failed' });
});
