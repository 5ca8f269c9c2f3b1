// The machine's clock, put forward by a test: for brokers that talk to real sockets, where no clock can stand still.

import type { Milliseconds } from '../../src/core/time.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';

interface Timer {
  readonly due: Milliseconds;
  cancel: () => void;
}

/** Implements {@link Clock}: runs like the machine's, and further ahead of it with each `advance`. */
export class MovedClock implements Clock {
  readonly bootId = systemClock.bootId;
  #ahead: Milliseconds;
  readonly #timers = new Map<Timer, () => void>();

  /** @param ahead how far it is ahead from the start */
  constructor(ahead: Milliseconds = 0) {
    this.#ahead = ahead;
  }

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  sinceBoot(): Milliseconds {
    return systemClock.sinceBoot() + this.#ahead;
  }

  after(delay: Milliseconds, callback: () => void): () => void {
    const timer: Timer = { due: this.sinceBoot() + delay, cancel: () => undefined };
    this.#timers.set(timer, callback);
    this.#set(timer);
    return () => this.#drop(timer);
  }

  /** Time passes on a machine that is awake: what has come due is called soon, not inside of this call. */
  advance(duration: Milliseconds): void {
    this.#ahead += duration;
    for (const timer of this.#timers.keys()) this.#set(timer);
  }

  #set(timer: Timer): void {
    timer.cancel();
    timer.cancel = systemClock.after(timer.due - this.sinceBoot(), () => {
      const callback = this.#timers.get(timer);
      this.#drop(timer);
      callback?.();
    });
  }

  #drop(timer: Timer): void {
    timer.cancel();
    this.#timers.delete(timer);
  }
}
