import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Caller } from '../../src/broker/broker.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { preview } from '../../src/broker/preview.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const grace: Caller = { ...ada, principal: 'user:grace' };
const lastReason = async (caller: Caller = ada, changes: Parameters<typeof request>[0] = {}) =>
  (await preview(world.broker, caller, request(changes))).lastReason;

test('a preview offers the last reason that the caller gave for the very role and got', async () => {
  expect(await lastReason()).toBeNull();
  await elevate(world.broker, ada, request({ reason: 'order 17' }));
  world.clock.advance(1_000);
  await elevate(world.broker, ada, request({ reason: 'order 18' }));
  world.clock.advance(1_000);
  await elevate(world.broker, ada, request({ reason: null }));
  await elevate(world.broker, ada, request({ reason: 'to write', role: 'write' }));
  const refused = elevate(world.broker, ada, request({ reason: 'too long', duration: 7_200_000 }));
  await expect(refused).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
  expect(await lastReason()).toBe('order 18');
  expect(await lastReason(ada, { role: 'write' })).toBe('to write');
  expect(await lastReason(ada, { target: 'other-db' })).toBeNull();
});

test('a preview never offers what somebody else gave as a reason', async () => {
  await elevate(world.broker, ada, request({ reason: 'planted-reason' }));
  expect(JSON.stringify(await preview(world.broker, grace, request()))).not.toContain('planted-reason');
});

test('a preview offers the reasons of the entitlement that decides', async () => {
  const { path } = world.broker.policy;
  const presets = '{ presets: ["Look into a complaint", "Check a release"] }';
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('roles: ["*:read"],', `roles: ["*:read"], reason: ${presets},`));
  expect((await preview(world.broker, ada, request())).reasonPresets).toEqual([
    'Look into a complaint',
    'Check a release',
  ]);
  expect((await preview(world.broker, ada, request({ role: 'write' }))).reasonPresets).toEqual([]);
  expect((await preview(world.broker, grace, request())).reasonPresets).toEqual([]);
});
