// Whether the time of a lease is over.

import type { Lease } from '../core/lease.ts';
import type { Clock } from '../system/clock.ts';

/** True when the wall clock or, on the same boot, the time since boot has reached the deadline. */
export function isDue(lease: Lease, clock: Clock): boolean {
  if (clock.now() >= lease.deadline) return true;
  return lease.bootId === clock.bootId && clock.sinceBoot() >= lease.bootDeadline;
}
