// A clock that moves only when told to: wall, since boot, and the timers of a machine that may sleep.

import type { Milliseconds } from '../../src/core/time.ts';
import type { Clock } from '../../src/system/clock.ts';

interface Timer {
  /** In time awake: like real timers, these stand still while the machine sleeps. */
  readonly due: Milliseconds;
  readonly callback: () => void;
}

/** Implements {@link Clock} for tests. Callbacks run inside of `advance`, in the order of their time. */
export class FakeClock implements Clock {
  #wall: number;
  #boot = 1_000_000;
  #awake = 0;
  #boots = 1;
  #timers: Timer[] = [];

  /** @param start wall clock, milliseconds since the epoch */
  constructor(start = Date.UTC(2026, 10, 22, 12)) {
    this.#wall = start;
  }

  get bootId(): string {
    return `fake-boot-${this.#boots}`;
  }

  /** How many callbacks wait. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#wall;
  }

  sinceBoot(): Milliseconds {
    return this.#boot;
  }

  after(delay: Milliseconds, callback: () => void): () => void {
    const timer = { due: this.#awake + Math.max(delay, 0), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Time passes on a machine that is awake; timers that come due are called, those they set as well. */
  advance(duration: Milliseconds): void {
    const end = this.#awake + duration;
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#pass(next.due - this.#awake);
      next.callback();
    }
    this.#pass(end - this.#awake);
  }

  /** Somebody sets the wall clock; nothing else moves. */
  step(by: Milliseconds): void {
    this.#wall += by;
  }

  /** The machine sleeps: wall and boot clock go on, timers do not. */
  sleepMachine(duration: Milliseconds): void {
    this.#wall += duration;
    this.#boot += duration;
  }

  /** The machine was off for `duration` and has started again: no timer survives. */
  restartMachine(duration: Milliseconds): void {
    this.#wall += duration;
    this.#boot = 0;
    this.#boots += 1;
    this.#timers = [];
  }

  #pass(duration: Milliseconds): void {
    this.#wall += duration;
    this.#boot += duration;
    this.#awake += duration;
  }
}
