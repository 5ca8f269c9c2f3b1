// Calls AWS, again when that may help, each try with a time limit of its own. Knows when an answer may have been lost.

import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import { failureOf, outcomeOf } from './failure.ts';
import type { Access } from './handle.ts';

const tries = 4;
const oneTry: Milliseconds = 6_000;
const firstWait: Milliseconds = 200;

export interface Asking {
  readonly access: Access;
  /** For messages: `assume role "…"`. */
  readonly what: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** A lost answer means that something may exist which nobody knows: told as `ERR_REVOKE_INCOMPLETE`. */
  readonly makes?: boolean;
}

/**
 * @throws JitError `ERR_TARGET_REFUSED`, `ERR_TARGET_UNREACHABLE`, `ERR_CLOCK`, `ERR_SECRET_UNAVAILABLE`;
 *   `ERR_REVOKE_INCOMPLETE` when `makes` and any try may have been carried out
 */
export async function repeat<T>(asking: Asking, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { access, what, signal } = asking;
  let wasLost = false;
  for (let count = 1; ; count += 1) {
    try {
      return await call(AbortSignal.any([signal, AbortSignal.timeout(oneTry)]));
    } catch (thrown) {
      if (thrown instanceof JitError) throw thrown;
      const outcome = outcomeOf(thrown);
      wasLost ||= outcome === 'lost';
      const isFinal = outcome === 'refused' || outcome === 'login' || outcome === 'clock';
      if (!isFinal && count < tries && !signal.aborted) {
        await wait(asking, firstWait * 2 ** (count - 1)).catch(() => undefined);
        if (!signal.aborted) continue;
      }
      const failure = failureOf(thrown, access, what);
      if (!wasLost || !asking.makes) throw failure;
      throw new JitError(
        'ERR_REVOKE_INCOMPLETE',
        `${failure.message}: a session may exist that nobody holds the keys of`,
        { cause: thrown },
      );
    }
  }
}

/** Answers after about `delay`. @throws JitError `ERR_TARGET_UNREACHABLE` when the signal aborts first */
export function wait(
  { clock, random, signal }: Pick<Asking, 'clock' | 'random' | 'signal'>,
  delay: Milliseconds,
): Promise<void> {
  const spread = delay * (0.75 + random.bytes(1).readUInt8() / 512);
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new JitError('ERR_TARGET_UNREACHABLE', 'gave up waiting for AWS'));
    };
    const cancel = clock.after(spread, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
