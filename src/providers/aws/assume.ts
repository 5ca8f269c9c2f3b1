// One AssumeRole under the names of a lease, through whatever has to be assumed first.

import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
} from '@aws-sdk/client-sts';
import { hasCode } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import { sessionOf } from './answer.ts';
import { baseKeys, crowd, webToken } from './base.ts';
import { type Context, detached } from './context.ts';
import type { AwsHandle } from './handle.ts';
import { isDirect } from './plan.ts';
import { repeat } from './repeat.ts';
import type { SessionPolicy } from './session-policy.ts';
import type { Keys, Session } from './sessions.ts';

const sharedWork: Milliseconds = 60_000;

/**
 * The keys that may assume the role: the broker's own, or those of the last role of the chain. The sessions between are
 * the broker's, kept in memory and shared by all grants of one principal.
 */
export async function callerKeys(
  context: Context,
  chain: readonly string[],
  identity: string | null,
): Promise<Keys> {
  let keys = await baseKeys(context);
  for (const arn of chain) {
    const caller = keys;
    const key = JSON.stringify([
      'hop',
      context.access.region,
      context.access.sts_url,
      caller.accessKeyId,
      arn,
      identity,
    ]);
    keys = await context.shared.keys.get(
      key,
      async () => {
        const own = detached(context, sharedWork);
        const session = await send(own, caller, {
          RoleArn: arn,
          RoleSessionName: identity ?? 'jit-broker',
          ...(identity === null ? {} : { SourceIdentity: identity }),
        });
        return { value: session, expiresAt: session.expiresAt };
      },
      crowd,
    );
  }
  return keys;
}

/**
 * Makes a session of the lease's role.
 * @throws JitError as {@link repeat}; `ERR_REVOKE_INCOMPLETE` when one may exist that nobody holds
 */
export async function assume(
  context: Context,
  handle: AwsHandle,
  policy: SessionPolicy,
  duration: Milliseconds,
): Promise<Session> {
  const { role_arn, session_name, tags, transitive, external_id, source_identity } = handle;
  const request = {
    RoleArn: role_arn,
    RoleSessionName: session_name,
    DurationSeconds: Math.ceil(duration / 1000),
    Policy: policy.inline,
    ...(policy.managed.length > 0 ? { PolicyArns: policy.managed.map((arn) => ({ arn })) } : {}),
  };
  if (isDirect(context.access)) return sendWebIdentity(context, request);
  const keys = await callerKeys(context, handle.chain, source_identity);
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return send(
    context,
    keys,
    {
      ...request,
      ...(list.length > 0 ? { Tags: list } : {}),
      ...(list.length > 0 && transitive ? { TransitiveTagKeys: Object.keys(tags) } : {}),
      ...(external_id === null ? {} : { ExternalId: external_id }),
      ...(source_identity === null ? {} : { SourceIdentity: source_identity }),
    },
    true,
  );
}

async function send(
  context: Context,
  keys: Keys,
  request: AssumeRoleCommandInput,
  makes = false,
): Promise<Session> {
  const { access, clients, tools, signal } = context;
  const asking = { access, what: `assume role "${request.RoleArn}"`, ...tools, signal, makes };
  return forgetRefused(context, keys, async () => {
    const answer = await repeat(asking, (abortSignal) =>
      clients.sts(keys).send(new AssumeRoleCommand(request), { abortSignal }),
    );
    return sessionOf(answer, access);
  });
}

/** Does `work` with the broker's keys. Those that AWS refuses are not kept: whoever logs in again must not be given them. */
export async function forgetRefused<T>({ shared }: Context, keys: Keys, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_SECRET_UNAVAILABLE')) {
      shared.keys.drop(({ accessKeyId }) => accessKeyId === keys.accessKeyId);
    }
    throw thrown;
  }
}

type Plain = Pick<
  AssumeRoleCommandInput,
  'RoleArn' | 'RoleSessionName' | 'DurationSeconds' | 'Policy' | 'PolicyArns'
>;

/** Neither tags nor source identity: AWS takes them from the token alone. */
async function sendWebIdentity(context: Context, request: Plain): Promise<Session> {
  const { access, clients, tools, signal } = context;
  const token = await webToken(context);
  const asking = {
    access,
    what: `assume role "${request.RoleArn}" by web identity`,
    ...tools,
    signal,
    makes: true,
  };
  const answer = await repeat(asking, (abortSignal) =>
    clients
      .sts(null)
      .send(new AssumeRoleWithWebIdentityCommand({ ...request, WebIdentityToken: token }), { abortSignal }),
  );
  return sessionOf(answer, access);
}
