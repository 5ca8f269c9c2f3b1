import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { extend } from '../../src/broker/extend.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { status } from '../../src/broker/status.ts';
import { wait } from '../../src/broker/wait.ts';
import { ada, createTestBroker, deadSession, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
let stop = (): void => undefined;
beforeEach(() => {
  world = createTestBroker();
  stop = startExpiry(world.broker);
});
afterEach(() => {
  stop();
  world.remove();
});

const gone = (): Promise<void> => until(() => expect(world.target.live.size).toBe(0));
const leaseState = (): string | undefined => world.store.leases()[0]?.state;

test('a grant is revoked at its deadline and not before', async () => {
  await elevate(world.broker, ada, request({ duration: 60_000 }));
  world.clock.advance(59_000);
  expect(world.target.live.size).toBe(1);
  world.clock.advance(1_000);
  await gone();
  await until(() => expect(leaseState()).toBe('revoked'));
  expect(world.store.grants()[0]).toMatchObject({ state: 'ended', endCause: 'expired' });
});

test('time asleep counts', async () => {
  await elevate(world.broker, ada, request({ duration: 60_000 }));
  world.clock.sleepMachine(8 * 3600_000);
  world.clock.advance(1_000);
  await gone();
});

test('a wall clock set back a little does not lengthen a grant', async () => {
  await elevate(world.broker, ada, request({ duration: 60_000 }));
  world.clock.step(-50_000);
  world.clock.advance(60_000);
  await gone();
});

test('a wall clock set back by more than a minute ends everything at once', async () => {
  await elevate(world.broker, ada, request({ duration: 60_000 }));
  world.clock.step(-3600_000);
  world.clock.advance(1_000);
  await gone();
  await until(() => expect(world.store.grants()[0]).toMatchObject({ endCause: 'clock-step' }));
  expect(world.types()).toContain('clock.step');
});

test('a session that is dead ends its grant', async () => {
  await elevate(world.broker, ada, request({ session: deadSession }));
  world.clock.advance(1_000);
  await gone();
  expect(world.store.grants()[0]).toMatchObject({ endCause: 'session-lost' });
});

test('a kept grant outlives its session', async () => {
  await elevate(world.broker, ada, request({ session: deadSession, keep: true }));
  world.clock.advance(5_000);
  expect(world.target.live.size).toBe(1);
});

describe('a target that is down at the deadline', () => {
  test('is overdue, is asked again for ever, and is revoked once it is back', async () => {
    const { grant } = await elevate(world.broker, ada, request({ duration: 1_000 }));
    world.target.faults.unreachable = true;
    for (let second = 0; second < 600; second += 1) {
      world.clock.advance(1_000);
      await Promise.all(world.broker.revocations.values());
    }
    expect(leaseState()).toBe('overdue');
    const shown = await status(world.broker, ada);
    expect(shown).toMatchObject({ overdue: 1, grants: [{ id: grant.id, state: 'ended' }] });
    expect(shown.grants[0]?.leases[0]).toMatchObject({ lastError: 'ERR_TARGET_UNREACHABLE' });
    expect(shown.grants[0]?.leases[0]?.attempts).toBeGreaterThan(50);
    expect(world.types().filter((type) => type === 'lease.overdue')).toHaveLength(1);

    world.target.faults.unreachable = false;
    world.clock.advance(5_000);
    await gone();
    await until(() => expect(leaseState()).toBe('revoked'));
    expect((await status(world.broker, ada)).grants).toEqual([]);
  });

  test('whose access has ended but whose clean-up fails is not overdue', async () => {
    await elevate(world.broker, ada, request({ duration: 1_000 }));
    world.target.faults.refuseCleanup = true;
    world.clock.advance(10_000);
    await until(() => expect(world.store.leases()[0]?.attempts).toBeGreaterThan(0));
    expect(leaseState()).toBe('revoking');
    expect(world.store.leases()[0]?.accessEndedAt).not.toBeNull();
  });

  test('that says done while the credential lives is not believed', async () => {
    await elevate(world.broker, ada, request());
    world.target.faults.lieOnRevoke = true;
    const [grant] = world.store.grants();
    const reply = await revoke(world.broker, ada, { grant: grant?.id ?? '', all: false, cause: 'revoked' });
    expect(reply.revoked).toEqual([]);
    expect(reply.overdue).toHaveLength(1);
    expect(leaseState()).not.toBe('revoked');
  });
});

describe('revoke', () => {
  test('takes back one grant by the start of its id and leaves the other', async () => {
    const one = await elevate(world.broker, ada, request());
    await elevate(world.broker, ada, request());
    const reply = await revoke(world.broker, ada, {
      grant: one.grant.id.slice(0, 8),
      all: false,
      cause: 'revoked',
    });
    expect(reply.revoked.map(({ id }) => id)).toEqual([one.grant.id]);
    expect(world.target.live.size).toBe(1);
  });

  test('takes back all', async () => {
    await elevate(world.broker, ada, request());
    await elevate(world.broker, ada, request());
    await revoke(world.broker, ada, { grant: null, all: true, cause: 'revoked' });
    expect(world.target.live.size).toBe(0);
  });

  test('ends the grants that were asked for inside it', async () => {
    const outer = await elevate(world.broker, ada, request());
    await elevate(world.broker, ada, request({ parent: outer.grant.id }));
    await revoke(world.broker, ada, { grant: outer.grant.id, all: false, cause: 'revoked' });
    expect(world.target.live.size).toBe(0);
    expect(
      world.store
        .grants()
        .map((grant) => grant.endCause)
        .sort(),
    ).toEqual(['parent-ended', 'revoked']);
  });

  test('twice at once revokes once', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const both = { grant: grant.id, all: false, cause: 'revoked' } as const;
    await Promise.all([revoke(world.broker, ada, both), revoke(world.broker, ada, both)]);
    expect(world.target.revoked).toHaveLength(1);
    expect(world.types().filter((type) => type === 'lease.revoked')).toHaveLength(1);
  });

  test('of an unknown grant is an error with a hint', async () => {
    const asking = revoke(world.broker, ada, { grant: 'gnothing', all: false, cause: 'revoked' });
    await expect(asking).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME', hint: 'jit status' });
  });

  test('goes on when the log cannot be written', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const commit = world.store.commit;
    world.store.commit = () => {
      throw new Error('SQLITE_FULL');
    };
    await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
    expect(world.target.live.size).toBe(0);
    expect(world.broker.ledger.lease(grant.leases[0]?.id ?? '')).toMatchObject({ state: 'revoked' });
    world.store.commit = commit;
    world.clock.advance(1_000);
    expect(world.broker.ledger.unwritten).toBe(0);
    expect(world.types()).toContain('revoke.unaudited');
    expect(leaseState()).toBe('revoked');
  });
});

describe('extend', () => {
  test('moves the end here and on the target', async () => {
    const { grant } = await elevate(world.broker, ada, request({ duration: 60_000 }));
    world.clock.advance(30_000);
    const longer = await extend(world.broker, ada, { grant: grant.id, duration: 600_000, reason: null });
    expect(longer.deadline).toBe((grant.startedAt ?? 0) + 630_000);
    expect([...world.target.live.values()][0]?.deadline).toBe(longer.deadline);
    world.clock.advance(40_000);
    expect(world.target.live.size).toBe(1);
    expect(world.types().slice(-2)).toEqual(['grant.extended', 'lease.renewed']);
  });

  test('never gives more in all than asking once would have', async () => {
    const { grant } = await elevate(world.broker, ada, request({ duration: 3600_000 }));
    world.clock.advance(1_800_000);
    const asking = extend(world.broker, ada, { grant: grant.id, duration: 3600_000, reason: null });
    await expect(asking).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
    expect(world.store.grants()[0]?.deadline).toBe(grant.deadline);
  });

  test('shortens nothing and revives nothing', async () => {
    const { grant } = await elevate(world.broker, ada, request({ duration: 60_000 }));
    const shorter = extend(world.broker, ada, { grant: grant.id, duration: 1_000, reason: null });
    await expect(shorter).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
    const late = extend(world.broker, ada, { grant: grant.id, duration: 600_000, reason: null });
    await expect(late).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
  });
});

test('wait answers when the grant ends', async () => {
  const { grant } = await elevate(world.broker, ada, request({ duration: 60_000 }));
  const known = { state: grant.state, deadline: grant.deadline };
  const waiting = wait(world.broker, ada, { grant: grant.id, known, timeout: 20_000 });
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  expect((await waiting).state).toBe('ended');
});

test('a session that has ended waits for the end of access, not for the clean-up', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  let release = (): void => undefined;
  world.target.faults.holdCleanup = new Promise((resolve) => {
    release = resolve;
  });
  const reply = await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'session-ended' });
  expect(reply).toMatchObject({ revoked: [], overdue: [], ending: [{ id: grant.id, state: 'ended' }] });
  expect(leaseState()).toBe('revoking');
  release();
  await until(() => expect(leaseState()).toBe('revoked'));
});

test('a session that has ended while its target is down is told that access goes on', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  world.target.faults.unreachable = true;
  const reply = await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'session-ended' });
  expect(reply).toMatchObject({ revoked: [], ending: [], overdue: [{ id: grant.id }] });
});

test('an I/O error of the store revokes everything and ends the broker', async () => {
  await elevate(world.broker, ada, request());
  Object.defineProperty(world.store, 'failed', { value: true });
  world.store.commit = () => {
    throw new Error('SQLITE_IOERR');
  };
  world.clock.advance(1_000);
  await gone();
  await until(() => {
    world.clock.advance(1_000);
    expect(world.ended).toContain('audit failed');
  });
});

test('retries tell the same step and the same finding once', async () => {
  world.target.leftBehind.push({
    kind: 'owned-object',
    where: 'orders/public.left',
    detail: 'table',
    action: 'moved',
    foundAt: 0,
  });
  await elevate(world.broker, ada, request({ duration: 1_000 }));
  world.target.faults.refuseCleanup = true;
  for (let round = 0; round < 30; round += 1) {
    world.clock.advance(10_000);
    await Promise.all(world.broker.revocations.values());
  }
  expect(world.store.leases()[0]?.attempts).toBeGreaterThan(3);
  expect(world.types().filter((type) => type === 'lease.step')).toHaveLength(1);
  expect(world.types().filter((type) => type === 'lease.finding')).toHaveLength(1);
});
