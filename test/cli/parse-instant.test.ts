import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/cli/parse-instant.ts';

const now = new Date(2026, 10, 22, 15, 30).getTime();

describe('parseInstant', () => {
  it('reads a duration as that long ago', () => {
    expect(parseInstant('2h', now)).toBe(now - 7_200_000);
  });

  it('reads a time of day as today by the local clock', () => {
    expect(parseInstant('14:05', now)).toBe(new Date(2026, 10, 22, 14, 5).getTime());
    expect(parseInstant('9:05:07', now)).toBe(new Date(2026, 10, 22, 9, 5, 7).getTime());
  });

  it('reads a date by the local clock, with a zone by that zone', () => {
    expect(parseInstant('2026-11-01', now)).toBe(new Date(2026, 10, 1).getTime());
    expect(parseInstant('2026-11-01 08:30', now)).toBe(new Date(2026, 10, 1, 8, 30).getTime());
    expect(parseInstant('2026-11-01T08:30Z', now)).toBe(Date.UTC(2026, 10, 1, 8, 30));
    expect(parseInstant('2026-11-01T08:30:15+02:00', now)).toBe(Date.UTC(2026, 10, 1, 6, 30, 15));
  });

  it.each([
    '',
    '24:00',
    '12:60',
    '2026-13-01',
    '2026-02-30',
    '2026-00-10',
    'tomorrow',
    '-2h',
    '12',
    '2026-1-1',
  ])('refuses "%s"', (text) => {
    expect(() => parseInstant(text, now)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });
});
