import { expect, test } from 'vitest';
import { countdownTo } from '../../src/shell/countdown.ts';
import { FakeClock } from '../fakes/clock.ts';

function started() {
  const clock = new FakeClock();
  return { clock, left: countdownTo(clock.now() + 60_000, clock) };
}

test('time that passes is not left', () => {
  const { clock, left } = started();
  clock.advance(20_000);
  expect(left()).toBe(40_000);
});

test('a wall clock that is set back lengthens nothing', () => {
  const { clock, left } = started();
  clock.step(-3_600_000);
  expect(left()).toBe(60_000);
});

test('a wall clock that is set forward counts, as it does for everybody who reads it', () => {
  const { clock, left } = started();
  clock.step(50_000);
  expect(left()).toBe(10_000);
});

test('time asleep is time', () => {
  const { clock, left } = started();
  clock.sleepMachine(90_000);
  expect(left()).toBe(-30_000);
});
