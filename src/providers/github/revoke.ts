// Takes a lease back: every token it holds is shown to GitHub to be deleted. Each step may be repeated; after a crash all
// are. Needs nothing but the handle: not even the App's key.

import type { Secret } from '../../core/secret.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { RevokeReport } from '../provider.ts';
import { type Context, sealerOf } from './context.ts';
import { type GithubHandle, type Held, heldTokens, isPastItsAge, isUndisclosed } from './handle.ts';
import { deleteToken } from './token-call.ts';

const iso = (time: number): string => new Date(time).toISOString();

/**
 * Answers when nothing more can be done now; whether the tokens are dead, `confirm` says.
 * @throws JitError as the calls; `ERR_SECRET_UNAVAILABLE` when a sealed token cannot be opened
 */
export async function revokeLease(
  context: Context,
  handle: GithubHandle,
  report: RevokeReport,
): Promise<void> {
  const { shared, tools } = context;
  shared.tokens.close(handle.lease);
  const now = tools.clock.now();
  if (isUndisclosed(handle, now)) {
    report.undisclosed(
      handle.undisclosed_until ?? now,
      'GitHub was asked for a token and no answer is on record',
    );
  } else if (handle.undisclosed_until !== null) {
    report.step('undisclosed-expired', { at: iso(handle.undisclosed_until) });
  }
  for (const held of heldTokens(handle)) {
    failpoint('revoke.before-delete');
    const found = await remove(context, handle, held, isPastItsAge(held, now));
    failpoint('revoke.deleted');
    const at = found === 'expired' ? { at: iso(held.ends_at) } : {};
    report.step(`token-${found}`, { token_sha256: held.sha256, ...at });
  }
  // What nobody was told, nobody can use.
  report.accessEnded();
}

/** GitHub's word counts; where it cannot be had for a token of this age, the age does. */
async function remove(
  context: Context,
  handle: GithubHandle,
  held: Held,
  isOld: boolean,
): Promise<'deleted' | 'was-dead' | 'expired'> {
  try {
    return await deleteToken(context, await openToken(context, handle, held));
  } catch (thrown) {
    if (isOld) return 'expired';
    throw thrown;
  }
}

/** From memory while this broker has it; else from the handle. @throws JitError `ERR_SECRET_UNAVAILABLE` */
export async function openToken(
  context: Context,
  { lease }: GithubHandle,
  { sealed, sha256 }: Held,
): Promise<Secret> {
  const known = context.shared.tokens.find(lease, sha256);
  return known?.secret ?? (await sealerOf(context).unseal(sealed ?? '', lease));
}
