import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { extend } from '../../src/broker/extend.ts';
import { holdPolicy } from '../../src/broker/policy-holder.ts';
import { reconcileTarget } from '../../src/broker/reconcile.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { stop } from '../../src/broker/stop.ts';
import { moveGrant } from '../../src/core/grant.ts';
import { moveLease } from '../../src/core/lease.ts';
import { plain } from '../../src/providers/postgres/failure.ts';
import type { Provider } from '../../src/providers/provider.ts';
import {
  ada,
  createTestBroker,
  deadSession,
  request,
  type TestBroker,
  testConfig,
} from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
const ending: (() => void)[] = [];
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => {
  for (const end of ending.splice(0)) end();
  world.remove();
});

/** The one provider object behind the fake target, to be poked. */
async function provider(name = 'fake-db'): Promise<{ -readonly [K in keyof Provider]: Provider[K] }> {
  const target = (await world.broker.policy.config()).targets.get(name);
  if (!target) throw new Error('no such target');
  return world.broker.providers.forTarget(target);
}
const tickOn = (): void => void ending.push(startExpiry(world.broker));

test('what was revoked while it was being issued stays revoked, and nothing is handed out', async () => {
  const fake = await provider();
  const issue = fake.issue.bind(fake);
  const gate = Promise.withResolvers<void>();
  fake.issue = async (...all) => {
    await gate.promise; // the statement that makes the role is still on its way
    return issue(...all);
  };
  const elevating = elevate(world.broker, ada, request()).then(
    () => 'handed out',
    () => 'refused',
  );
  await until(() => expect(world.broker.ledger.openLeases()).toHaveLength(1));
  const revoking = revoke(world.broker, ada, { grant: null, all: true, cause: 'revoked' });
  gate.resolve();
  expect(await elevating).toBe('refused');
  expect((await revoking).revoked).toHaveLength(1);
  expect(world.target.live.size).toBe(0);
});

test('a broker that was told to stop during an issue leaves nothing alive', async () => {
  const fake = await provider();
  const issue = fake.issue.bind(fake);
  const gate = Promise.withResolvers<void>();
  fake.issue = async (...all) => {
    await gate.promise;
    return issue(...all);
  };
  const elevating = elevate(world.broker, ada, request()).then(
    () => 'handed out',
    () => 'refused',
  );
  await until(() => expect(world.broker.ledger.openLeases()).toHaveLength(1));
  const stopping = stop(world.broker, 'test');
  gate.resolve();
  await stopping;
  expect(await elevating).toBe('refused');
  expect(world.target.live.size).toBe(0);
});

test('no intent is written once the broker is stopping', async () => {
  await elevate(world.broker, ada, request());
  const forTarget = world.broker.providers.forTarget.bind(world.broker.providers);
  const gate = Promise.withResolvers<void>();
  let waits = false;
  world.broker.providers.forTarget = async (target) => {
    waits = true;
    await gate.promise;
    return forTarget(target);
  };
  const elevating = elevate(world.broker, ada, request()).then(
    () => 'handed out',
    () => 'refused',
  );
  await until(() => expect(waits).toBe(true));
  await stop(world.broker, 'test');
  expect(world.ended).toHaveLength(1);
  gate.resolve();
  expect(await elevating).toBe('refused');
});

test('a grant does not begin inside of one that ended meanwhile', async () => {
  const outer = await elevate(world.broker, ada, request());
  const forTarget = world.broker.providers.forTarget.bind(world.broker.providers);
  const gate = Promise.withResolvers<void>();
  let waits = false;
  world.broker.providers.forTarget = async (target) => {
    waits = true;
    await gate.promise;
    return forTarget(target);
  };
  const elevating = elevate(
    world.broker,
    ada,
    request({ parent: outer.grant.id, keep: true, session: null }),
  ).then(
    () => 'handed out',
    () => 'refused',
  );
  await until(() => expect(waits).toBe(true));
  await endGrant(world.broker, outer.grant.id, 'session-ended');
  gate.resolve();
  expect(await elevating).toBe('refused');
  expect(world.target.live.size).toBe(0);
});

test('one failed read of the state does not stop the clock of the broker', async () => {
  await elevate(world.broker, ada, request({ duration: 10_000 }));
  tickOn();
  const leases = world.store.leases.bind(world.store);
  let fails = 1;
  (world.store as { leases: typeof leases }).leases = (filter) => {
    if (fails-- > 0) throw new Error('SQLITE_IOERR_READ');
    return leases(filter);
  };
  try {
    world.clock.advance(1_000);
  } catch {
    // As uncaughtException in run.ts: logged and forgotten.
  }
  world.clock.advance(60_000);
  await until(() => expect(world.target.live.size).toBe(0));
});

test('a name that is cut inside of a character is still found in the log', async () => {
  const detail = plain(`${'x'.repeat(199)}\u{1F600}`);
  world.target.leftBehind.push({ kind: 'owned-object', where: 'w', detail, action: 'moved', foundAt: 0 });
  const { grant } = await elevate(world.broker, ada, request());
  await endGrant(world.broker, grant.id, 'revoked');
  expect(world.broker.ledger.flush()).toBe(true);
  expect(world.types()).toContain('lease.finding');
});

test('a wall clock that is set back does not put off the next attempt', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  tickOn();
  world.target.faults.unreachable = true;
  await endGrant(world.broker, grant.id, 'revoked');
  world.clock.step(-3_600_000);
  world.target.faults.unreachable = false;
  for (let second = 0; second < 120; second += 1) {
    world.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(world.target.live.size).toBe(0);
});

test('files that cannot be removed do not keep the credential alive', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  rmSync(world.broker.paths.grantsDir, { recursive: true });
  symlinkSync(world.broker.paths.grantsDir, world.broker.paths.grantsDir); // ELOOP; EACCES after chmod 500 is the same
  await endGrant(world.broker, grant.id, 'revoked');
  expect(world.target.live.size).toBe(0);
});

test('reconciling one target leaves the grants of another target on the same server alone', async () => {
  await elevate(world.broker, ada, request({ target: 'other-db' }));
  await reconcileTarget(world.broker, 'fake-db', await provider());
  expect(world.target.live.size).toBe(1);
});

test('a lease that became active while the target was looked at is not ended', async () => {
  const fake = await provider();
  const [issue, reconcile] = [fake.issue.bind(fake), fake.reconcile?.bind(fake)];
  const [made, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  fake.issue = async (...all) => {
    await made.promise;
    return issue(...all);
  };
  fake.reconcile = async (...all) => {
    const found = await reconcile?.(...all);
    await looked.promise; // e.g. an orphan is being taken back first
    return found ?? { unknown: [], missing: [] };
  };
  const elevating = elevate(world.broker, ada, request());
  await until(() => expect(world.broker.ledger.openLeases()).toHaveLength(1));
  const reconciling = reconcileTarget(world.broker, 'fake-db', fake);
  made.resolve();
  await elevating;
  looked.resolve();
  await reconciling;
  expect(world.store.findings()).toEqual([]);
  expect(world.target.live.size).toBe(1);
});

test('a .cedar file that changes while its load is recorded is read again', async () => {
  const { ledger, clock, policy } = world.broker;
  const extra = path.join(path.dirname(policy.path), 'extra.cedar');
  writeFileSync(extra, '// nothing yet');
  writeFileSync(policy.path, `${testConfig}policies: [extra.cedar]\n`);
  const slow = {
    ...ledger,
    write: (entry: Parameters<typeof ledger.write>[0]) => {
      writeFileSync(extra, 'forbid(principal, action, resource);');
      ledger.write(entry);
    },
  };
  const kinds = [{ ...world.target.kind }] as never;
  const held = holdPolicy(policy.path, kinds, slow, clock);
  const before = await held.config();
  expect(await held.config()).not.toBe(before);
});

test('extending asks the policy as the request was made, not as if a person sat at a terminal', async () => {
  const { policy } = world.broker;
  writeFileSync(
    path.join(path.dirname(policy.path), 'extra.cedar'),
    'forbid(principal, action, resource) when { !context.interactive && context.duration_seconds > 120 };',
  );
  writeFileSync(policy.path, `${testConfig}policies: [extra.cedar]\n`);
  const script = request({ interactive: false, duration: 60_000 });
  const { grant } = await elevate(world.broker, ada, script);
  await expect(elevate(world.broker, ada, { ...script, duration: 1_800_000 })).rejects.toMatchObject({
    code: 'ERR_POLICY_DENIED',
  });
  await expect(
    extend(world.broker, ada, { grant: grant.id, duration: 1_800_000, reason: null }),
  ).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
});

test('a broker that is busy still notices a lost session', async () => {
  await elevate(world.broker, ada, request());
  tickOn();
  const lost = await elevate(world.broker, ada, request({ session: deadSession }));
  for (let turn = 0; turn < 60; turn += 1) {
    world.clock.advance(500);
    world.broker.changes.emit('change', 'another');
  }
  expect(world.broker.ledger.grant(lost.grant.id)?.state).toBe('ended');
});

test('a grant is not resumed when the one around it has ended', async () => {
  const outer = await elevate(world.broker, ada, request());
  const inner = await elevate(world.broker, ada, request({ role: 'write', parent: outer.grant.id }));
  // The broker dies between the two transactions of endGrant.
  const { ledger } = world.broker;
  const [grant, lease] = [ledger.grant(outer.grant.id), ledger.leasesOf(outer.grant.id)[0]];
  if (!grant || !lease) throw new Error('no outer');
  ledger.writeRevocation({
    grants: [moveGrant(grant, 'ended', { endedAt: 1, endCause: 'revoked' })],
    leases: [moveLease(lease, 'revoking', { cause: 'revoked' })],
    events: [],
  });
  world = world.restart();
  await recover(world.broker);
  await until(() => expect(world.broker.ledger.grant(inner.grant.id)?.state).toBe('ended'));
});

test('a call to the target that never answers does not keep the broker from trying again', async () => {
  world.remove();
  world = createTestBroker({ call: 50 });
  const { grant } = await elevate(world.broker, ada, request());
  tickOn();
  const fake = await provider();
  const again = fake.revoke.bind(fake);
  let isCalled = false;
  fake.revoke = () => {
    isCalled = true;
    return new Promise(() => undefined);
  };
  void endGrant(world.broker, grant.id, 'revoked');
  await until(() => expect(isCalled).toBe(true));
  fake.revoke = again;
  await until(() => {
    world.clock.advance(1_000);
    expect(world.target.live.size).toBe(0);
  });
});

test('what waits in memory does not grow with every attempt', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  tickOn();
  world.target.faults.unreachable = true;
  (world.store as { commit: unknown }).commit = () => {
    throw new Error('SQLITE_FULL');
  };
  void endGrant(world.broker, grant.id, 'revoked');
  for (let second = 0; second < 600; second += 1) {
    world.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(world.broker.ledger.unwritten).toBeLessThan(20);
});

test('an intent past its deadline is taken back', async () => {
  world.target.faults.duringIssue = () => new Promise(() => undefined);
  void elevate(world.broker, ada, request({ duration: 10_000 })).catch(() => undefined);
  await until(() => expect(world.target.live.size).toBe(1));
  tickOn();
  await until(() => {
    world.clock.advance(1_000);
    expect(world.target.live.size).toBe(0);
  });
});

test('while an attempt to revoke hangs, the broker looks no more often than usual', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  tickOn();
  world.target.faults.unreachable = true;
  await endGrant(world.broker, grant.id, 'revoked');
  world.target.faults.unreachable = false;
  const fake = await provider();
  let isCalled = false;
  fake.revoke = () => {
    isCalled = true;
    return new Promise(() => undefined);
  };
  world.clock.advance(2_000);
  await until(() => expect(isCalled).toBe(true));
  let looks = 0;
  const flush = world.broker.ledger.flush;
  world.broker.ledger.flush = () => {
    looks += 1;
    return flush();
  };
  world.clock.advance(5_000);
  expect(looks).toBeLessThanOrEqual(6);
});
