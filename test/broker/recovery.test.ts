import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { reconcileTarget } from '../../src/broker/reconcile.ts';
import { recover } from '../../src/broker/recovery.ts';
import { retryDelay } from '../../src/broker/retry.ts';
import { stop } from '../../src/broker/stop.ts';
import { ada, createTestBroker, deadSession, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const settled = (): Promise<void> => until(() => expect(world.broker.ledger.openLeases()).toEqual([]));

describe('after a crash', () => {
  test('an active lease is taken back', async () => {
    await elevate(world.broker, ada, request());
    world = world.restart();
    expect(await recover(world.broker)).toBe(1);
    await settled();
    expect(world.target.live.size).toBe(0);
    expect(world.store.grants()[0]).toMatchObject({ state: 'ended', endCause: 'recovery' });
  });

  test('an intent whose issue was never answered is taken back by its name', async () => {
    world.target.faults.duringIssue = () => new Promise(() => undefined);
    void elevate(world.broker, ada, request()).catch(() => undefined);
    await until(() => expect(world.target.live.size).toBe(1));
    world.target.faults.duringIssue = () => undefined;
    world = world.restart();
    await recover(world.broker);
    await settled();
    expect(world.target.live.size).toBe(0);
  });

  test('recovering twice does nothing twice', async () => {
    await elevate(world.broker, ada, request());
    world = world.restart();
    await recover(world.broker);
    await settled();
    world = world.restart();
    expect(await recover(world.broker)).toBe(0);
    expect(world.types().filter((type) => type === 'lease.revoked')).toHaveLength(1);
    expect(world.target.revoked).toHaveLength(1);
  });

  test('a grant goes on only where its rule says so and its session lives', async () => {
    const lives = await elevate(world.broker, ada, request({ role: 'write' }));
    await elevate(world.broker, ada, request({ role: 'write', session: deadSession }));
    world = world.restart();
    await recover(world.broker);
    await until(() => expect(world.broker.ledger.openLeases()).toHaveLength(1));
    expect(world.broker.ledger.activeGrants().map(({ id }) => id)).toEqual([lives.grant.id]);
  });

  test('a deadline that passed meanwhile is told as expiry', async () => {
    await elevate(world.broker, ada, request({ duration: 60_000 }));
    world = world.restart();
    world.clock.advance(120_000);
    await recover(world.broker);
    await settled();
    expect(world.store.grants()[0]).toMatchObject({ endCause: 'expired' });
  });
});

describe('reconciling', () => {
  const look = async (): Promise<void> => {
    const config = await world.broker.policy.config();
    const target = config.targets.get('fake-db');
    if (target)
      await reconcileTarget(world.broker, 'fake-db', await world.broker.providers.forTarget(target));
  };

  test('takes back a credential that no lease knows', async () => {
    world.target.live.set('fake_orphan', { serial: 1, deadline: 0 });
    await look();
    expect(world.target.live.size).toBe(0);
    expect(world.store.findings()).toMatchObject([{ kind: 'credential-without-lease', action: 'revoked' }]);
  });

  test('ends a grant whose credential has vanished', async () => {
    await elevate(world.broker, ada, request());
    world.target.live.clear();
    await look();
    expect(world.broker.ledger.activeGrants()).toEqual([]);
    expect(world.store.findings()).toMatchObject([{ kind: 'lease-without-credential' }]);
  });

  test('leaves what is in order alone', async () => {
    await elevate(world.broker, ada, request());
    await look();
    expect(world.target.live.size).toBe(1);
    expect(world.store.findings()).toEqual([]);
  });
});

test('stopping revokes what is open and says what could not be', async () => {
  await elevate(world.broker, ada, request());
  await elevate(world.broker, ada, request());
  expect(await stop(world.broker, 'test')).toEqual({ revoked: 2, overdue: 0, ending: 0 });
  expect(world.target.live.size).toBe(0);
  expect(world.ended).toEqual(['test']);
});

test('the pause between attempts doubles up to a cap, and a target that is down is asked often', () => {
  const pauses = (code: 'ERR_TARGET_UNREACHABLE' | 'ERR_TARGET_REFUSED'): number[] =>
    [1, 2, 3, 4, 10, 1000].map((attempts) => retryDelay(attempts, code, 0.5));
  expect(pauses('ERR_TARGET_UNREACHABLE')).toEqual([500, 1000, 2000, 3000, 3000, 3000]);
  expect(pauses('ERR_TARGET_REFUSED')).toEqual([500, 1000, 2000, 4000, 60_000, 60_000]);
  expect(retryDelay(1, 'ERR_TARGET_REFUSED', 0)).toBeLessThan(retryDelay(1, 'ERR_TARGET_REFUSED', 1));
});
