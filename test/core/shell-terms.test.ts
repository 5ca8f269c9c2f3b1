// How warnings shrink with short grants, and which end is the stricter.

import { describe, expect, test } from 'vitest';
import { onEnds, stricterEnd, warningsFor } from '../../src/core/shell-terms.ts';

const minutes = (count: number): number => count * 60_000;

describe('warnings', () => {
  test('stay as they are when the grant lasts twice as long as the first of them', () => {
    expect(warningsFor(minutes(10), [300_000, 60_000])).toEqual([300_000, 60_000]);
    expect(warningsFor(minutes(60), [300_000, 60_000])).toEqual([300_000, 60_000]);
  });

  test('shrink together below that', () => {
    expect(warningsFor(minutes(3), [300_000, 60_000])).toEqual([90_000, 18_000]);
  });

  test('are dropped when under five seconds are left of them', () => {
    expect(warningsFor(30_000, [300_000, 60_000])).toEqual([15_000]);
    expect(warningsFor(8_000, [300_000, 60_000])).toEqual([]);
    expect(warningsFor(10_000, [300_000])).toEqual([5_000]);
  });

  test('are none where none are wanted', () => {
    expect(warningsFor(minutes(30), [])).toEqual([]);
  });
});

test('of two ends the stricter holds, whichever comes first', () => {
  expect(stricterEnd('lock', 'close')).toBe('close');
  expect(stricterEnd('close', 'terminate')).toBe('close');
  expect(onEnds.map((one) => stricterEnd(one, one))).toEqual(onEnds);
});
