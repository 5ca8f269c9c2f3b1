import { describe, expect, it } from 'vitest';
import { clockText, lengthText, stampText, untilText } from '../../src/cli/time-text.ts';

const now = new Date(2026, 10, 22, 14, 2, 10).getTime();

describe('times for people', () => {
  it('say the clock on the wall and the length', () => {
    expect(untilText(now + 30 * 60_000, now)).toBe('until 14:32 (30m)');
  });

  it('have seconds when it is close', () => {
    expect(untilText(now + 10_000, now)).toBe('until 14:02:20 (10s)');
  });

  it('have the date when it is another day', () => {
    expect(clockText(now + 24 * 3_600_000, now)).toBe('Mon 23 Nov 14:02');
  });

  it('leave out seconds of long lengths, and never go below zero', () => {
    expect(lengthText(5_399_000)).toBe('1h30m');
    expect(lengthText(95_000)).toBe('1m35s');
    expect(lengthText(-5)).toBe('0s');
  });

  it('have the whole date in lists that reach back', () => {
    expect(stampText(now)).toBe('2026-11-22 14:02:10');
  });
});
