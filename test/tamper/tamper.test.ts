import { expect, test } from 'vitest';
import { playMatrix } from './matrix.ts';

test('with the head held outside every manipulation of random logs is found, and no honest log is accused', () => {
  const { found, logs, verified, alarms, missed } = playMatrix(6, 20_261_122);
  expect([missed, alarms, verified]).toEqual([[], [], 10 * logs]);
  expect(found.size).toBeGreaterThanOrEqual(12);
  // What only a head from outside shows: the file alone is a log like any other.
  const blind = [...found].filter(([, { inside }]) => inside === 0).map(([name]) => name);
  expect(blind).toContain('restore an older file');
  expect(blind).toContain('edit, every hash and signature made anew with the stolen key');
});
