// When to warn of the end of a grant. Must not: say anything itself.

import { warningsFor } from '../core/shell-terms.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { countdownTo } from './countdown.ts';

// Timers do not count the time that a machine sleeps: look at the clock at least this often.
const look: Milliseconds = 15_000;
// The hooks count from their first prompt and in whole seconds: a shortened warning is theirs a little later than ours.
const hooksAreLate: Milliseconds = 1_500;

/** What {@link scheduleWarnings} needs. */
export interface WarningOptions {
  readonly clock: Clock;
  readonly deadline: Instant;
  /** How long before the end, longest first, for a grant that is long enough. */
  readonly warn: readonly Milliseconds[];
  /** Called once for each warning with what is left; once only for several that were slept over. */
  readonly onWarning: (left: Milliseconds) => void;
}

/** Warnings that are yet to come. */
export interface Warnings {
  /** A new deadline: all warnings come again. */
  moveTo(deadline: Instant): void;
  /** Looks at the clock now: this process was stopped. */
  look(): void;
  stop(): void;
}

/** Calls back at each warning before the deadline. After the deadline nothing is left to warn of. */
export function scheduleWarnings({ clock, deadline, warn, onWarning }: WarningOptions): Warnings {
  let left: () => Milliseconds;
  let due: readonly Milliseconds[];
  let cancel = (): void => {};

  function moveTo(end: Instant): void {
    left = countdownTo(end, clock);
    const usual = warningsFor(left(), warn);
    const isShortened = usual[0] !== warn[0];
    due = isShortened ? usual.map((one) => one - hooksAreLate) : usual;
    check();
  }

  function check(): void {
    cancel();
    const now = left();
    const isDue = due.some((one) => now <= one);
    due = due.filter((one) => now > one);
    const [next] = due;
    if (next !== undefined) cancel = clock.after(Math.min(now - next, look), check);
    if (isDue && now > 0) onWarning(now);
  }

  moveTo(deadline);
  return { moveTo, look: check, stop: () => cancel() };
}
