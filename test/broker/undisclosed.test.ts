// Credentials that may exist and that nobody was told: reported, waited for, never called revoked before their end. And
// what a handle has to hold of a secret: on disk as long as it is of use, not longer.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { openEndpoint } from '../support/endpoint.ts';
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

const leases = () => world.broker.ledger.openLeases();
const told = () => world.store.events().filter(({ body }) => body.type === 'lease.undisclosed');

async function pass(duration: number, step = 10_000): Promise<void> {
  for (let passed = 0; passed < duration; passed += step) {
    world.clock.advance(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an answer that was lost', () => {
  const lose = async (): Promise<void> => {
    const { faults } = world.target;
    faults.duringIssue = () => {
      faults.undisclosed = world.clock.now() + 60 * minute;
    };
    faults.loseIssueAnswer = true;
    await expect(elevate(world.broker, ada, request())).rejects.toThrow();
  };

  test('is in the log once, with the time that it ends by', async () => {
    await lose();
    const end = new Date(world.target.faults.undisclosed ?? 0).toISOString();
    const stopExpiry = startExpiry(world.broker);
    await pass(10 * minute);
    expect(told().map(({ body }) => body.data)).toEqual([{ until: end, why: 'no answer' }]);
    stopExpiry();
  });

  test('leaves a lease that is open without being overdue, and nobody has access', async () => {
    await lose();
    expect(leases()).toMatchObject([{ state: 'revoking', accessEndedAt: world.clock.now() }]);
    expect(world.types()).not.toContain('lease.overdue');
    expect(world.types()).not.toContain('lease.revoked');
  });

  test('is told again by a broker that was started after a crash', async () => {
    await lose();
    world = world.restart();
    recover(world.broker);
    await until(() => expect(told()).toHaveLength(2));
    expect(world.types()).not.toContain('lease.revoked');
  });

  test('is revoked when its time is over', async () => {
    await lose();
    const [lease] = leases();
    world.target.faults.undisclosed = undefined;
    await endGrant(world.broker, lease?.grant ?? '', 'revoked');
    expect(leases()).toEqual([]);
    expect(world.types().at(-1)).toBe('lease.revoked');
  });
});

describe('what a handle holds sealed', () => {
  test('is on disk while the lease is open, and wiped when it is revoked', async () => {
    world.target.faults.sealed = 'sealed-text';
    const { grant } = await elevate(world.broker, ada, request());
    const stored = () => JSON.stringify(world.store.leases({ grant: grant.id })[0]?.handle);
    expect(stored()).toContain('sealed-text');
    world.target.faults.refuseRevoke = true;
    await endGrant(world.broker, grant.id, 'revoked');
    expect(stored()).toContain('sealed-text');
    world.target.faults.refuseRevoke = false;
    const [lease] = leases();
    await endGrant(world.broker, lease?.grant ?? '', 'revoked');
    expect(world.store.leases({ grant: grant.id })[0]).toMatchObject({
      state: 'revoked',
      handle: { sealed: null },
    });
    expect(JSON.stringify(world.store.events())).not.toContain('sealed-text');
  });
});

test('what only a helper served is not resumed by the next broker: it was in memory', async () => {
  world.target.faults.helper = true;
  const wanted = request({ role: 'write', reason: 'a repair' });
  const { grant } = await elevate(world.broker, ada, wanted);
  expect(world.broker.refreshing.size).toBe(1);
  world = world.restart();
  recover(world.broker);
  await until(() => expect(world.broker.ledger.grant(grant.id)?.state).toBe('ended'));
  expect(world.types()).toContain('lease.step');
});

describe('a refresh that tells what it does', () => {
  test('finds it on disk before it goes on, with an event each', async () => {
    const seen: string[] = [];
    world.target.faults.recordRefresh = (record, handle) => {
      for (const sealed of ['asked', 'made']) {
        record({
          handle: { ...handle, sealed },
          hardDeadline: world.clock.now() + 90 * minute,
          step: `token-${sealed}`,
        });
        seen.push(JSON.stringify(world.store.leases({ states: ['active'] })[0]?.handle));
      }
    };
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    await pass(20 * minute, minute);
    expect(seen.map((text) => JSON.parse(text).sealed)).toEqual(['asked', 'made']);
    expect(world.broker.ledger.lease(known.lease)?.hardDeadline).toBeGreaterThan(
      world.clock.now() + 60 * minute,
    );
    expect(world.types().slice(-3)).toEqual(['lease.step', 'lease.step', 'lease.renewed']);
  });

  test('cannot write to a lease that is over', async () => {
    let late: (() => void) | undefined;
    world.target.faults.recordRefresh = (record, handle) => {
      late = () => record({ handle, hardDeadline: 0, step: 'token-made' });
    };
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    await pass(20 * minute, minute);
    await endGrant(world.broker, known.grant, 'revoked');
    expect(late).toThrow(expect.objectContaining({ code: 'ERR_CONFLICT' }));
  });

  test('is taken back along with what it tells while its lease is being taken back', async () => {
    let late = (): void => undefined;
    let goOn = (): void => undefined;
    world.target.faults.recordRefresh = (record, handle) => {
      late = () => record({ handle: { ...handle, sealed: 'later' }, hardDeadline: 0, step: 'token-made' });
    };
    const known = await openEndpoint(world, { duration: 60 * minute }, 20 * minute);
    await pass(20 * minute, minute);
    world.target.faults.holdCleanup = new Promise((resolve) => {
      goOn = resolve;
    });
    const ended = endGrant(world.broker, known.grant, 'revoked');
    await until(() => expect(world.types()).toContain('lease.step'));
    late();
    goOn();
    await ended;
    expect(leases()).toMatchObject([{ handle: { sealed: 'later' }, attempts: 1 }]);
    const stopExpiry = startExpiry(world.broker);
    await pass(2 * minute);
    stopExpiry();
    expect(leases()).toEqual([]);
  });
});
