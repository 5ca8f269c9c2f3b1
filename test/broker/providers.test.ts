import { expect, test } from 'vitest';
import { createProviders, kinds } from '../../src/broker/providers.ts';
import type { TargetConfig } from '../../src/core/target.ts';
import type { Provider } from '../../src/providers/provider.ts';

const config = (name: string): TargetConfig => ({ name, provider: 'fake' }) as TargetConfig;

test('a target that is configured anew closes the provider that was open for it, and no other', async () => {
  const closed: string[] = [];
  let opened = 0;
  function open({ name }: TargetConfig): Provider {
    opened += 1;
    const serial = opened;
    return { close: async () => void closed.push(`${name} ${serial}`) } as unknown as Provider;
  }
  const kind = { kind: 'fake', open };
  const providers = createProviders({} as never, [{ ...kind, load: async () => kind }] as never);
  const [first, other, again] = [config('db'), config('other'), config('db')];
  const known = await providers.forTarget(first);
  await providers.forTarget(other);
  expect(await providers.forTarget(first)).toBe(known);
  expect(closed).toEqual([]);
  await providers.forTarget(again);
  expect(closed).toEqual(['db 1']);
  await providers.close();
  expect(closed.toSorted()).toEqual(['db 1', 'db 3', 'other 2']);
});

test.each(kinds)('of $kind is said before its code is loaded what its code says', async (said) => {
  const kind = await said.load();
  expect(kind.kind).toBe(said.kind);
  const provider = kind.openByHandle({}, {} as never);
  expect(provider.console !== undefined).toBe(said.hasConsole === true);
  expect(provider.exports).not.toContain('reference');
});
