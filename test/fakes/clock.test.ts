import { describe, expect, it } from 'vitest';
import { FakeClock } from './clock.ts';

describe('the fake clock', () => {
  it('calls timers in the order of their time, at their time, also those set by others', () => {
    const clock = new FakeClock(0);
    const calls: [string, number][] = [];
    clock.after(20, () => calls.push(['second', clock.now()]));
    clock.after(10, () => {
      calls.push(['first', clock.now()]);
      clock.after(5, () => calls.push(['set by first', clock.now()]));
    });
    clock.after(100, () => calls.push(['too late', clock.now()]));
    clock.advance(50);
    expect(calls).toEqual([
      ['first', 10],
      ['set by first', 15],
      ['second', 20],
    ]);
    expect(clock.now()).toBe(50);
    expect(clock.pending).toBe(1);
  });

  it('forgets a timer that was cancelled', () => {
    const clock = new FakeClock();
    let called = false;
    clock.after(10, () => {
      called = true;
    })();
    clock.advance(20);
    expect(called).toBe(false);
  });

  it('moves only the wall when it is stepped', () => {
    const clock = new FakeClock(0);
    const boot = clock.sinceBoot();
    clock.step(-3_600_000);
    expect([clock.now(), clock.sinceBoot()]).toEqual([-3_600_000, boot]);
  });

  it('lets no timer come due while the machine sleeps, though both clocks go on', () => {
    const clock = new FakeClock(0);
    const boot = clock.sinceBoot();
    let called = false;
    clock.after(10, () => {
      called = true;
    });
    clock.sleepMachine(1_000);
    clock.advance(9);
    expect([called, clock.now(), clock.sinceBoot() - boot]).toEqual([false, 1_009, 1_009]);
    clock.advance(1);
    expect(called).toBe(true);
  });

  it('names another boot and has no timers after a restart', () => {
    const clock = new FakeClock(0);
    const { bootId } = clock;
    clock.after(10, () => undefined);
    clock.restartMachine(60_000);
    expect(clock.bootId).not.toBe(bootId);
    expect([clock.pending, clock.sinceBoot(), clock.now()]).toEqual([0, 0, 60_000]);
  });
});
