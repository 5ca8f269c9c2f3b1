// What an administrator runs once: a role per entitlement that only jit's sessions can use, and what the broker may do.
// Terraform and AWS CLI commands say the same. Holds no secret.

import { parseDuration } from '../../core/duration.ts';
import type { TargetConfig } from '../../core/target.ts';
import { roleNameOf } from './names.ts';
import { accessOf, isDirect } from './plan.ts';
import { brokerPolicy, trustPolicy } from './policies.ts';
import { partitionOf, type RoleOptions, roleOptions, targetOptions } from './schema.ts';
import { cliCommands } from './setup-cli.ts';
import { terraformText } from './setup-terraform.ts';

export { brokerPolicy, trustPolicy } from './policies.ts';

/** A role of IAM, as it has to be. */
export interface SetupRole {
  /** As the configuration calls it. */
  readonly name: string;
  readonly roleName: string;
  /** `/` when it has none. */
  readonly path: string;
  readonly maxSeconds: number;
  readonly trust: object;
}

/** What is to be set up, before it is written in one language or the other. */
export interface SetupPlan {
  readonly target: string;
  readonly roles: readonly SetupRole[];
  readonly policyName: string;
  readonly policy: object;
  /** Who the broker is; for what is not known a text that says so. */
  readonly broker: {
    readonly arn: string;
    readonly kind: 'user' | 'role' | 'other';
    readonly isKnown: boolean;
  };
}

/** The same thing twice, and what to know about it. */
export interface AwsSetup {
  readonly terraform: string;
  /** Each is one line for a POSIX shell. */
  readonly commands: readonly string[];
  /** Sentences. */
  readonly notes: readonly string[];
}

/** @param brokerArn of the broker's own user or role; null leaves a place for it */
export function setupOf(target: TargetConfig, brokerArn: string | null): AwsSetup {
  const plan = planOf(target, brokerArn);
  return { terraform: terraformText(plan), commands: cliCommands(plan), notes: notesOf(target, plan) };
}

/** Everything in one text, as `jit doctor` shows it. */
export function setupText(target: TargetConfig, brokerArn: string | null = null): string {
  const { terraform, commands, notes } = setupOf(target, brokerArn);
  return [
    `# Target ${target.name}: what an administrator sets up once.`,
    ...notes.map((note) => `# ${note}`),
    '',
    '# --- Terraform ---',
    terraform,
    '# --- the same with the AWS CLI ---',
    ...commands,
    '',
  ].join('\n');
}

const rolesOf = (target: TargetConfig) =>
  [...target.roles.values()].map(({ name, options }) => ({ name, ...roleOptions(options) }));

function planOf(target: TargetConfig, brokerArn: string | null): SetupPlan {
  const { region, mfa_serial } = targetOptions(target);
  const roles = rolesOf(target);
  const arn = brokerArn ?? `arn:${partitionOf(region)}:iam::<account>:user/<the broker>`;
  // Two names of the configuration may mean one role of IAM, which is made once.
  const distinct = new Map(roles.map((role) => [role.role_arn, role] as const).reverse());
  return {
    target: target.name,
    roles: [...distinct.values()].reverse().map((role) => setupRole(role, arn, mfa_serial !== undefined)),
    policyName: `jit-${target.name}`,
    policy: brokerPolicy(roles),
    broker: { arn, kind: kindOf(arn), isKnown: brokerArn !== null },
  };
}

function setupRole(role: RoleOptions & { name: string }, arn: string, hasMfa: boolean): SetupRole {
  return {
    name: role.name,
    roleName: roleNameOf(role.role_arn),
    path: `/${role.role_arn.split(':role/')[1]?.replace(/[^/]*$/, '') ?? ''}`,
    maxSeconds: Math.max(3600, parseDuration(role.max_session) / 1000),
    trust: trustPolicy(role, arn, hasMfa),
  };
}

/** The role behind the session that AWS names a caller by; null when it cannot be told. */
export function principalOf(callerArn: string): string | null {
  const session = /^(arn:[\w-]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(callerArn);
  if (!session) return callerArn;
  const [, partition, account, name = ''] = session;
  // The path of such a role has a region in it that nobody tells.
  if (name.startsWith('AWSReservedSSO_')) return null;
  return `${partition}:iam::${account}:role/${name}`;
}

/** Roles of IAM Identity Center cannot be changed, and the account itself has no policy. */
function kindOf(arn: string): SetupPlan['broker']['kind'] {
  if (/:user\//.test(arn)) return 'user';
  return /:role\/(?!aws-reserved\/)/.test(arn) ? 'role' : 'other';
}

function notesOf(target: TargetConfig, { roles, broker, policy }: SetupPlan): string[] {
  const config = rolesOf(target);
  const names = roles.map((role) => role.roleName).join(', ');
  return [
    ...(broker.isKnown ? [] : [`Put the ARN of the broker's own user or role in place of ${broker.arn}.`]),
    ...(broker.isKnown && broker.kind === 'other'
      ? [
          `${broker.arn} takes no policy from here; give it this one, e.g. in its permission set: ${JSON.stringify(policy)}`,
        ]
      : []),
    ...(isDirect(accessOf(target))
      ? [
          'With web_identity alone the trust policy names the OIDC provider and your conditions on its token instead.',
        ]
      : []),
    ...(broker.isKnown && broker.kind === 'user'
      ? [
          `User ${roleNameOf(broker.arn)} has to be there first, with an access key: aws iam create-user, aws iam create-access-key.`,
        ]
      : []),
    `Attach to ${names} what people may do with it: sessions can do no more than the role.`,
    ...(config.some((role) => role.revoke === 'deny-session')
      ? [
          'The broker writes one inline policy to roles with revoke: deny-session, jit-deny-sessions-…, and removes it again.',
          'Whoever may write policies of a role can widen it. A permissions boundary says what the role may do at most:',
          'aws iam put-role-permissions-boundary; https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html',
        ]
      : []),
    ...(config.some((role) => role.chain.length > 0)
      ? [
          'Roles of a chain need the right to sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity on the next one.',
        ]
      : []),
    'A role that is there already: aws iam update-assume-role-policy with the same document, instead of create-role.',
    'What it is all for: docs/providers.md, AWS.',
  ];
}
