// How far the log may be ahead of the shared store before nothing is issued. Pure.

import { formatDuration } from '../core/duration.ts';
import { JitError } from '../core/errors.ts';
import type { UnsyncedLimits } from '../core/store-settings.ts';
import type { Instant } from '../core/time.ts';

/** What the store has not acknowledged. */
export interface Unsynced {
  readonly events: number;
  /** When the oldest of them was written; null: there is none. */
  readonly since: Instant | null;
}

/** Which limit is passed, in words; null: none is. */
export function overLimit({ events, since }: Unsynced, limits: UnsyncedLimits, now: Instant): string | null {
  if (events > limits.events) {
    return `the shared store has not acknowledged ${events} events, ${limits.events} are the limit`;
  }
  const age = since === null ? 0 : now - since;
  if (age <= limits.age) return null;
  const told = formatDuration(Math.floor(age / 1000) * 1000);
  return `the shared store has not acknowledged an event for ${told}, ${formatDuration(limits.age)} are the limit`;
}

/** Why nothing is sent of a log that is not to be gone on with. */
export function notSynced(): JitError {
  return new JitError(
    'ERR_AUDIT_INVALID',
    'the log is not synced: it was set back or damaged, or another one is known under its name',
    {
      hint: 'jit audit fork --reason "…"',
    },
  );
}
