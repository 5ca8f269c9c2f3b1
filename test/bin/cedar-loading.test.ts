import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createPolicy } from '../../src/policy/decide.ts';
import { base, load } from '../policy/fixture.ts';

const isCedarLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('cedar-wasm'));

test('Cedar is not loaded by reading a config, only by making a policy of it', async () => {
  const config = load(`${base}entitlements: []\n`);
  expect(isCedarLoaded()).toBe(false);
  await createPolicy(config);
  expect(isCedarLoaded()).toBe(true);
});
