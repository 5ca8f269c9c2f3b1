// The clock as an argument: wall, since-boot, and waiting. The only file that reads the machine's time.

import { readFileSync } from 'node:fs';
import type { Instant, Milliseconds } from '../core/time.ts';

/** Time as the rest of jit sees it; tests bring their own. */
export interface Clock {
  /** Wall clock: may step. Used for what people read and for what targets are told. */
  now(): Instant;
  /** Milliseconds since boot, time asleep included; never steps back. */
  sinceBoot(): Milliseconds;
  /** Names the boot that `sinceBoot` counts from; after a restart of the machine it differs. */
  readonly bootId: string;
  /** Calls back once after `delay`; the answer cancels. Does not keep the process alive. */
  after(delay: Milliseconds, callback: () => void): () => void;
}

// Asked for when needed: most commands need neither, and each takes part of a millisecond.
const uptime = (): number => process.getBuiltinModule('node:os').uptime();

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No such file outside Linux: the moment of boot, to ten seconds, serves the same purpose.
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 10)}`;
  }
}

/** Longest that {@link sinceBoot} counts on by the monotonic clock, which stands still while the machine sleeps. */
const trusted = 200;

let bootId: string | undefined;
let readAt = Number.NEGATIVE_INFINITY;
let readValue = 0;
let told = 0;

/** `os.uptime()` counts time asleep (CLOCK_BOOTTIME) but opens a file on Linux: read anew five times a second. */
function sinceBoot(): Milliseconds {
  const monotonic = performance.now();
  if (monotonic - readAt > trusted) {
    readAt = monotonic;
    readValue = uptime() * 1000;
  }
  told = Math.max(told, Math.round(readValue + (monotonic - readAt)));
  return told;
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sinceBoot,
  get bootId() {
    bootId ??= readBootId();
    return bootId;
  },
  after(delay, callback) {
    // setTimeout fires at once for delays of 2^31 ms and more, so long waits are cut and taken up again by the caller.
    const timer = setTimeout(callback, Math.min(Math.max(delay, 0), 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
