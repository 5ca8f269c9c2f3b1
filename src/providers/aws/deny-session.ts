// Adds one session to the Deny of its role, and removes what has ended. Reads, changes, writes: by one writer at a time.

import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { hasCode, JitError } from '../../core/errors.ts';
import { failpoint } from '../../system/failpoint.ts';
import { callerKeys, forgetRefused } from './assume.ts';
import { type Context, detached } from './context.ts';
import { type DeniedSession, inlineQuota, prune, readDenied, writeDenied } from './deny-document.ts';
import { awsCodeOf } from './failure.ts';
import { type AwsHandle, leaseTag } from './handle.ts';
import { roleNameOf } from './names.ts';
import { repeat } from './repeat.ts';

/** What IAM answers to a policy that is too long. A refusal that is not IAM's says that it would be. */
const full = 'LimitExceeded';

/** Long enough for reading and writing with retries. */
const limit = 25_000;

/** The role whose policy denies, and as whom it is changed. */
type Place = Pick<AwsHandle, 'role_arn' | 'policy_name' | 'revoke_role'>;

/** How a session is named in the Deny. */
function denialOf(handle: AwsHandle): DeniedSession {
  const lease = handle.tags[leaseTag];
  const endsBy = handle.ends_by;
  return lease === undefined
    ? { by: 'name', value: handle.session_name, endsBy }
    : { by: 'tag', value: lease, endsBy };
}

/** True when the role's policy denies the session, as jit wrote it: what somebody changed is to be written anew. @throws JitError as {@link repeat} */
export async function isDenied(context: Context, handle: AwsHandle): Promise<boolean> {
  const wanted = denialOf(handle);
  const { text, denied, foreign } = await onIam(context, handle, (iam) => read(context, iam, handle));
  const isWhole = text === writeDenied(denied, foreign);
  return isWhole && denied.some((one) => one.by === wanted.by && one.value === wanted.value);
}

/**
 * Denies the session from now on; idempotent.
 * @throws JitError as {@link repeat}; `ERR_TARGET_REFUSED` when the role has no room for it
 */
export function denySession(context: Context, handle: AwsHandle): Promise<void> {
  return change(context, handle, [denialOf(handle)]);
}

/** Removes sessions that have ended. @throws JitError as {@link repeat} */
export function pruneDenied(context: Context, place: Place): Promise<void> {
  return change(context, place, []);
}

function change(context: Context, place: Place, added: readonly DeniedSession[]): Promise<void> {
  const key = `${place.role_arn} ${place.policy_name} ${context.access.iam_url}`;
  return context.shared.lines.join(key, added, (all) =>
    rewriteWhatFits(detached(context, limit), place, all),
  );
}

/**
 * When there is no room for all, halves it until some fit. Who came together hears of the same failure; those that are
 * denied by then find that at their next attempt.
 */
async function rewriteWhatFits(
  context: Context,
  place: Place,
  added: readonly DeniedSession[],
): Promise<void> {
  try {
    await onIam(context, place, (iam) => rewrite(context, iam, place, added));
  } catch (thrown) {
    const isFull = hasCode(thrown, 'ERR_TARGET_REFUSED') && (awsCodeOf(thrown) ?? full) === full;
    if (!isFull || added.length < 2) throw thrown;
    const half = Math.ceil(added.length / 2);
    // The second half has no chance when not all of the first had room.
    await rewriteWhatFits(context, place, added.slice(0, half))
      .then(() => rewriteWhatFits(context, place, added.slice(half)))
      .catch(() => undefined);
    throw thrown;
  }
}

async function rewrite(
  context: Context,
  iam: IAMClient,
  place: Place,
  added: readonly DeniedSession[],
): Promise<void> {
  const { text, denied, foreign } = await read(context, iam, place);
  const wanted = writeDenied(prune([...denied, ...added], context.tools.clock.now()), foreign);
  if (wanted === text) return;
  failpoint('revoke.deny-read');
  const names = { RoleName: roleNameOf(place.role_arn), PolicyName: place.policy_name };
  if (wanted === null) {
    const asking = askingFor(context, `remove policy "${place.policy_name}"`);
    await repeat(asking, (abortSignal) =>
      iam.send(new DeleteRolePolicyCommand(names), { abortSignal }),
    ).catch(ignoreMissing);
    return;
  }
  if (wanted.length > inlineQuota) throw tooLong(place, wanted.length);
  const asking = askingFor(context, `change policy "${place.policy_name}" of role "${names.RoleName}"`);
  await repeat(asking, (abortSignal) =>
    iam.send(new PutRolePolicyCommand({ ...names, PolicyDocument: wanted }), { abortSignal }),
  );
  failpoint('revoke.deny-written');
}

function tooLong(place: Place, size: number): JitError {
  return new JitError(
    'ERR_TARGET_REFUSED',
    `the denied sessions of role "${roleNameOf(place.role_arn)}" need ${size} characters; IAM takes ${inlineQuota}`,
    { hint: 'sessions end by themselves; until then a role of its own per entitlement gives more room' },
  );
}

interface Found {
  /** As it is stored; null when there is none. */
  readonly text: string | null;
  readonly denied: DeniedSession[];
  readonly foreign: NonNullable<ReturnType<typeof readDenied>>['foreign'];
}

async function read(context: Context, iam: IAMClient, place: Place): Promise<Found> {
  const names = { RoleName: roleNameOf(place.role_arn), PolicyName: place.policy_name };
  const asking = askingFor(context, `read policy "${place.policy_name}" of role "${names.RoleName}"`);
  const answer = await repeat(asking, (abortSignal) =>
    iam.send(new GetRolePolicyCommand(names), { abortSignal }),
  ).catch(ignoreMissing);
  if (!answer) return { text: null, denied: [], foreign: [] };
  const text = decodeURIComponent(answer.PolicyDocument ?? '');
  const found = readDenied(text);
  if (found) return { text, ...found };
  throw new JitError(
    'ERR_TARGET_REFUSED',
    `policy "${place.policy_name}" of role "${names.RoleName}" is not one that jit wrote`,
  );
}

/** No such policy is an empty one. No such role is said again by whatever comes next. */
function ignoreMissing(thrown: unknown): null {
  if (
    awsCodeOf(thrown) === 'NoSuchEntity' &&
    /policy/i.test((thrown as Error).message.replace(/^.*NoSuchEntity/, ''))
  )
    return null;
  throw thrown;
}

async function onIam<T>(context: Context, place: Place, work: (iam: IAMClient) => Promise<T>): Promise<T> {
  const via = place.revoke_role === null ? [] : [place.revoke_role];
  const keys = await callerKeys(context, via, null);
  return forgetRefused(context, keys, () => work(context.clients.iam(keys)));
}

function askingFor({ access, tools, signal }: Context, what: string) {
  return { access, what, ...tools, signal };
}
