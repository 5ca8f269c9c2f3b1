// Makes the token of a lease, or a new one in its place. Nothing is handed out that is not sealed and on its way to disk.

import { hasCode, JitError } from '../../core/errors.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { Issued, PlanRequest, Refreshed, RefreshRecord } from '../provider.ts';
import type { Rights } from './access.ts';
import { undisclosed } from './call.ts';
import { type Context, sealerOf } from './context.ts';
import { handOut } from './hand-out.ts';
import {
  type Access,
  type GithubHandle,
  type Held,
  isUndisclosed,
  tokenLife,
  undisclosedEnd,
} from './handle.ts';
import { forgetInstallation, installationOf } from './installation.ts';
import { planSlack } from './plan.ts';
import { resolveRepositories } from './repositories.ts';
import { useSignIn } from './sign-in.ts';
import { deleteToken, discard, makeToken } from './token-call.ts';
import type { Token } from './tokens.ts';
import { makeUserToken } from './user-token.ts';

/** Before the end of a token, so that a clone that has just begun is not cut off. */
const early: Milliseconds = 10 * 60_000;

/** After these the provider vouches that no token was made. */
const nothingMade = [
  'ERR_TARGET_UNREACHABLE',
  'ERR_TARGET_REFUSED',
  'ERR_SECRET_UNAVAILABLE',
  'ERR_CLOCK',
] as const;

/**
 * @param exported the target puts its tokens into the environment of every child
 * @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_SECRET_UNAVAILABLE`, `ERR_CLOCK`: there is no token;
 *   `ERR_REVOKE_INCOMPLETE`: one may exist that nobody was told
 */
export async function issueLease(
  context: Context,
  handle: GithubHandle,
  request: PlanRequest,
  rights: Rights,
  exported: boolean,
): Promise<Issued<GithubHandle>> {
  failpoint('issue.before');
  if (context.tools.clock.now() > request.now + planSlack) {
    throw new JitError('ERR_TARGET_UNREACHABLE', 'too late for a token: it took too long to get here');
  }
  const made = await makeHeld(context, handle, request, rights);
  failpoint('issue.sent');
  context.shared.tokens.put(handle.lease, made.token);
  const until = context.losses.some ? handle.undisclosed_until : null;
  const issued = { ...handle, ...made.place, tokens: [made.held], undisclosed_until: until };
  return {
    handle: issued,
    // A token that nobody was told may end a little later than the one that was.
    expiresAt: Math.max(made.token.endsAt, until ?? 0),
    refreshAt: refreshTime(context.access, made.token, request.deadline),
    handOut: handOut(context, issued, request.grant, made.token, exported),
  };
}

/**
 * A new token for an active lease, unless the one it has lasts long enough for now. What may exist is on disk before GitHub is
 * asked and again before the old token, which the new one replaces, is deleted.
 * @param exported tokens are in the environment of a child, where none can be replaced: the old one stays until its end
 * @throws JitError as {@link issueLease}, and what `record` throws
 */
export async function refreshLease(
  context: Context,
  handle: GithubHandle,
  request: PlanRequest,
  rights: Rights,
  record: RefreshRecord<GithubHandle>,
  exported: boolean,
): Promise<Refreshed<GithubHandle>> {
  const { shared, tools } = context;
  const latest = shared.tokens.latest(handle.lease);
  const due = latest === null ? tools.clock.now() : refreshTime(context.access, latest, request.deadline);
  if (latest !== null && (due === null || tools.clock.now() < due)) {
    return { expiresAt: latest.endsAt, refreshAt: due };
  }
  const until = undisclosedEnd(context.access, tools.clock.now() + planSlack);
  const asking = { ...handle, undisclosed_until: until };
  record({ handle: asking, hardDeadline: until, step: 'token-asked' });
  const made = await makeHeld(context, handle, request, rights).catch((thrown: unknown) => {
    if (hasCode(thrown, ...nothingMade)) record({ handle, hardDeadline: until, step: 'token-not-made' });
    throw thrown;
  });
  failpoint('refresh.sent');
  const still = isUndisclosed(handle, tools.clock.now()) ? handle.undisclosed_until : null;
  const undisclosed_until = context.losses.some ? until : still;
  const both = { ...handle, ...made.place, tokens: [...handle.tokens, made.held], undisclosed_until };
  try {
    record({
      handle: both,
      hardDeadline: Math.max(made.token.endsAt, undisclosed_until ?? 0),
      step: 'token-made',
    });
  } catch (thrown) {
    // Not on disk, so it must not live; should that fail too, the disk still says that one may.
    await discard(context, made.token);
    throw thrown;
  }
  shared.tokens.put(handle.lease, made.token);
  const answer = {
    expiresAt: made.token.endsAt,
    refreshAt: refreshTime(context.access, made.token, request.deadline),
  };
  if (exported) return answer;
  const tokens = await Promise.all(
    both.tokens.map((one) => (one === made.held ? one : replaced(context, handle, one))),
  );
  return { ...answer, handle: { ...both, tokens } };
}

/** Deletes a token that another one replaced. What cannot be deleted now stays sealed in the handle, for revocation. */
async function replaced(context: Context, { lease }: GithubHandle, held: Held): Promise<Held> {
  const known = context.shared.tokens.find(lease, held.sha256);
  if (held.sealed === null || !known) return held;
  try {
    await deleteToken(context, known.secret);
    return { ...held, sealed: null };
  } catch {
    return held;
  }
}

interface MadeHeld {
  readonly token: Token;
  readonly held: Held;
  readonly place: Pick<GithubHandle, 'installation' | 'repositories' | 'permissions' | 'account'>;
}

async function makeHeld(
  context: Context,
  handle: GithubHandle,
  { principal }: PlanRequest,
  rights: Rights,
): Promise<MadeHeld> {
  try {
    // Before there is a token: one that cannot be sealed could not be taken back after a crash.
    await sealerOf(context).ready();
    const installation = await installationOf(context);
    const signedIn = useSignIn(context, principal, handle.lease);
    const { repositories, count } = await resolveRepositories(context, installation, rights, signedIn);
    const { permissions } = rights;
    const wanted = { installation, repositories, permissions };
    const made = signedIn
      ? await makeUserToken(context, signedIn, wanted)
      : { token: await makeToken(context, wanted), account: null };
    const held = await seal(context, handle.lease, made.token);
    return {
      ...made,
      held,
      place: { installation, repositories: count, permissions, account: made.account },
    };
  } catch (thrown) {
    if (handle.tokens.length === 0) context.shared.signIns.release(handle.lease);
    if (hasCode(thrown, 'ERR_TARGET_REFUSED')) forgetInstallation(context);
    if (context.losses.some && hasCode(thrown, ...nothingMade)) {
      throw undisclosed(context.access, thrown.message);
    }
    throw thrown;
  }
}

async function seal(context: Context, lease: string, token: Token): Promise<Held> {
  try {
    const sealed = await sealerOf(context).seal(token.secret, lease);
    return { sealed, sha256: token.sha256, ends_at: token.endsAt };
  } catch (thrown) {
    await discard(context, token);
    throw thrown;
  }
}

/** Null: the token outlives the grant, or is a person's, who would have to sign in again. */
function refreshTime(access: Access, { endsAt }: Token, deadline: Instant): Instant | null {
  if (endsAt >= deadline || access.user) return null;
  return endsAt - Math.min(early, tokenLife / 2);
}
