// Waiting by the clock that was given, not the machine's.

import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';

/** Answers after `delay`. @throws JitError `ERR_TARGET_UNREACHABLE` when `signal` aborts first. */
export function wait(clock: Clock, delay: Milliseconds, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new JitError('ERR_TARGET_UNREACHABLE', 'gave up waiting for the server'));
    };
    const cancel = clock.after(delay, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
