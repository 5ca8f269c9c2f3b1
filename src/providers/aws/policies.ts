// The policies of IAM that jit stands on: who may make a session of a role, and what the broker may do.

import { leaseTag } from './handle.ts';
import type { RoleOptions } from './schema.ts';

/**
 * A session that was not made by jit lacks the source identity or the tag, and so is not made at all.
 * @param principal ARN of the broker's own user or role
 * @param hasMfa the broker logs in with MFA: its access key alone must then not be enough
 */
export function trustPolicy(role: RoleOptions, principal: string, hasMfa = false): object {
  const hasTags = role.session_tags || Object.keys(role.tags).length > 0;
  const StringLike = {
    ...(role.source_identity ? { 'sts:SourceIdentity': '?*' } : {}),
    ...(role.session_tags ? { [`aws:RequestTag/${leaseTag}`]: 'l?*' } : {}),
  };
  const Condition = {
    ...(Object.keys(StringLike).length > 0 ? { StringLike } : {}),
    ...(role.external_id === undefined ? {} : { StringEquals: { 'sts:ExternalId': role.external_id } }),
    // A role between does not pass on how the first one logged in.
    ...(hasMfa && role.chain.length === 0 ? { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } : {}),
  };
  const actions = [
    'sts:AssumeRole',
    ...(hasTags ? ['sts:TagSession'] : []),
    ...(role.source_identity ? ['sts:SetSourceIdentity'] : []),
  ];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: role.chain.at(-1) ?? principal },
        Action: actions,
        ...(Object.keys(Condition).length > 0 ? { Condition } : {}),
      },
    ],
  };
}

/** What the broker itself may do: assume, and where it is allowed to take back, change one policy of that role. */
export function brokerPolicy(roles: readonly RoleOptions[]): object {
  const first = roles.map((role) => role.chain[0] ?? role.role_arn);
  const denying = roles.filter((role) => role.revoke === 'deny-session' && role.revoke_role === undefined);
  const admins = roles.flatMap((role) => role.revoke_role ?? []);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        Resource: [...new Set([...first, ...admins])],
      },
      ...(denying.length > 0
        ? [
            {
              Effect: 'Allow',
              Action: ['iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
              Resource: [...new Set(denying.map((role) => role.role_arn))],
            },
          ]
        : []),
    ],
  };
}
