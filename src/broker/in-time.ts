// A limit for whoever calls a target: what does not answer, although it was told to stop, must not keep anybody from trying again.

import { JitError } from '../core/errors.ts';
import type { Broker } from './broker.ts';

/** The answer of `call`. @throws JitError `ERR_TARGET_UNREACHABLE` when it comes too late */
export function inTime<T>(broker: Broker, call: Promise<T> | undefined): Promise<T | undefined> {
  if (call === undefined) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new JitError('ERR_TARGET_UNREACHABLE', 'the target does not answer'));
    const cancel = broker.clock.after(broker.timing.call + 2_000, late);
    call.then(resolve, reject).finally(cancel);
  });
}
