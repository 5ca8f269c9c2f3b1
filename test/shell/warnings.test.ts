import { expect, test } from 'vitest';
import { scheduleWarnings } from '../../src/shell/warnings.ts';
import { FakeClock } from '../fakes/clock.ts';

const minute = 60_000;

function scheduled(length: number, warn: readonly number[] = [5 * minute, minute]) {
  const clock = new FakeClock();
  const told: number[] = [];
  const deadline = clock.now() + length;
  const warnings = scheduleWarnings({ clock, deadline, warn, onWarning: (left) => told.push(left) });
  return { clock, told, warnings, deadline };
}

test('each warning comes once, at its time', () => {
  const { clock, told } = scheduled(30 * minute);
  clock.advance(25 * minute - 1);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([5 * minute]);
  clock.advance(10 * minute);
  expect(told).toEqual([5 * minute, minute]);
  expect(clock.pending).toBe(0);
});

test('a short grant is warned of when half of it has gone, not before the hooks would see it so', () => {
  const { clock, told } = scheduled(2 * minute);
  clock.advance(minute);
  expect(told).toEqual([]);
  clock.advance(2_000);
  expect(told).toEqual([58_500]);
  clock.advance(minute);
  expect(told).toEqual([58_500, 10_500]);
});

test('after an extension all warnings come again', () => {
  const { clock, told, warnings, deadline } = scheduled(30 * minute);
  clock.advance(29 * minute);
  warnings.moveTo(deadline + 29 * minute);
  clock.advance(28 * minute);
  expect(told).toEqual([5 * minute, minute, 5 * minute]);
});

test('a machine that slept over both warnings is told once, within 15 seconds of waking up', () => {
  const { clock, told } = scheduled(30 * minute);
  clock.advance(1_000);
  clock.sleepMachine(29 * minute + 30_000);
  clock.advance(15_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeLessThanOrEqual(29_000);
});

test('a process that was stopped looks at once when it goes on', () => {
  const { clock, told, warnings } = scheduled(30 * minute);
  clock.sleepMachine(26 * minute);
  warnings.look();
  expect(told).toEqual([4 * minute]);
});

test('nothing is said of a grant that ended while the machine slept', () => {
  const { clock, told } = scheduled(30 * minute);
  clock.sleepMachine(31 * minute);
  clock.advance(minute);
  expect(told).toEqual([]);
});

test('without warnings nothing waits, and after the end of the watching neither', () => {
  expect(scheduled(30 * minute, []).clock.pending).toBe(0);
  const { clock, told, warnings } = scheduled(30 * minute);
  warnings.stop();
  clock.advance(30 * minute);
  expect([told, clock.pending]).toEqual([[], 0]);
});
