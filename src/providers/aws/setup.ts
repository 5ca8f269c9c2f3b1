// What an administrator runs once: a role per entitlement that only jit's sessions can use, and what the broker may do.
// Terraform and AWS CLI commands say the same. Holds no secret.

import { parseDuration } from '../../core/duration.ts';
import type { TargetConfig } from '../../core/target.ts';
import { leaseTag } from './handle.ts';
import { denyPolicyName, roleNameOf } from './names.ts';
import { accessOf, isDirect } from './plan.ts';
import { type RoleOptions, roleOptions } from './schema.ts';

/** Where the administrator puts in who the broker is. */
const brokerArn = 'arn:aws:iam::<account>:user/<the broker>';

/** A session that was not made by jit lacks the source identity or the tag, and so is not made at all. */
export function trustPolicy(role: RoleOptions, principal: string): object {
  const hasTags = role.session_tags || Object.keys(role.tags).length > 0;
  const condition = {
    StringLike: {
      ...(role.source_identity ? { 'sts:SourceIdentity': '?*' } : {}),
      ...(role.session_tags ? { [`aws:RequestTag/${leaseTag}`]: 'l?*' } : {}),
    },
    ...(role.external_id === undefined ? {} : { StringEquals: { 'sts:ExternalId': role.external_id } }),
  };
  const actions = [
    'sts:AssumeRole',
    ...(hasTags ? ['sts:TagSession'] : []),
    ...(role.source_identity ? ['sts:SetSourceIdentity'] : []),
  ];
  const { StringLike, ...rest } = condition;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: role.chain.at(-1) ?? principal },
        Action: actions,
        Condition: { ...(Object.keys(StringLike).length > 0 ? { StringLike } : {}), ...rest },
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

/** @param origin names this broker, and so the policy that it denies sessions in */
export function setupText(target: TargetConfig, origin: string): string {
  const roles = [...target.roles.values()].map(({ name, options }) => ({ name, ...roleOptions(options) }));
  const access = accessOf(target);
  const direct = isDirect(access)
    ? [
        '# With web_identity alone the trust policy names the OIDC provider and your conditions on its token instead.',
      ]
    : [];
  return [
    `# Target ${target.name}: what an administrator sets up once. Put the broker's own ARN for ${brokerArn}.`,
    ...direct,
    '',
    '# --- Terraform ---',
    'variable "jit_broker_arn" { type = string }',
    ...roles.flatMap((role) => terraform(role)),
    'output "jit_broker_policy" {',
    `  value = jsonencode(${JSON.stringify(brokerPolicy(roles))})`,
    '}',
    '',
    '# --- the same with the AWS CLI ---',
    ...roles.flatMap((role) => commands(role)),
    "# rights of the broker's own user or role:",
    `aws iam put-user-policy --user-name '<the broker>' --policy-name jit-broker --policy-document '${JSON.stringify(brokerPolicy(roles))}'`,
    '',
    `# The broker writes one inline policy, ${denyPolicyName(origin)}, to roles with revoke: deny-session.`,
    '# Whoever may do that could also widen the role: give it a permissions boundary of what it may do at most.',
    '# Roles of a chain need the right to sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity on the next one.',
    '',
  ].join('\n');
}

const seconds = (role: RoleOptions): number => parseDuration(role.max_session) / 1000;

function terraform(role: RoleOptions & { name: string }): string[] {
  const name = role.name.replace(/[^A-Za-z0-9_]/g, '_');
  const trust = JSON.stringify(trustPolicy(role, brokerArn)).replace(
    JSON.stringify(brokerArn),
    'var.jit_broker_arn',
  );
  return [
    `resource "aws_iam_role" "jit_${name}" {`,
    `  name                 = ${JSON.stringify(roleNameOf(role.role_arn))}`,
    `  max_session_duration = ${Math.max(3600, seconds(role))}`,
    `  assume_role_policy   = jsonencode(${trust})`,
    '  # inline policies are left to jit: do not manage them here with inline_policy or aws_iam_role_policies_exclusive',
    '}',
    '',
  ];
}

function commands(role: RoleOptions & { name: string }): string[] {
  const name = roleNameOf(role.role_arn);
  const trust = JSON.stringify(trustPolicy(role, brokerArn));
  const longest = Math.max(3600, seconds(role));
  return [
    `aws iam create-role --role-name '${name}' --max-session-duration ${longest} --assume-role-policy-document '${trust}'`,
    `# then attach what role "${role.name}" may do: aws iam attach-role-policy --role-name '${name}' --policy-arn <policy>`,
  ];
}
