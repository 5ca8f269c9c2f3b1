// Whether the sessions of a lease are over: AWS denies them, or has ended them by age. Never assumes.

import type { Presence } from '../provider.ts';
import type { Context } from './context.ts';
import { type AwsHandle, hasExpired } from './handle.ts';
import { isOver, probe } from './probe.ts';

/**
 * `gone`: past the hard expiry, or denied as a probe was told. `alive`: the session may act. `unknown`: AWS does not say,
 * e.g. after a restart on a role where nothing may be denied.
 */
export async function confirmLease(context: Context, handle: AwsHandle): Promise<Presence> {
  const { shared, tools } = context;
  const now = tools.clock.now();
  const forget = (): Presence => {
    shared.sessions.drop(handle.lease);
    shared.inconclusive.delete(handle.lease);
    return 'gone';
  };
  if (await isOver(context, handle)) return forget();
  // Over by this clock, and AWS contradicts it: to call that unknown would let the clock alone decide.
  if (hasExpired(handle, now)) return 'alive';
  // Keys that cannot be withdrawn work until they or their grant end: nothing to ask.
  const keysEnd = Math.min(handle.deadline, shared.sessions.latest(handle.lease)?.expiresAt ?? 0);
  if (handle.revoke === 'none' && now < keysEnd) return 'alive';
  if (shared.inconclusive.has(handle.lease)) return now < handle.deadline ? 'alive' : 'unknown';
  const said = await probe(context, handle);
  if (said === 'denied') return forget();
  return said === 'allowed' ? 'alive' : 'unknown';
}
