// What a provider needs before it may issue: logins, codes that people type. Nothing is on disk by then, and nothing
// will be when it fails: whoever asked is told, and the broker's log has one line for all who waited for the same thing.

import { JitError, toJitError } from '../core/errors.ts';
import type { ElevateRequest } from '../protocol/routes.ts';
import type { Provider } from '../providers/provider.ts';
import type { Broker, Caller } from './broker.ts';
import type { Channel } from './questions.ts';
import type { Resolved } from './wish.ts';

/** Failures that the log has: callers that wait for one thing are given one error. */
const told = new WeakSet<JitError>();

/**
 * Waits until the provider is ready to issue, asking on the caller's terminal if need be.
 * @param channel the caller's terminal; null: nobody to ask there
 * @returns whether there was anything to wait for
 * @throws JitError what the provider throws; `ERR_SECRET_UNAVAILABLE` when it takes too long, `ERR_CONFLICT` when the caller goes away
 */
export async function prepare(
  broker: Broker,
  caller: Caller,
  { resolved, provider, channel }: { resolved: Resolved; provider: Provider; channel: Channel | null },
): Promise<boolean> {
  if (!provider.prepare) return false;
  const { target, role, scope } = resolved;
  const gaveUp = new AbortController();
  const leave = (): void => gaveUp.abort(new JitError('ERR_CONFLICT', 'the caller went away while waiting'));
  const cancel = broker.clock.after(broker.timing.prepare, () => {
    const what = `target "${target.name}" was not ready within ${broker.timing.prepare / 1000} s`;
    const hint = `try again: jit elevate ${target.name}:${role.name}`;
    gaveUp.abort(new JitError('ERR_SECRET_UNAVAILABLE', what, { hint }));
  });
  caller.signal.addEventListener('abort', leave);
  if (caller.signal.aborted) leave();
  channel?.waitFor(target.name);
  try {
    const { principal } = caller;
    const request = { principal, role: role.name, scope, attended: channel !== null };
    // Others may wait for the same work, so it goes on without this caller.
    await Promise.race([provider.prepare(request, gaveUp.signal), aborted(gaveUp.signal)]);
    return true;
  } catch (thrown) {
    const error = toJitError(thrown);
    if (!told.has(error) && !caller.signal.aborted) {
      broker.log.warn(`cannot prepare ${target.name}:${role.name}: ${error.message}`, error.cause);
    }
    told.add(error);
    throw error;
  } finally {
    cancel();
    caller.signal.removeEventListener('abort', leave);
  }
}

/** Rejects with the reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

/** The caller's terminal for as long as `work` takes. @throws JitError `ERR_CONFLICT` when its channel is in use */
export async function withChannel<T>(
  broker: Broker,
  caller: Caller,
  request: ElevateRequest,
  work: (channel: Channel | null) => Promise<T>,
): Promise<T> {
  const channel = broker.questions.open(caller, request);
  try {
    return await work(channel);
  } finally {
    channel?.close();
  }
}
