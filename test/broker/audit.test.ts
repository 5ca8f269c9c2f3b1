import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/broker/audit.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { revoke } from '../../src/broker/revoke.ts';
import type { AuditRequest } from '../../src/protocol/routes.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const nothing: AuditRequest = {
  ...{ grant: null, target: null, principal: null, since: null, until: null, limit: null },
};

test('a grant that has ended is found by the start of its id', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  const whole = await audit(world.broker, { ...nothing, grant: grant.id });
  const start = await audit(world.broker, { ...nothing, grant: grant.id.slice(0, -2) });
  expect(whole.events.length).toBeGreaterThan(5);
  expect(start).toEqual(whole);
});

test.each([
  ['a grant that there never was', { grant: 'gzzz' }],
  ['a start that fits several grants', { grant: 'g' }],
  ['a target that there never was', { target: 'nope' }],
])('%s is an unknown name', async (_what, names) => {
  await elevate(world.broker, ada, request());
  await elevate(world.broker, ada, request());
  await expect(audit(world.broker, { ...nothing, ...names })).rejects.toMatchObject({
    code: 'ERR_UNKNOWN_NAME',
  });
});

test('a target without events is known by the configuration, and one with events without it', async () => {
  expect(await audit(world.broker, { ...nothing, target: 'fake-db' })).toEqual({ events: [] });
  await elevate(world.broker, ada, request());
  writeFileSync(world.broker.policy.path, 'not a configuration');
  expect((await audit(world.broker, { ...nothing, target: 'fake-db' })).events).not.toEqual([]);
});
