// What the record of a lease has to say before a session with a later end is made. Pure; contacts nobody.

import type { Instant } from '../../core/time.ts';
import { type AwsHandle, checkHandle } from './handle.ts';
import { shortestSession } from './plan.ts';

/**
 * The handle that covers the sessions made so far and those for a later `deadline`: the same names and tags, so that one
 * Deny takes all of them. A session's policy cannot be changed; each denies itself at the deadline it was made for.
 */
export function replanLease(
  before: AwsHandle,
  deadline: Instant,
): { handle: AwsHandle; hardDeadline: Instant } {
  const { ends_by } = checkHandle(before);
  // Never back: a session for a later end may exist although its answer was lost.
  const end = Math.max(before.deadline, deadline);
  // None begins after the deadline, and none is longer than what is left until then, or than STS's shortest.
  const handle = { ...before, deadline: end, ends_by: Math.max(ends_by, end + shortestSession) };
  return { handle, hardDeadline: handle.ends_by };
}
