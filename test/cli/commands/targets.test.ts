import { describe, expect, it } from 'vitest';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

describe('jit targets', () => {
  it('lists roles with the longest time, and those that are not for the caller', async () => {
    const { stdout, code } = await jit(['targets']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^prod-db:read {3}1h {11}high {2}orders, stock {2}read all$/m);
    expect(stdout).toMatch(/^prod-db:write {2}not for you {2}high {2}- {14}orders$/m);
  });

  it('says so when there is none', async () => {
    const client = createFakeClient({ targets: async () => ({ targets: [] }) });
    expect((await jit(['targets'], { client })).stdout).toBe('the configuration names no target\n');
  });
});
