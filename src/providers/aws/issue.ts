// Makes the session of a lease, or a new one under the same names. Nothing is handed out that is not whole.

import { hasCode, JitError } from '../../core/errors.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { Issued, PlanRequest } from '../provider.ts';
import { assume } from './assume.ts';
import type { Context } from './context.ts';
import { handOut } from './hand-out.ts';
import type { AwsHandle } from './handle.ts';
import { longestSession, type Rights, shortestSession } from './plan.ts';
import { type SessionPolicy, sessionPolicy } from './session-policy.ts';
import type { Session } from './sessions.ts';

/** AWS allows five minutes in signatures; a session that ends at another time than asked is off by more than that. */
const longestSkew: Milliseconds = 6 * 60_000;
const hour: Milliseconds = 3_600_000;

/** A session and how long it was asked to last. */
export interface Made {
  readonly session: Session;
  readonly lasts: Milliseconds;
}

/**
 * @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_SECRET_UNAVAILABLE`, `ERR_CLOCK`: nothing was made;
 *   `ERR_REVOKE_INCOMPLETE`: a session may exist that nobody holds the keys of
 */
export async function issueLease(
  context: Context,
  handle: AwsHandle,
  request: PlanRequest,
  rights: Rights,
): Promise<Issued<AwsHandle>> {
  failpoint('issue.before');
  const { session, refreshAt } = await makeSession(context, handle, request, rights);
  failpoint('issue.sent');
  const issued = { ...handle, access_key_id: session.accessKeyId };
  return {
    handle: issued,
    expiresAt: session.expiresAt,
    refreshAt,
    handOut: handOut(context, issued, session, request),
  };
}

/** A new session for an active lease, unless the one it has lasts long enough; what the endpoint answers changes. @throws JitError as {@link issueLease} */
export async function refreshLease(
  context: Context,
  handle: AwsHandle,
  request: PlanRequest,
  rights: Rights,
): Promise<{ expiresAt: Instant; refreshAt: Instant | null }> {
  const latest = context.shared.sessions.latest(handle.lease);
  const deadline = deadlineOf(handle, request);
  // STS gives at least 900 seconds: another session would only outlive the grant by more.
  // AWS tells ends in whole seconds, and the deadline of a session's policy is cut down to them.
  const end = Math.floor(deadline / 1000) * 1000;
  if (latest?.deadline === deadline && latest.expiresAt >= end) {
    return { expiresAt: latest.expiresAt, refreshAt: null };
  }
  const { session, refreshAt } = await makeSession(context, handle, request, rights);
  return { expiresAt: session.expiresAt, refreshAt };
}

/** The handle of a lease may cover a session for a later end, which the grant was not given after all. */
function deadlineOf(handle: AwsHandle, request: PlanRequest): Instant {
  return Math.min(handle.deadline, request.deadline);
}

async function makeSession(
  context: Context,
  handle: AwsHandle,
  request: PlanRequest,
  rights: Rights,
): Promise<{ session: Session; refreshAt: Instant | null }> {
  const { tools, shared, access } = context;
  const start = tools.clock.now();
  const deadline = deadlineOf(handle, request);
  const length = Math.max(shortestSession, Math.min(deadline - start, longestSession(access, rights.role)));
  if (start >= deadline || start + length > handle.ends_by) {
    throw new JitError(
      'ERR_TARGET_UNREACHABLE',
      'too late for a session: the deadline of the grant is over or too near',
    );
  }
  const policy = sessionPolicy(rights.policy, request, deadline);
  const key = JSON.stringify([handle, policy]);
  const { session, lasts } = await shared.issues.get(key, async () => {
    const made = await assumeWithin(context, handle, policy, length);
    // Kept for nobody: the next call is meant to make another.
    return { value: made, expiresAt: tools.clock.now() };
  });
  refuseOtherEnd(context, session, lasts);
  shared.sessions.put(handle.lease, { ...session, deadline });
  return { session, refreshAt: refreshTime(deadline, start, lasts) };
}

/** Whether the broker's own credentials are a role's cannot be seen in them; AWS says so, and then an hour is the limit. */
async function assumeWithin(
  context: Context,
  handle: AwsHandle,
  policy: SessionPolicy,
  length: Milliseconds,
): Promise<Made> {
  try {
    return { session: await assume(context, handle, policy, length), lasts: length };
  } catch (thrown) {
    const isCapped = hasCode(thrown, 'ERR_TARGET_REFUSED') && /role chaining/i.test(thrown.message);
    if (!isCapped || length <= hour) throw thrown;
    return { session: await assume(context, handle, policy, hour), lasts: hour };
  }
}

/** The keys exist by now, so this is not "nothing was made". */
function refuseOtherEnd({ tools, access }: Context, session: Session, length: Milliseconds): void {
  const off = session.expiresAt - (tools.clock.now() + length);
  if (Math.abs(off) <= longestSkew) return;
  const minutes = Math.round(Math.abs(off) / 60_000);
  throw new JitError(
    'ERR_REVOKE_INCOMPLETE',
    `the clock of AWS for target "${access.target}" is ${minutes} minutes off: the session was not handed out`,
    {
      hint: 'set the clock of this machine by NTP',
    },
  );
}

/** At two thirds of a session that ends before the grant does. */
function refreshTime(deadline: Instant, start: Instant, length: Milliseconds): Instant | null {
  return start + length >= deadline ? null : start + Math.floor((length * 2) / 3);
}
