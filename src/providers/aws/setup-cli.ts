// The set-up of a target as commands of the AWS CLI, a line each.

import { roleNameOf } from './names.ts';
import type { SetupPlan } from './setup.ts';

export function cliCommands({ roles, broker, policy, policyName }: SetupPlan): string[] {
  const document = JSON.stringify(policy);
  const kind = broker.kind === 'role' ? 'role' : 'user';
  return [
    ...roles.map((role) =>
      line('create-role', {
        'role-name': role.roleName,
        ...(role.path === '/' ? {} : { path: role.path }),
        'max-session-duration': String(role.maxSeconds),
        'assume-role-policy-document': JSON.stringify(role.trust),
      }),
    ),
    ...(broker.isKnown && broker.kind === 'other'
      ? []
      : [
          line(`put-${kind}-policy`, {
            [`${kind}-name`]: roleNameOf(broker.arn),
            'policy-name': policyName,
            'policy-document': document,
          }),
        ]),
  ];
}

function line(command: string, options: Readonly<Record<string, string>>): string {
  const words = Object.entries(options).map(([name, value]) => `--${name} ${quoted(value)}`);
  return ['aws iam', command, ...words].join(' ');
}

/** One word of a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return /^[\w./:@+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
