// Asks AWS, as the session itself, whether it is denied.
//
// GetCallerIdentity would prove nothing: AWS answers it even against an explicit Deny. sts:GetAccessKeyInfo is the
// cheapest call whose authorization is evaluated, has no effect, and is answered in the region that the session is used
// in. Only an explicit deny counts ("with an explicit deny in …", IAM guide, access denied messages): a role that lacks
// the permission is refused in other words. That the keys have expired tells AWS's clock: from the deadline on, every
// session of the lease denies itself.

import { GetAccessKeyInfoCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { hasCode } from '../../core/errors.ts';
import { assume } from './assume.ts';
import { baseKeys } from './base.ts';
import type { Context } from './context.ts';
import { awsCodeOf, outcomeOf } from './failure.ts';
import { type AwsHandle, hasExpired } from './handle.ts';
import { isDirect, shortestSession } from './plan.ts';
import type { Session } from './sessions.ts';

/**
 * `denied`: by a Deny for it, or over; `allowed`: not denied; `clock`: AWS finds this machine's clock wrong; `expired`: these
 * keys are over, and the deadline may not be; `unknown`: AWS did not say.
 */
export type Probed = 'denied' | 'allowed' | 'clock' | 'expired' | 'unknown';

const oneProbe = 6_000;

/** With the session's own keys; null when the broker has none, because it was restarted or none were given. */
async function probeOwn(context: Context, handle: AwsHandle): Promise<Probed | null> {
  const own = context.shared.sessions.latest(handle.lease);
  return own === null ? null : ask(context, handle, own);
}

/**
 * With the session's own keys, else with those of a stand-in: the same role, names and tags, hence the same Deny, and no
 * other right than this call.
 */
export async function probe(context: Context, handle: AwsHandle): Promise<Probed> {
  const said = (await probeOwn(context, handle)) ?? 'unknown';
  if (said === 'denied' || said === 'allowed' || handle.revoke !== 'deny-session') return said;
  const standIn = await makeStandIn(context, handle).catch(() => null);
  return standIn === null ? 'unknown' : ask(context, handle, standIn);
}

/** True when AWS has ended every session of the lease by itself, and does not contradict the clock that says so. */
export async function isOver(context: Context, handle: AwsHandle): Promise<boolean> {
  if (!hasExpired(handle, context.tools.clock.now())) return false;
  const said = await probeEnd(context, handle);
  return said !== 'allowed' && said !== 'clock';
}

/** What AWS says of a session whose time is over by this clock; of one without keys, only whether the clock is wrong. */
export async function probeEnd(context: Context, handle: AwsHandle): Promise<Probed> {
  return (await probeOwn(context, handle)) ?? ((await isClockRefused(context)) ? 'clock' : 'unknown');
}

/** As the broker itself. Nobody logged in, or no answer, is no word against the clock: what ended must not be open for ever. */
async function isClockRefused(context: Context): Promise<boolean> {
  const { access, clients, signal } = context;
  // A program that prints codes may want a finger on a key, which nobody expects now.
  if (isDirect(access) || access.mfa_process !== null) return false;
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(oneProbe)]);
  const tooLate = new Promise<never>((_, reject) => {
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason));
  });
  const asked = baseKeys({ ...context, mayAsk: false }).then((keys) =>
    clients.sts(keys).send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  try {
    await Promise.race([asked, tooLate]);
    return false;
  } catch (thrown) {
    return hasCode(thrown, 'ERR_CLOCK') || outcomeOf(thrown) === 'clock';
  }
}

async function makeStandIn(context: Context, handle: AwsHandle): Promise<Session> {
  const { shared, tools } = context;
  const statement = { Effect: 'Allow', Action: 'sts:GetAccessKeyInfo', Resource: '*' };
  const inline = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const key = JSON.stringify(['stand-in', handle.lease]);
  const { session } = await shared.issues.get(key, async () => {
    const made = await assume(context, handle, { inline, managed: [] }, shortestSession);
    return {
      value: { session: made, lasts: shortestSession },
      expiresAt: tools.clock.now() + shortestSession,
    };
  });
  return session;
}

async function ask(context: Context, handle: AwsHandle, session: Session): Promise<Probed> {
  const { clients, signal, tools } = context;
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(oneProbe)]);
  try {
    const command = new GetAccessKeyInfoCommand({ AccessKeyId: session.accessKeyId });
    await clients.sts(session).send(command, { abortSignal });
    return 'allowed';
  } catch (thrown) {
    if (outcomeOf(thrown) === 'clock') return 'clock';
    const code = awsCodeOf(thrown);
    if (code === 'ExpiredToken') return hasReachedDeadline(context, handle, session) ? 'denied' : 'expired';
    if (code !== 'AccessDenied') return 'unknown';
    return deniedBy((thrown as Error).message, tools.clock.now() >= handle.deadline);
  }
}

/** A session policy denies by the time box alone, once that is due; before, by something of the scope's own. */
function deniedBy(message: string, isDue: boolean): Probed {
  const by = /with an explicit deny in an? ([a-z -]+?) policy/i.exec(message)?.[1]?.toLowerCase();
  if (by === undefined) return 'allowed';
  if (by === 'identity-based') return 'denied';
  return by === 'session' && isDue ? 'denied' : 'unknown';
}

/** By AWS's clock, which was at the end of the session when AWS first said so. */
function hasReachedDeadline({ shared, tools }: Context, handle: AwsHandle, session: Session): boolean {
  const now = tools.clock.sinceBoot();
  const firstSaid = shared.expired.get(session) ?? now;
  shared.expired.set(session, firstSaid);
  const isDue = tools.clock.now() >= handle.deadline;
  return isDue && session.expiresAt + (now - firstSaid) >= handle.deadline;
}
