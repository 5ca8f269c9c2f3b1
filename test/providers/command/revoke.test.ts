// Taking back by programs that fail at it, in either direction: nothing is called gone that nobody looked at.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasCode, type JitError } from '../../../src/core/errors.ts';
import { type CommandHandle, commandKind } from '../../../src/providers/command/index.ts';
import { prefixOf } from '../../../src/providers/command/names.ts';
import { listen } from '../../support/aws-target.ts';
import { type CommandWorld, commandWorld } from '../../support/command-target.ts';

const signal = () => AbortSignal.timeout(25_000);

/** By the handle alone, as for a target that has left the config. */
function takeBack({ tools }: CommandWorld, handle: CommandHandle) {
  const provider = commandKind.openByHandle(handle, tools);
  const told = listen();
  const revoked = provider.revoke(handle, 'revoked', told.report, signal());
  return { provider, told, revoked };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (thrown: JitError) => thrown.code,
  );

test.each([
  ['hang', 'ERR_TARGET_UNREACHABLE', { timeout: '6s' }],
  ['garbage', 'ERR_REVOKE_INCOMPLETE', {}],
  ['flood', 'ERR_REVOKE_INCOMPLETE', {}],
  ['exit-1', 'ERR_REVOKE_INCOMPLETE', {}],
  ['refuse', 'ERR_TARGET_REFUSED', {}],
])('%s: is not gone, and is when the program works again', async (fault, code, options) => {
  const world = commandWorld(options);
  const { handle } = await world.issue();
  world.setFault('revoke', fault);
  const first = takeBack(world, handle);
  expect(await codeOf(first.revoked)).toBe(code);
  expect(first.told.ended).toBe(false);
  expect(await first.provider.confirm(handle, signal())).toBe('alive');
  world.setFault('revoke', 'none');
  const second = takeBack(world, handle);
  await second.revoked;
  expect(await second.provider.confirm(handle, signal())).toBe('gone');
  expect(world.live()).toEqual([]);
});

test('without a confirm program the word of revoke counts, once, and nothing else does', async () => {
  const world = commandWorld({ confirm: undefined });
  const { handle } = await world.issue();
  const { provider, revoked } = takeBack(world, handle);
  await revoked;
  expect(await provider.confirm(handle, signal())).toBe('gone');
  expect(await provider.confirm(handle, signal())).toBe('unknown');
  expect(world.provider.plan(world.request()).preview.join('\n')).toContain('whose word is taken for it');
});

test('a confirm program that fails tells nothing', async () => {
  const world = commandWorld();
  const { handle } = await world.issue();
  world.setFault('confirm', 'garbage');
  const { provider, revoked } = takeBack(world, handle);
  await revoked;
  expect(await provider.confirm(handle, signal())).toBe('unknown');
});

test('what is only ending is alive, and the broker is told until when', async () => {
  const world = commandWorld({ confirm: undefined });
  const { handle } = await world.issue();
  world.setFault('revoke', 'ending');
  const { provider, told, revoked } = takeBack(world, handle);
  expect(provider.irrevocableUntil?.(handle)).toBe(null);
  await revoked;
  expect(told.ended).toBe(false);
  expect(await provider.confirm(handle, signal())).toBe('alive');
  expect(provider.irrevocableUntil?.(handle)).toBeGreaterThan(Date.now());
});

test('what was never made is gone', async () => {
  const world = commandWorld();
  const { handle } = world.provider.plan(world.request());
  const { provider, revoked } = takeBack(world, handle);
  await revoked;
  expect(await provider.confirm(handle, signal())).toBe('gone');
});

test('the list is compared both ways: what no lease knows can be taken back, others keep theirs', async () => {
  const world = commandWorld();
  const { handle } = await world.issue();
  const lost = { ...handle, name: `${prefixOf(world.tools.origin)}l${'a'.repeat(15)}` };
  const orphan = `${prefixOf(world.tools.origin)}l${'b'.repeat(15)}`;
  const others = `${prefixOf('jit.anotherbroker')}l${'c'.repeat(15)}`;
  for (const name of [orphan, others, 'root', 'jit-somebody'])
    writeFileSync(path.join(world.ledger, 'live', name), '');
  const found = await world.provider.reconcile?.([handle, lost], signal());
  expect(found?.unknown.map(({ where }) => where)).toEqual([orphan]);
  expect(found?.missing).toEqual([lost]);
  const [unknown] = found?.unknown ?? [];
  if (!unknown) throw new Error('nothing was found');
  await takeBack(world, unknown.handle).revoked;
  expect(world.live()).not.toContain(orphan);
  expect(world.live()).toContain(others);
});

test('a list that cannot be read ends no grant', async () => {
  const world = commandWorld();
  const { handle } = await world.issue();
  world.setFault('list', 'garbage');
  const thrown = await world.provider.reconcile?.([handle], signal()).catch((error: unknown) => error);
  expect(hasCode(thrown, 'ERR_TARGET_UNREACHABLE')).toBe(true);
});
