// Extending what cannot be moved: the record first, then another credential, and the old end when that fails.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { extend } from '../../src/broker/extend.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { JitError } from '../../src/core/errors.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { FakeHandle } from '../fakes/provider.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { type KnownEndpoint, openEndpoint } from '../support/endpoint.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let world: TestBroker;
let provider: Provider<FakeHandle>;
/** The lease as it was on disk when the target was asked. */
let seen: Lease[];

beforeEach(() => {
  world = createTestBroker();
  provider = world.target.kind.open({} as never, {} as never);
  seen = [];
  const { refresh } = provider;
  provider.replan = (handle, deadline) => ({
    handle: { ...handle, name: handle.name, serial: deadline },
    hardDeadline: deadline + minute,
  });
  provider.refresh = async (handle, plan, signal) => {
    seen.push(...world.store.leases());
    const refreshed = await refresh?.(handle, plan, signal);
    if (!refreshed) throw new Error('the fake refreshes');
    return refreshed;
  };
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const extending = (grant: string, duration = 20 * minute) =>
  extend(world.broker, ada, { grant, duration, reason: null });
const lease = (known: KnownEndpoint) => world.broker.ledger.lease(known.lease);
const steps = () =>
  world.store
    .events()
    .filter(({ body }) => body.type === 'lease.step')
    .map(({ body }) => (body.data as { step: string }).step);

test('the record covers the new credential before it is made, and the grant gets its new end after', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute });
  const old = lease(known);
  const deadline = world.clock.now() + 20 * minute;
  expect((await extending(known.grant)).deadline).toBe(deadline);
  expect(seen).toMatchObject([
    { handle: { serial: deadline }, deadline: old?.deadline, hardDeadline: deadline + minute },
  ]);
  expect(lease(known)).toMatchObject({ handle: { serial: deadline }, deadline, hardDeadline: deadline });
  expect(world.types().slice(-3)).toEqual(['lease.step', 'grant.extended', 'lease.renewed']);
  expect(world.target.refreshed).toHaveLength(1);
});

test('what was made is refreshed by its own schedule from then on, also past the old end', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute }, 15 * minute);
  await extending(known.grant, 40 * minute);
  world.clock.advance(15 * minute);
  expect(world.target.refreshed).toHaveLength(2);
});

test('trouble with refreshing is over with an extension, and told again when it comes again', async () => {
  const known = await openEndpoint(world, { duration: 20 * minute }, 5 * minute);
  const told = () => steps().filter((step) => step === 'not-refreshed').length;
  world.target.faults.unreachable = true;
  world.clock.advance(5 * minute);
  await until(() => expect(told()).toBe(1));
  world.target.faults.unreachable = false;
  await extending(known.grant);
  expect(lease(known)?.lastError).toBeNull();
  world.target.faults.unreachable = true;
  const changed: string[] = [];
  world.broker.changes.on('change', (grant) => changed.push(grant));
  world.clock.advance(5 * minute);
  await until(() => expect(told()).toBe(2));
  expect(changed).toContain(known.grant);
});

describe('when no other credential is made', () => {
  test('the old record and the old end are in force again', async () => {
    const known = await openEndpoint(world, { duration: 10 * minute });
    const old = lease(known);
    world.target.faults.unreachable = true;
    await expect(extending(known.grant)).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(lease(known)).toEqual(old);
    expect(world.store.leases()).toEqual([old]);
    expect(world.store.grants()[0]?.deadline).toBe(old?.deadline);
    expect(steps()).toEqual(['extending', 'not-extended']);
    world.target.faults.unreachable = false;
    await extending(known.grant);
    expect(lease(known)?.deadline).toBe(world.clock.now() + 20 * minute);
  });

  test('nobody knows whether it was: the record goes on covering it, the old end is in force', async () => {
    const known = await openEndpoint(world, { duration: 10 * minute });
    const old = lease(known);
    world.target.faults.refuseRefresh = 'ERR_REVOKE_INCOMPLETE';
    await expect(extending(known.grant)).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    const until20 = world.clock.now() + 20 * minute;
    expect(lease(known)).toMatchObject({ handle: { serial: until20 }, deadline: old?.deadline });
    expect(lease(known)?.hardDeadline).toBe(until20 + minute);
  });

  test('because the record cannot be written, the target is not asked', async () => {
    const known = await openEndpoint(world, { duration: 10 * minute });
    vi.spyOn(world.broker.ledger, 'write').mockImplementation(() => {
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'disk full');
    });
    await expect(extending(known.grant)).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
    expect(world.target.refreshed).toEqual([]);
    expect(lease(known)?.state).toBe('active');
  });
});

test('what was made and cannot be recorded ends the grant', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute });
  const { write } = world.broker.ledger;
  vi.spyOn(world.broker.ledger, 'write').mockImplementation((entry) => {
    if (entry.events.some(({ type }) => type === 'grant.extended'))
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'disk full');
    write(entry);
  });
  await expect(extending(known.grant)).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
  await until(() => expect(lease(known)?.state).toBe('revoked'));
  expect(world.store.grants()[0]).toMatchObject({ endCause: 'audit-failed' });
});

test('a grant that ends meanwhile is revoked by the record that covers the new credential', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute });
  let settle = (): void => undefined;
  world.target.faults.holdRefresh = new Promise((resolve) => {
    settle = resolve;
  });
  world.target.faults.ignoreAbort = true;
  const asked = extending(known.grant);
  await until(() => expect(world.target.refreshed).toHaveLength(1));
  const serial = world.clock.now() + 20 * minute;
  const ended = endGrant(world.broker, known.grant, 'revoked');
  settle();
  await expect(asked).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
  await ended;
  expect(world.store.leases()[0]).toMatchObject({ state: 'revoked', handle: { serial } });
});

test('it waits for a refresh that is under way, and two who ask at once do not meet', async () => {
  const known = await openEndpoint(world, { duration: 20 * minute }, 10 * minute);
  let settle = (): void => undefined;
  world.target.faults.holdRefresh = new Promise((resolve) => {
    settle = resolve;
  });
  world.clock.advance(10 * minute);
  await until(() => expect(world.target.refreshed).toHaveLength(1));
  const both = Promise.all([extending(known.grant, 30 * minute), extending(known.grant, 31 * minute)]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.target.refreshed).toHaveLength(1);
  settle();
  await both;
  expect(lease(known)?.deadline).toBe(world.clock.now() + 31 * minute);
  expect(lease(known)?.handle).toMatchObject({ serial: world.clock.now() + 31 * minute });
});

test('of two who ask at once, the one who asks for less does not take back what the other got', async () => {
  const known = await openEndpoint(world, { duration: 10 * minute });
  const longer = extending(known.grant, 31 * minute);
  const shorter = extending(known.grant, 30 * minute);
  await expect(shorter).rejects.toMatchObject({ code: 'ERR_USAGE' });
  await longer;
  const deadline = world.clock.now() + 31 * minute;
  expect(lease(known)).toMatchObject({ deadline, handle: { serial: deadline } });
});

test('keys that the child holds itself are not extended, because it would not get the new ones', async () => {
  const { grant } = await elevate(world.broker, ada, request({ duration: 10 * minute, export: 'url' }));
  await expect(extending(grant.id)).rejects.toMatchObject({
    code: 'ERR_UNSUPPORTED',
    hint: 'jit elevate fake-db:read',
  });
  expect(world.store.grants()[0]?.deadline).toBe(grant.deadline);
});
