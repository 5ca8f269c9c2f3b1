// Whether the tokens of a lease are dead: GitHub refuses them, or has ended them by age. Never assumes.

import type { Secret } from '../../core/secret.ts';
import type { Presence } from '../provider.ts';
import { call, wait } from './call.ts';
import type { Context } from './context.ts';
import { type GithubHandle, heldTokens, isPastItsAge, isUndisclosed } from './handle.ts';
import { openToken } from './revoke.ts';
import { isUserTokenTaken } from './user-call.ts';

/** A deleted token may be taken for a moment by servers that have not heard of it. */
const looks = 4;
const firstPause = 250;

/**
 * `gone`: GitHub does not know any of them, and none was lost. `alive`: one still works. `unknown`: one may live that nobody
 * was told.
 * @throws JitError `ERR_TARGET_UNREACHABLE` and as {@link openToken}
 */
export async function confirmLease(context: Context, handle: GithubHandle): Promise<Presence> {
  const { shared, tools } = context;
  for (const held of heldTokens(handle)) {
    try {
      const token = await openToken(context, handle, held);
      for (let look = 1; await isTaken(context, token); look += 1) {
        if (look === looks) return 'alive';
        await wait(context, firstPause * 2 ** (look - 1));
      }
    } catch (thrown) {
      if (!isPastItsAge(held, tools.clock.now())) throw thrown;
    }
  }
  if (isUndisclosed(handle, tools.clock.now())) return 'unknown';
  shared.tokens.drop(handle.lease);
  shared.signIns.release(handle.lease);
  return 'gone';
}

/** Whatever is said to a token but 401 is said to one that is known. */
async function isTaken(context: Context, token: Secret): Promise<boolean> {
  const { user } = context.access;
  if (user) return isUserTokenTaken(context, user, token);
  const { status } = await call(context, {
    route: 'GET /installation/repositories',
    parameters: { per_page: 1 },
    authorization: () => `token ${token.reveal()}`,
    what: 'tell whether a token works',
    expected: [401, 403, 404],
  });
  return status !== 401;
}
