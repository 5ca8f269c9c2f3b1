// A link that signs in to the AWS console with a lease's own session (IAM user guide, "Enable custom identity broker
// access to the AWS console"). The keys travel in the body of a POST, so that no log of URLs sees them: the guide shows a
// GET, but the endpoint takes the same fields as a form, as other clients send them (vouch-sh/vouch, pull request 240).

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Instant } from '../../core/time.ts';
import type { Context } from './context.ts';
import type { AwsHandle } from './handle.ts';
import { isChained } from './plan.ts';
import { type Answer, postForm } from './post-form.ts';
import { type LeaseSession, revealed, type Session } from './sessions.ts';

/** By the partition of an ARN: where sessions become links, and where the console is. */
const partitions: Readonly<Record<string, { readonly signin: string; readonly console: string }>> = {
  aws: { signin: 'https://signin.aws.amazon.com', console: 'console.aws.amazon.com' },
  'aws-cn': { signin: 'https://signin.amazonaws.cn', console: 'console.amazonaws.cn' },
  'aws-us-gov': { signin: 'https://signin.amazonaws-us-gov.com', console: 'console.amazonaws-us-gov.com' },
};

/** `SessionDuration` of the federation endpoint, in seconds. */
const shortest = 900;
const longest = 43_200;
const patience = 10_000;

/**
 * AWS takes the link for a quarter of an hour. What it opens is bound by the session's policy, so that it ends with the
 * grant whatever the console's own length is.
 * @throws JitError `ERR_UNSUPPORTED` in other partitions, `ERR_CONFLICT` when the keys are not in memory any more,
 * `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`
 */
export async function consoleLink(
  context: Context,
  handle: AwsHandle,
): Promise<{ url: Secret; endsAt: Instant }> {
  const { access, shared, tools } = context;
  const place = partitions[handle.role_arn.split(':')[1] ?? ''];
  if (!place) {
    throw new JitError(
      'ERR_UNSUPPORTED',
      `no sign-in link is known for the partition of target "${access.target}"`,
    );
  }
  if (shared.sessions.latest(handle.lease) === null) {
    throw new JitError(
      'ERR_CONFLICT',
      'the keys of this grant were in the memory of a broker that has ended',
      {
        hint: `jit console ${access.target}`,
      },
    );
  }
  const session = shared.sessions.serve(handle.lease);
  // Handles of older leases have no such field.
  const base = (access.signin_url ?? place.signin).replace(/\/$/, '');
  const federation = `${base}/federation`;
  const { token, lasts } = await signinToken(context, handle, session, federation);
  const url = new URL(federation);
  url.search = new URLSearchParams({
    Action: 'login',
    Destination: `https://${access.region}.${place.console}/console/home?region=${access.region}`,
    SigninToken: token,
  }).toString();
  const ownEnd = lasts === null ? session.expiresAt : tools.clock.now() + lasts * 1000;
  return { url: new Secret(url.href), endsAt: Math.min(session.deadline, ownEnd) };
}

/** `lasts`: seconds that were asked for; null: as long as the keys. */
async function signinToken(
  context: Context,
  handle: AwsHandle,
  session: LeaseSession,
  federation: string,
): Promise<{ token: string; lasts: number | null }> {
  const rest = Math.ceil((session.deadline - context.tools.clock.now()) / 1000);
  const lasts = Math.min(longest, Math.max(shortest, rest));
  // With a chained role the endpoint answers any SessionDuration with 400 (same guide; synfinatic/aws-sso-cli#1247).
  if (!isChained(context.access, handle.chain)) {
    const answer = await ask(context, session, federation, lasts);
    if (answer.status === 200) return { token: tokenOf(context, answer.body), lasts };
    // That the broker's own credentials are a role's cannot be seen in them; here AWS says so, without saying why.
    if (answer.status !== 400) throw refused(context, answer.status);
  }
  const answer = await ask(context, session, federation, null);
  if (answer.status !== 200) throw refused(context, answer.status);
  return { token: tokenOf(context, answer.body), lasts: null };
}

async function ask(
  { access, signal }: Context,
  session: Session,
  federation: string,
  lasts: number | null,
): Promise<Answer> {
  const { accessKeyId, secretAccessKey, sessionToken } = revealed(session);
  const credential = { sessionId: accessKeyId, sessionKey: secretAccessKey, sessionToken };
  const form = new URLSearchParams({
    Action: 'getSigninToken',
    ...(lasts === null ? {} : { SessionDuration: String(lasts) }),
    Session: JSON.stringify(credential),
  });
  try {
    return await postForm(federation, form, AbortSignal.any([signal, AbortSignal.timeout(patience)]));
  } catch {
    // What was thrown may hold what was sent.
    const what = `the sign-in of AWS for target "${access.target}" does not answer`;
    throw new JitError('ERR_TARGET_UNREACHABLE', what);
  }
}

/** What AWS answers is a page for people, and says less than the number. */
function refused({ access }: Context, status: number): JitError {
  const what = `the sign-in of AWS for target "${access.target}"`;
  if (status >= 500)
    return new JitError('ERR_TARGET_UNREACHABLE', `${what} cannot answer now: HTTP ${status}`);
  return new JitError('ERR_TARGET_REFUSED', `${what} refuses the session: HTTP ${status}`);
}

function tokenOf({ access }: Context, body: string): string {
  try {
    const { SigninToken } = JSON.parse(body) as { SigninToken?: unknown };
    if (typeof SigninToken === 'string' && SigninToken !== '') return SigninToken;
  } catch {
    // Said below: the parser's own message would quote the answer.
  }
  const what = `the answer of AWS's sign-in for target "${access.target}" cannot be read`;
  throw new JitError('ERR_TARGET_UNREACHABLE', what);
}
