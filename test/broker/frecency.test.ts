import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frecency } from '../../src/broker/frecency.ts';

const day = 24 * 3600_000;
const now = Date.UTC(2026, 10, 22);

test.each([
  ['never', [], 0],
  ['just now', [0], 100],
  ['a week ago', [7], 50],
  ['three weeks ago', [21], 13],
  ['twice, now and a week ago', [0, 7], 150],
  ['at the edge of memory', [90], 1],
  ['before that', [90.001], 0],
  ['in the future, by a stepped clock', [-3], 100],
])('a role had %s counts', (_when, ages, expected) => {
  expect(
    frecency(
      ages.map((age) => now - age * day),
      now,
    ),
  ).toBe(expected);
});

test('one grant more never counts less, and what was had more lately never less than the same before', () => {
  const age = fc.double({ min: 0, max: 100 * day, noNaN: true });
  fc.assert(
    fc.property(fc.array(age, { maxLength: 20 }), age, age, (ages, one, other) => {
      const times = ages.map((each) => now - each);
      expect(frecency([...times, now - one], now)).toBeGreaterThanOrEqual(frecency(times, now));
      const [late, early] = [Math.min(one, other), Math.max(one, other)];
      expect(frecency([...times, now - late], now)).toBeGreaterThanOrEqual(
        frecency([...times, now - early], now),
      );
    }),
  );
});
