// How long is left until a deadline, whatever happens to the clock. Must not: end anything.

import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';

/**
 * Answers what is left: by the wall clock or by the time since boot, whichever is less. So a wall clock that is set back
 * lengthens nothing, and neither does a machine that sleeps.
 */
export function countdownTo(deadline: Instant, clock: Clock): () => Milliseconds {
  const sinceBoot = clock.sinceBoot() + deadline - clock.now();
  return () => Math.min(deadline - clock.now(), sinceBoot - clock.sinceBoot());
}
