// Has the program take a credential back, by its name. Needs nothing but the handle.

import type { Instant } from '../../core/time.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { Presence, RevokeReport } from '../provider.ts';
import { type Context, callProgram, failureOf } from './call.ts';
import type { CommandHandle } from './handle.ts';
import { confirmAnswer, revokeAnswer } from './messages.ts';

/** What programs said of leases, for as long as one provider is open. */
export interface Said {
  /** Names that revoke called gone, and nobody has looked since. */
  readonly gone: Set<string>;
  /** Names that end by themselves and no sooner, with when. */
  readonly ending: Map<string, Instant>;
}

/** @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_REVOKE_INCOMPLETE`, `ERR_SECRET_UNAVAILABLE`: again, later */
export async function revokeLease(
  context: Context,
  handle: CommandHandle,
  said: Said,
  report: RevokeReport,
): Promise<void> {
  said.gone.delete(handle.name);
  said.ending.delete(handle.name);
  // Whether there ever was one is not known; that nobody was given it, is.
  if (handle.expires_at === null) report.step('undisclosed', { name: handle.name });
  const called = await callProgram(context, 'revoke', requestOf('revoke', handle), revokeAnswer, [
    handle.name,
  ]);
  failpoint('revoke.sent');
  if (called.outcome !== 'answered') {
    const code = called.isSlow ? 'ERR_TARGET_UNREACHABLE' : 'ERR_REVOKE_INCOMPLETE';
    throw failureOf(called, context, 'revoke', { code });
  }
  const { answer } = called;
  if (answer.status === 'ending') {
    said.ending.set(handle.name, Date.parse(answer.ends_at));
    report.step('ending', { until: new Date(answer.ends_at).toISOString() });
    return;
  }
  said.gone.add(handle.name);
  report.step('taken-back');
  report.accessEnded();
}

/** Asks the program that looks; without one, what revoke said a moment ago has to do. */
export async function confirmLease(
  context: Context,
  handle: CommandHandle,
  { gone, ending }: Said,
): Promise<Presence> {
  const wasGone = gone.delete(handle.name);
  if (context.access.confirm === null) {
    if (wasGone) return 'gone';
    return ending.has(handle.name) ? 'alive' : 'unknown';
  }
  const called = await callProgram(context, 'confirm', requestOf('confirm', handle), confirmAnswer, [
    handle.name,
  ]);
  return called.outcome === 'answered' ? called.answer.status : 'unknown';
}

function requestOf(action: 'revoke' | 'confirm', { name, access, options, told }: CommandHandle) {
  return { version: 1, action, name, target: access.target, options, handle: told };
}
