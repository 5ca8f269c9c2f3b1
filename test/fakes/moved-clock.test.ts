import { expect, test } from 'vitest';
import { systemClock } from '../../src/system/clock.ts';
import { until } from '../support/until.ts';
import { MovedClock } from './moved-clock.ts';

const hour = 3_600_000;

test('it runs ahead of the machine by what it was put forward', () => {
  const clock = new MovedClock(hour);
  clock.advance(hour);
  expect(clock.now()).toBeGreaterThanOrEqual(systemClock.now() + 2 * hour - 1_000);
  expect(clock.sinceBoot()).toBeGreaterThanOrEqual(systemClock.sinceBoot() + 2 * hour - 1_000);
});

test('timers come due when it is put forward, and only those', async () => {
  const clock = new MovedClock();
  const called: string[] = [];
  clock.after(hour, () => called.push('an hour'));
  clock.after(3 * hour, () => called.push('three hours'));
  clock.after(hour, () => called.push('cancelled'))();
  clock.advance(2 * hour);
  await until(() => expect(called).toEqual(['an hour']));
});
