// Tries whether a role can be assumed, as a lease would: a session that may do nothing, whose keys nobody keeps.

import type { TargetConfig } from '../../core/target.ts';
import { randomId } from '../../system/random.ts';
import { assume } from './assume.ts';
import type { Context } from './context.ts';
import { type AwsHandle, leaseTag } from './handle.ts';
import { denyPolicyName, sessionName } from './names.ts';
import { accessOf, identityFor, isDirect, shortestSession } from './plan.ts';
import type { RoleOptions } from './schema.ts';

const principal = 'user:jit-doctor';
const nothing = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

/**
 * Names and tags are of the form that the trust policy requires of a lease, so that it answers as it would then.
 * @returns the name of the session, which CloudTrail shows
 * @throws JitError as {@link assume}
 */
export async function tryRole(context: Context, target: TargetConfig, role: RoleOptions): Promise<string> {
  const { tools } = context;
  const access = accessOf(target);
  const lease = `ldoctor${randomId(tools.random, 8)}`;
  const tags = role.session_tags ? { ...role.tags, [leaseTag]: lease } : role.tags;
  const now = tools.clock.now();
  const handle: AwsHandle = {
    access,
    lease,
    role_arn: role.role_arn,
    chain: role.chain,
    external_id: role.external_id ?? null,
    session_name: sessionName(principal, lease),
    source_identity: identityFor(access, role, principal),
    tags: isDirect(access) ? {} : tags,
    transitive: role.transitive_tags,
    revoke: 'none',
    revoke_role: null,
    policy_name: denyPolicyName(tools.origin),
    deadline: now,
    ends_by: now + shortestSession,
    access_key_id: null,
  };
  await assume(context, handle, { inline: nothing, managed: [] }, shortestSession);
  return handle.session_name;
}
