import { describe, expect, it } from 'vitest';
import { aboutText, clockText, lengthText, stampText, untilText } from '../../src/cli/time-text.ts';

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

  it('are exact about limits, and leave out the seconds of what is left of a long time', () => {
    expect([lengthText(899_000), lengthText(5_400_000), lengthText(-5)]).toEqual(['14m59s', '1h30m', '0s']);
    expect([aboutText(899_000), aboutText(5_399_000), aboutText(95_000)]).toEqual(['15m', '1h30m', '1m35s']);
  });

  it('have the whole date in lists that reach back', () => {
    const stamp = stampText(now);
    expect(stamp).toMatch(/^2026-11-22 14:02:10[+-]\d\d:\d\d$/);
    // The zone is said, so that another zone's reader finds the same instant.
    expect(Date.parse(stamp.replace(' ', 'T'))).toBe(now);
  });
});
