// When to try again to revoke. Pure.

import type { ErrorCode } from '../core/errors.ts';
import type { Milliseconds } from '../core/time.ts';

const base = 500;
/** A target that is down is asked often, so that access ends within seconds of its return. */
const capUnreachable = 3_000;
/** A target that answers no will not change its mind by itself. */
const capRefused = 60_000;

/**
 * Pause before the next attempt: doubles from half a second, with a quarter of jitter either way, never
 * given up.
 * @param attempts failed attempts so far, at least 1
 * @param fraction a random number from 0 to 1
 */
export function retryDelay(attempts: number, code: ErrorCode, fraction: number): Milliseconds {
  const cap = code === 'ERR_TARGET_UNREACHABLE' ? capUnreachable : capRefused;
  const nominal = Math.min(cap, base * 2 ** Math.min(attempts - 1, 20));
  return Math.round(nominal * (0.75 + fraction / 2));
}
