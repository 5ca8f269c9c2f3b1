// Credentials that nobody can take back before their end: never called revoked, never called overdue before that.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant, revokeLease } from '../../src/broker/revocation.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { status } from '../../src/broker/status.ts';
import { stop } from '../../src/broker/stop.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { openEndpoint } from '../support/endpoint.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
  world.target.faults.cannotWithdraw = true;
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const lease = (id: string) => world.broker.ledger.lease(id);

async function pass(duration: number, step = 10_000): Promise<void> {
  for (let passed = 0; passed < duration; passed += step) {
    world.clock.advance(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('it stays "revoking", with access, until it has ended by itself', async () => {
  const known = await openEndpoint(world, { duration: 30 * minute });
  await known.ask();
  const stopExpiry = startExpiry(world.broker);
  await endGrant(world.broker, known.grant, 'revoked');
  await pass(29 * minute);
  expect(lease(known.lease)).toMatchObject({ state: 'revoking', accessEndedAt: null });
  expect(world.broker.irrevocable.get(known.lease)).toBe(lease(known.lease)?.deadline);
  expect(world.types()).not.toContain('lease.overdue');
  // The target's own clock.
  await pass(minute);
  world.target.live.clear();
  await pass(minute);
  await until(() => expect(lease(known.lease)?.state).toBe('revoked'));
  expect(world.broker.irrevocable.size).toBe(0);
  stopExpiry();
});

test('it is told beforehand, and by the next broker as well', async () => {
  const kept = request({ target: 'fake-db', role: 'write', reason: 'because', keep: true, session: null });
  const { grant } = await elevate(world.broker, ada, kept);
  const [told] = grant.leases;
  expect(told?.irrevocableUntil).toBe(told?.deadline);
  world = world.restart();
  recover(world.broker);
  await until(async () => {
    const [found] = (await status(world.broker, ada)).grants;
    expect(found?.leases[0]).toMatchObject({ state: 'active', irrevocableUntil: told?.deadline });
  });
});

test('a broker that stops leaves it to its end, and does not call it overdue', async () => {
  const known = await openEndpoint(world);
  await known.ask();
  expect(await stop(world.broker, 'test')).toEqual({ revoked: 0, overdue: 0, ending: 1 });
});

test('nothing of the kind is told of what can be taken back', async () => {
  world.target.faults.cannotWithdraw = false;
  const { grant } = await elevate(world.broker, ada, request());
  expect(grant.leases[0]?.irrevocableUntil).toBeNull();
});

test('revoked by hand, it is "ending" where nobody has it and open where somebody may', async () => {
  const [idle, busy] = [await openEndpoint(world), await openEndpoint(world)];
  await busy.ask();
  const { ending, overdue } = await revoke(world.broker, ada, { grant: null, all: true, cause: 'revoked' });
  expect([ending.map(({ id }) => id), overdue.map(({ id }) => id)]).toEqual([[idle.grant], [busy.grant]]);
  expect(world.types()).not.toContain('lease.revoked');
});

test('the log says once when it ends', async () => {
  const known = await openEndpoint(world, { duration: 30 * minute });
  await known.ask();
  const stopExpiry = startExpiry(world.broker);
  const until = new Date(lease(known.lease)?.hardDeadline ?? 0).toISOString();
  await endGrant(world.broker, known.grant, 'revoked');
  await pass(10 * minute);
  const steps = world.store.events().filter(({ body }) => body.type === 'lease.step');
  expect(steps.map(({ body }) => body.data)).toEqual([
    { step: 'cannot-be-withdrawn', facts: { until, hard_deadline: until, held_by_nobody: false } },
  ]);
  stopExpiry();
});

test('nobody has access when the endpoint served it to nobody', async () => {
  const known = await openEndpoint(world, { duration: 30 * minute });
  await endGrant(world.broker, known.grant, 'revoked');
  expect(lease(known.lease)).toMatchObject({ state: 'revoking', accessEndedAt: world.clock.now() });
});

test('a session that never asked for it ends without a warning, and one that did is told', async () => {
  const [idle, busy] = [await openEndpoint(world), await openEndpoint(world)];
  await busy.ask();
  const end = (grant: string) => revoke(world.broker, ada, { grant, all: false, cause: 'session-ended' });
  expect((await end(idle.grant)).ending.map(({ id }) => id)).toEqual([idle.grant]);
  expect((await end(busy.grant)).overdue.map(({ id }) => id)).toEqual([busy.grant]);
});

test.each(['reference', 'url'] as const)(
  'somebody has access when it was handed out as "%s"',
  async (kind) => {
    const { grant, env } = await elevate(world.broker, ada, request({ export: kind }));
    expect(kind === 'url' ? env['FAKE_URL'] : readFileSync(env['FAKE_PASSFILE'] ?? '', 'utf8')).toContain(
      'planted',
    );
    await endGrant(world.broker, grant.id, 'revoked');
    expect(lease(grant.leases[0]?.id ?? '')).toMatchObject({ state: 'revoking', accessEndedAt: null });
  },
);

test('access that was thought to have ended is told again when the credential is seen to work', async () => {
  const known = await openEndpoint(world, { duration: 30 * minute });
  await known.ask();
  world.target.faults.endsAccess = true;
  world.target.faults.silent = true;
  await endGrant(world.broker, known.grant, 'revoked');
  expect(lease(known.lease)?.accessEndedAt).toBe(world.clock.now());
  world.target.faults.endsAccess = false;
  world.target.faults.silent = false;
  await revokeLease(world.broker, known.lease, 'revoked');
  expect(lease(known.lease)).toMatchObject({ state: 'revoking', accessEndedAt: null });
});

describe('keys that end before their grant would have', () => {
  const end = async () => {
    world.target.faults.expiresAfter = 10 * minute;
    const known = await openEndpoint(world, { duration: 30 * minute });
    await known.ask();
    const until = world.clock.now() + 10 * minute;
    await endGrant(world.broker, known.grant, 'revoked');
    const [grant] = (await status(world.broker, ada)).grants;
    expect(grant?.leases[0]).toMatchObject({ irrevocableUntil: until, accessEndedAt: null });
    return known;
  };

  test('give nobody access after that, and raise no alarm while the target does not say more', async () => {
    const known = await end();
    const stopExpiry = startExpiry(world.broker);
    world.target.faults.silent = true;
    await pass(9 * minute);
    expect(lease(known.lease)?.accessEndedAt).toBeNull();
    await pass(10 * minute);
    expect(lease(known.lease)).toMatchObject({ state: 'revoking', accessEndedAt: expect.any(Number) });
    expect(world.types()).not.toContain('lease.overdue');
    stopExpiry();
  });

  test('are overdue when they are seen to work all the same', async () => {
    const known = await end();
    const stopExpiry = startExpiry(world.broker);
    await pass(13 * minute);
    expect(lease(known.lease)).toMatchObject({ state: 'overdue', accessEndedAt: null });
    stopExpiry();
  });
});

test('what is still there after its end is overdue', async () => {
  const known = await openEndpoint(world, { duration: minute });
  await known.ask();
  const stopExpiry = startExpiry(world.broker);
  await pass(3 * minute);
  expect(lease(known.lease)?.state).toBe('overdue');
  expect(world.types()).toContain('lease.overdue');
  stopExpiry();
});
