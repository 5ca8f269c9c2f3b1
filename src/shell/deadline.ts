// When a session's grant has ended: by word of the broker, or by our own clock when the broker is silent.
// Must not: end anything.

import type { Instant } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { recordedDeadline } from './prompt-state.ts';

// Timers do not count the time that a machine sleeps, so the wall clock is looked at again at least this often.
const lookEvery = 15_000;

/** The watched end of one grant. */
export interface DeadlineWatch {
  /** Settles when the grant has ended; never rejects. */
  readonly reached: Promise<undefined>;
  /** True once the grant has ended. */
  isOver(): boolean;
  stop(): void;
}

/** What {@link watchDeadline} looks at. */
export interface DeadlineOptions {
  readonly grant: { readonly id: string; readonly deadline: Instant };
  readonly stateFile: string;
  readonly ended: Promise<void>;
  readonly clock: Clock;
}

/**
 * Watches for the end of a grant. An extended grant shows in the prompt-state file, which is read again
 * when the deadline known so far is reached; without file or line, that deadline holds.
 */
export function watchDeadline({ grant, stateFile, ended, clock }: DeadlineOptions): DeadlineWatch {
  let over = false;
  let deadline = grant.deadline;
  let cancel: () => void = () => undefined;
  const { promise: reached, resolve } = Promise.withResolvers<undefined>();

  const isOver = (): boolean => {
    if (over || clock.now() < deadline) return over;
    const recorded = recordedDeadline(stateFile, grant.id);
    if (recorded !== null && recorded > deadline) deadline = recorded;
    if (clock.now() >= deadline) end();
    return over;
  };
  const end = () => {
    over = true;
    cancel();
    resolve(undefined);
  };
  const look = () => {
    if (!isOver()) cancel = clock.after(Math.min(deadline - clock.now(), lookEvery), look);
  };

  void ended.then(end);
  look();
  return { reached, isOver, stop: () => cancel() };
}
