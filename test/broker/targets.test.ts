import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Caller } from '../../src/broker/broker.ts';
import { elevate } from '../../src/broker/elevate.ts';
import type { PolicyHolder } from '../../src/broker/policy-holder.ts';
import { targets } from '../../src/broker/targets.ts';
import type { PolicyRequest } from '../../src/policy/config.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const day = 24 * 3600_000;

/** `target:role` to its frecency, without those that count nothing. */
async function used(caller: Caller = ada): Promise<Record<string, number>> {
  const { targets: all } = await targets(world.broker, caller);
  const counts = all.flatMap(({ name, roles }) =>
    roles.map(({ name: role, frecency }) => [`${name}:${role}`, frecency]),
  );
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

test('a role counts by how often and how lately the caller had it, and nobody else by that', async () => {
  expect(await used()).toEqual({});
  await elevate(world.broker, ada, request());
  await elevate(world.broker, ada, request({ target: 'other-db' }));
  world.clock.step(7 * day);
  await elevate(world.broker, ada, request());
  expect(await used()).toEqual({ 'fake-db:read': 150, 'other-db:read': 50 });
  expect(await used({ ...ada, principal: 'user:grace' })).toEqual({});
  world.clock.step(84 * day);
  expect(await used()).toEqual({ 'fake-db:read': 1 });
});

test('what was refused, or could not be issued, does not count', async () => {
  await elevate(world.broker, ada, request({ duration: 7_200_000 })).catch(() => undefined);
  world.target.faults.refuseIssue = true;
  await elevate(world.broker, ada, request()).catch(() => undefined);
  expect(world.store.grants()).toHaveLength(2);
  expect(await used()).toEqual({});
});

test('others are let in between two targets: a long list holds up neither an end nor a warning', async () => {
  const seen: string[] = [];
  const { config, policy } = await world.broker.policy.current();
  const recorded = {
    ...policy,
    decide: (asked: PolicyRequest) => {
      seen.push(asked.target);
      return policy.decide(asked);
    },
  };
  const holder: PolicyHolder = {
    ...world.broker.policy,
    async current() {
      setImmediate(() => seen.push('somebody else'));
      return { config, policy: recorded };
    },
  };
  await targets({ ...world.broker, policy: holder }, ada);
  const first = seen.indexOf('somebody else');
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(seen.length - 1);
});
