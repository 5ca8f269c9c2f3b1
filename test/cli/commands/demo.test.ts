import { describe, expect, it } from 'vitest';
import { jit } from '../harness.ts';

describe('jit demo', () => {
  it('needs a terminal for a shell', async () => {
    const ran = await jit(['demo', '--shell']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('jit: hint: jit demo');
  });

  it('ends as the demonstration does, without a broker of its own', async () => {
    const ran = await jit(['demo']);
    expect([ran.code, ran.connects]).toEqual([0, []]);
  });
});
