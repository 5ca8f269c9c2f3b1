import { describe, expect, it } from 'vitest';
import { randomId, systemRandom } from '../../src/system/random.ts';

describe('randomId', () => {
  it('makes one letter of the alphabet out of each byte', () => {
    const random = { bytes: (count: number) => Buffer.from([0, 9, 10, 31, 32, 255].slice(0, count)) };
    expect(randomId(random, 6)).toBe('09az0z');
  });

  it('has the length asked for and does not repeat', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => randomId(systemRandom, 16)));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/);
  });
});
