import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { extend } from '../../src/broker/extend.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const minute = 60_000;

const extending = (grant: string, duration: number) =>
  extend(world.broker, ada, { grant, duration, reason: null });

test('a refusal speaks of the length that was asked for, and names the longest that still works', async () => {
  const { grant } = await elevate(world.broker, ada, request({ duration: 10 * minute }));
  world.clock.advance(minute);
  await expect(extending(grant.id, 300 * minute)).rejects.toMatchObject({
    code: 'ERR_POLICY_DENIED',
    message: expect.stringContaining('5h from now, 1m after its start, is longer than the 1h that'),
    hint: `jit extend ${grant.id} --for 58m`,
  });
  expect(await extending(grant.id, 58 * minute)).toMatchObject({
    deadline: world.clock.now() + 58 * minute,
  });
});

test('a refusal says to leave first when nothing longer is possible', async () => {
  const { grant } = await elevate(world.broker, ada, request({ duration: 60 * minute }));
  world.clock.advance(minute);
  await expect(extending(grant.id, 60 * minute)).rejects.toMatchObject({
    hint: 'it lasts as long as it may; exit first, then: jit elevate fake-db:read',
  });
});

test('what lies inside of another grant is told to extend that one, with a length', async () => {
  const outer = await elevate(world.broker, ada, request({ duration: 5 * minute }));
  const inner = await elevate(world.broker, ada, request({ duration: 5 * minute, parent: outer.grant.id }));
  await expect(extending(inner.grant.id, 10 * minute)).rejects.toMatchObject({
    code: 'ERR_POLICY_DENIED',
    hint: `jit extend ${outer.grant.id} --for 10m`,
  });
});
