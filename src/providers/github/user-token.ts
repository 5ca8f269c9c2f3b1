// One token of a person for one lease: made from what they signed in with, for fewer repositories and permissions, and
// checked to be no more than was asked.

import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import { type Answer, call } from './call.ts';
import type { Context } from './context.ts';
import { userTokenLife } from './handle.ts';
import { isWithin } from './permissions.ts';
import type { SignedIn } from './sign-ins.ts';
import { discard, longestSkew, repositoriesOf, tokenOf, type Wanted } from './token-call.ts';
import type { Token } from './tokens.ts';
import { clientAuthorization, clientProof, signedOut } from './user-call.ts';

/**
 * docs.github.com "Create a scoped access token". `losses` of the context says whether another one may exist.
 * @throws JitError as {@link call}; `ERR_SECRET_UNAVAILABLE` when the sign-in is over; `ERR_REVOKE_INCOMPLETE` for an
 *   answer that cannot be read
 */
export async function makeUserToken(
  context: Context,
  signedIn: SignedIn,
  wanted: Wanted,
): Promise<{ token: Token; account: string | null }> {
  const { access, shared, tools } = context;
  const { user } = access;
  if (!user || wanted.repositories === null) {
    throw new JitError('ERR_INTERNAL', "a person's token needs repositories");
  }
  const answer = await call(context, {
    route: 'POST /applications/{client_id}/token/scoped',
    parameters: {
      client_id: user.client_id,
      access_token: signedIn.token.reveal(),
      target: access.owner,
      ...repositoriesOf(wanted),
      permissions: { ...wanted.permissions },
    },
    authorization: () => clientAuthorization(context, user),
    proof: clientProof,
    what: 'make a token of yours',
    expected: [404],
    makes: true,
  });
  if (answer.status === 404) {
    shared.signIns.forget(signedIn);
    throw signedOut(context);
  }
  const token = tokenOf(answer, access);
  const problem = problemOf(answer, wanted, token.endsAt, tools.clock.now());
  if (problem === null) return { token, account: accountOf(answer) };
  await discard(context, token);
  throw problem;
}

interface Told {
  readonly installation?: {
    readonly permissions?: Readonly<Record<string, string>>;
    readonly repository_selection?: unknown;
  } | null;
  readonly user?: { readonly login?: unknown } | null;
}

/** Why a token cannot be handed out. What GitHub does not tell to be narrow counts as wide: it would be all of the person's. */
function problemOf({ data }: Answer, wanted: Wanted, endsAt: Instant, now: Instant): JitError | null {
  if (!(endsAt > now && endsAt <= now + userTokenLife + longestSkew)) {
    return new JitError('ERR_CLOCK', "GitHub's token does not end when it should: it was deleted", {
      hint: 'set the clock of this machine by NTP',
    });
  }
  const { installation } = data as Told;
  const most = { metadata: 'read', ...wanted.permissions };
  const isNarrow =
    installation?.repository_selection === 'selected' &&
    installation.permissions !== undefined &&
    isWithin(installation.permissions, most);
  if (isNarrow) return null;
  return new JitError('ERR_TARGET_REFUSED', 'GitHub gave a token for more than was asked: it was deleted');
}

function accountOf({ data }: Answer): string | null {
  const login = (data as Told).user?.login;
  return typeof login === 'string' && /^[\w[\]-]{1,100}$/.test(login) ? login : null;
}
