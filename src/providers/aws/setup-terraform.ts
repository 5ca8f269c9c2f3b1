// The set-up of a target as Terraform, in the form that `terraform fmt` leaves alone.

import type { Json } from '../../core/json.ts';
import { hcl, type References } from './hcl.ts';
import { roleNameOf } from './names.ts';
import type { SetupPlan, SetupRole } from './setup.ts';

const identifier = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, '_');

export function terraformText(plan: SetupPlan): string {
  const { broker, target } = plan;
  const variable = `jit_${identifier(target)}_broker_arn`;
  const references: References = new Map(broker.isKnown ? [] : [[broker.arn, `var.${variable}`]]);
  return [
    ...(broker.isKnown
      ? []
      : [
          `variable "${variable}" {`,
          '  type        = string',
          '  description = "ARN of the user or role that the broker of jit logs in as"',
          '}',
          '',
        ]),
    ...plan.roles.flatMap((role) => [...roleBlock(plan, role, references), '']),
    ...brokerBlock(plan, references),
    '',
  ].join('\n');
}

function roleBlock({ target }: SetupPlan, role: SetupRole, references: References): string[] {
  const lines: (readonly [string, string])[] = [
    ['name', hcl(role.roleName, references)],
    ...(role.path === '/' ? [] : [['path', hcl(role.path, references)] as const]),
    ['max_session_duration', String(role.maxSeconds)],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    `# Role "${role.name}" of target ${target}. Its inline policies are left to jit: no inline_policy blocks here, and no`,
    '# aws_iam_role_policies_exclusive.',
    `resource "aws_iam_role" "jit_${identifier(target)}_${identifier(role.name)}" {`,
    ...lines.map(([name, value]) => `  ${name.padEnd(width)} = ${value}`),
    `  assume_role_policy = jsonencode(${hcl(role.trust as Json, references, 2)})`,
    '}',
  ];
}

function brokerBlock({ target, broker, policy, policyName }: SetupPlan, references: References): string[] {
  const document = `jsonencode(${hcl(policy as Json, references, 2)})`;
  const label = `jit_${identifier(target)}_broker`;
  if (!broker.isKnown || broker.kind === 'other') {
    return [
      "# What the broker's own user or role may do.",
      `output "${label}_policy" {`,
      `  value = ${document}`,
      '}',
    ];
  }
  const names = [
    ['name', policyName],
    [broker.kind, roleNameOf(broker.arn)],
  ] as const;
  return [
    "# What the broker's own user or role may do.",
    `resource "aws_iam_${broker.kind}_policy" "${label}" {`,
    ...names.map(([name, value]) => `  ${name.padEnd(4)} = ${hcl(value, references)}`),
    `  policy = ${document}`,
    '}',
  ];
}
