// How often and how lately somebody had a role, as one number to order lists by. Pure.

import type { Instant, Milliseconds } from '../core/time.ts';

const day: Milliseconds = 24 * 3600_000;

/** Grants that are older count for nothing. */
export const memory: Milliseconds = 90 * day;

/** More grants than this of one role change no order that anybody would notice. */
export const most = 100;

const halfLife: Milliseconds = 7 * day;

/** What a grant of this moment counts. */
const full = 100;

/**
 * The sum over the grants of what each counts: 100 when it was asked for now, half of that for every seven days since,
 * nothing after 90 days. Rounded up, so that 0 means never. A time in the future, by a clock that has stepped, is now.
 * @param times when each grant was asked for
 */
export function frecency(times: readonly Instant[], now: Instant): number {
  const ages = times.map((time) => Math.max(0, now - time)).filter((age) => age <= memory);
  const counts = ages.map((age) => full * 2 ** (-age / halfLife));
  return Math.ceil(counts.reduce((sum, count) => sum + count, 0));
}
