import { expect, it } from 'vitest';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

it('prints the new public key and where the private one is', async () => {
  const client = createFakeClient();
  const { code, stdout } = await jit(['audit', 'rotate'], { client });
  expect(code).toBe(0);
  expect(stdout).toMatch(/signed by a new key, kept in the keychain:\njit\.\S+\+0c9d8e7f\+\S+\n$/);
  expect(client.asked('rotate')).toHaveLength(1);
});
