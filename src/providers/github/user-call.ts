// What a person's token needs of GitHub besides itself: the App's client secret, to be looked up and taken back by.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { call } from './call.ts';
import type { Context } from './context.ts';
import type { Proof } from './failure.ts';
import type { Acting } from './handle.ts';

export const clientProof: Proof = {
  name: 'client_id and client_secret',
  hint: "check client_id and client_secret against the App's page; the secret may have been replaced there",
};

export function signInProof({ access }: Context): Proof {
  return { name: 'your sign-in', hint: signInAgain(access.target) };
}

const signInAgain = (target: string): string =>
  `you may have taken it back at GitHub; to sign in again: jit elevate ${target}`;

/** Basic authentication with the client's ID and secret. @throws JitError `ERR_SECRET_UNAVAILABLE` */
export async function clientAuthorization({ tools }: Context, user: Acting): Promise<string> {
  const secret = (await tools.resolveSecret(user.client_secret)).reveal().trim();
  return `basic ${Buffer.from(`${user.client_id}:${secret}`).toString('base64')}`;
}

/** Looks up a token that is none: whoever may do that is told 404. @throws JitError as {@link call} */
export async function checkClient(context: Context, user: Acting): Promise<void> {
  await call(context, {
    route: 'POST /applications/{client_id}/token',
    parameters: { client_id: user.client_id, access_token: 'ghu_none' },
    authorization: () => clientAuthorization(context, user),
    proof: clientProof,
    what: 'take the client secret',
    expected: [404, 422],
  });
}

/** GitHub does not know what a person allowed any more. */
export function signedOut({ access }: Context): JitError {
  return new JitError('ERR_SECRET_UNAVAILABLE', `your sign-in at GitHub for "${access.target}" is over`, {
    hint: signInAgain(access.target),
  });
}

/**
 * docs.github.com "Delete an app token". Answers whether it was alive; unknown is success.
 * @throws JitError as {@link call}
 */
export async function deleteUserToken(
  context: Context,
  user: Acting,
  token: Secret,
): Promise<'deleted' | 'was-dead'> {
  const { status } = await call(context, {
    route: 'DELETE /applications/{client_id}/token',
    parameters: { client_id: user.client_id, access_token: token.reveal() },
    authorization: () => clientAuthorization(context, user),
    proof: clientProof,
    what: 'delete a token',
    // Which of these a dead one gets is not documented.
    expected: [404, 422],
  });
  if (status === 204) return 'deleted';
  // A client that GitHub does not take may be told the same.
  if (!(await opens(context, token))) return 'was-dead';
  const what = `GitHub of target "${context.access.target}" does not delete a token that works`;
  throw new JitError('ERR_SECRET_UNAVAILABLE', what, { hint: clientProof.hint });
}

async function opens(context: Context, token: Secret): Promise<boolean> {
  const { status } = await call(context, {
    route: 'GET /user',
    authorization: () => `token ${token.reveal()}`,
    what: 'tell whether a token works',
    expected: [401, 403, 404],
  });
  return status !== 401;
}

/**
 * Not taken is what GitHub refuses and does not know (docs.github.com "Check a token"): a wrong client is told 404 as well.
 * @throws JitError as {@link call}
 */
export async function isUserTokenTaken(context: Context, user: Acting, token: Secret): Promise<boolean> {
  if (await opens(context, token)) return true;
  const { status } = await call(context, {
    route: 'POST /applications/{client_id}/token',
    parameters: { client_id: user.client_id, access_token: token.reveal() },
    authorization: () => clientAuthorization(context, user),
    proof: clientProof,
    what: 'tell whether a token is known',
    expected: [404],
  });
  return status !== 404;
}
