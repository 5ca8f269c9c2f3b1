import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, longestDuration, parseDuration } from '../../src/core/duration.ts';
import { hasCode, JitError } from '../../src/core/errors.ts';

function failure(text: string): JitError {
  try {
    parseDuration(text);
  } catch (thrown) {
    if (thrown instanceof JitError) return thrown;
  }
  throw new Error(`${JSON.stringify(text)} was taken`);
}

describe('a duration as people type it', () => {
  test.each([
    ['30m', 1800],
    ['1h30m', 5400],
    ['1h 30m', 5400],
    ['90s', 90],
    ['1.5h', 5400],
    ['2d', 172_800],
    ['8 hours', 28_800],
    ['30 minutes 10 seconds', 1810],
    [' 5M ', 300],
    ['PT1H30M', 5400],
    ['pt30m', 1800],
    ['P1DT2H', 93_600],
    ['P2D', 172_800],
    ['0.6s', 1],
    ['366d', 366 * 86_400],
  ])('%j is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds * 1000);
  });

  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['30', 'no unit'],
    ['1h30', 'no unit'],
    ['30m1h', 'large to small'],
    ['1h1h', 'large to small'],
    ['5x', 'unknown unit'],
    ['1e3m', 'unknown unit'],
    ['1w', 'unknown unit'],
    ['-5m', 'sign'],
    ['+30m', 'sign'],
    ['1,5h', 'expected a number'],
    ['.5h', 'expected a number'],
    ['1h; rm', 'expected a number'],
    ['NaN', 'expected a number'],
    ['Infinity', 'expected a number'],
    ['P', 'ISO'],
    ['PT', 'ISO'],
    ['P1DT', 'ISO'],
    ['P1W', 'ISO'],
    ['P1Y', 'ISO'],
    ['PT1.5H', 'ISO'],
    ['PT0S', 'zero'],
    ['P0D', 'zero'],
    ['0m', 'zero'],
    ['0.2s', 'zero'],
    ['\uFF19m', 'expected a number'],
    ['99999999999d', '366 days'],
    [`${'9'.repeat(90)}d`, '366 days'],
    [`${'9'.repeat(400)}d`, 'too long'],
    ['367d', '366 days'],
    ['8785h', '366 days'],
  ])('%j is refused, saying what is wrong with it', (text, why) => {
    const error = failure(text);
    expect(error.code).toBe('ERR_DURATION');
    expect(error.message).toContain(why);
    expect(error.hint).toContain('1h30m');
  });

  test('names what was found without letting it move the cursor or fill the screen', () => {
    expect(failure('5\u001b[2Jx').message).not.toContain('\u001b');
    expect(failure('x'.repeat(90)).message.length).toBeLessThan(150);
  });

  test('takes back whatever it writes, for every whole number of seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestDuration / 1000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  test('answers a bounded positive number or ERR_DURATION, whatever is typed', () => {
    const pieces = fc.constantFrom('1', '30', '.5', 'h', 'm', 's', 'd', ' ', 'P', 'T', '-', 'min', 'e9', ';');
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (typed) => {
        try {
          const duration = parseDuration(typed);
          expect(Number.isInteger(duration / 1000)).toBe(true);
          expect(duration > 0 && duration <= longestDuration).toBe(true);
        } catch (thrown) {
          expect(hasCode(thrown, 'ERR_DURATION')).toBe(true);
        }
      }),
    );
  });
});

describe('a duration as it is written', () => {
  test.each([
    [1_800_000, '30m'],
    [5_400_000, '1h30m'],
    [45_000, '45s'],
    [172_800_000, '2d'],
    [90_061_000, '1d1h1m1s'],
    [999, '0s'],
    [-5, '0s'],
    [Number.NaN, '0s'],
  ])('%d ms is %s', (duration, text) => {
    expect(formatDuration(duration)).toBe(text);
  });
});
