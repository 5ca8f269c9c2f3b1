// Takes a lease back as far as AWS can: a Deny for its sessions where the operator allows it, else their own end. Says
// which. Each step may be repeated; after a crash all are. Needs nothing but the handle.

import { JitError } from '../../core/errors.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { RevokeReport } from '../provider.ts';
import type { Context } from './context.ts';
import { denySession, isDenied, pruneDenied } from './deny-session.ts';
import type { AwsHandle } from './handle.ts';
import { isOver, probe, probeEnd } from './probe.ts';
import { wait } from './repeat.ts';

const iso = (time: number): string => new Date(time).toISOString();

/** IAM tells all regions within seconds, sometimes minutes: what is not seen in this time is tried again later. */
const patience = 12_000;

/**
 * Answers when nothing more can be done now; whether the sessions are over, `confirm` says.
 * @throws JitError as the calls; `ERR_REVOKE_INCOMPLETE` when the Deny is not seen to work yet
 */
export async function revokeLease(context: Context, handle: AwsHandle, report: RevokeReport): Promise<void> {
  const { shared, tools } = context;
  shared.sessions.close(handle.lease);
  const until = iso(handle.ends_by);
  // The names were on disk before AWS heard of them. Whether it answered is not known; that nobody got keys, is.
  if (handle.access_key_id === null) report.step('undisclosed', { session: handle.session_name, until });
  if (await isOver(context, handle)) {
    report.step('expired', { at: until });
    report.accessEnded();
    if (handle.revoke === 'deny-session') await pruneDenied(context, handle).catch(() => undefined);
    return;
  }
  if (tools.clock.now() >= handle.deadline && (await isTimeBoxed(context, handle, report))) return;
  if (handle.revoke === 'none') return;
  await deny(context, handle, report);
  report.accessEnded();
}

/**
 * Past the deadline every session of the lease denies itself, by AWS's clock. True when AWS was seen to do so. The two
 * clocks differ, so what is still allowed, or expired a little before the deadline, is asked again for a while.
 */
async function isTimeBoxed(context: Context, handle: AwsHandle, report: RevokeReport): Promise<boolean> {
  const { tools, signal } = context;
  report.step('time-boxed', { at: iso(handle.deadline) });
  let said = await probeEnd(context, handle);
  for (let delay = 250; (said === 'allowed' || said === 'expired') && delay <= 2_000; delay *= 2) {
    await wait({ ...tools, signal }, delay);
    said = await probeEnd(context, handle);
  }
  if (said !== 'allowed' && said !== 'clock') report.accessEnded();
  return said === 'denied';
}

async function deny(context: Context, handle: AwsHandle, report: RevokeReport): Promise<void> {
  const { shared, tools } = context;
  // Asked before the policy is read: what is denied although nothing was listed, something else denies, and then the
  // probe proves nothing about our Deny.
  const before = tools.clock.now() < handle.deadline ? await probe(context, handle) : 'unknown';
  if (!(await isDenied(context, handle))) {
    if (before === 'denied') shared.inconclusive.add(handle.lease);
    failpoint('revoke.before-deny');
    await denySession(context, handle);
  }
  report.step('deny-added', { policy: handle.policy_name });
  failpoint('revoke.denied');
  const start = tools.clock.sinceBoot();
  for (let delay = 250; ; delay = Math.min(delay * 2, 2_000)) {
    if (!shared.inconclusive.has(handle.lease) && (await probe(context, handle)) === 'denied') break;
    if (tools.clock.sinceBoot() - start + delay > patience) {
      throw new JitError(
        'ERR_REVOKE_INCOMPLETE',
        `the Deny for lease "${handle.lease}" is in place and not yet seen to work`,
      );
    }
    await wait({ ...tools, signal: context.signal }, delay);
  }
  report.step('denied');
  failpoint('revoke.probed');
}
