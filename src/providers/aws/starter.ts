// The AWS part of a first configuration.

import type { Starter } from '../provider.ts';

/** How the broker itself logs in. */
export type StarterLogin =
  | { readonly kind: 'credentials'; readonly reference: string }
  | { readonly kind: 'profile'; readonly name: string }
  /** The token opens this role first. */
  | { readonly kind: 'web-identity'; readonly tokenFile: string; readonly roleArn: string };

export interface AwsAnswers {
  readonly region: string;
  /** Role on the target -> ARN of the role of IAM. */
  readonly roles: Readonly<Record<string, string>>;
  readonly login: StarterLogin;
  readonly mfaSerial: string | null;
  readonly externalId: string | null;
  readonly revoke: 'deny-session' | 'none';
}

export function awsStarter({ region, roles, login, mfaSerial, externalId, revoke }: AwsAnswers): Starter {
  return {
    target: {
      region,
      ...loginKeys(login),
      ...(mfaSerial === null ? {} : { mfa_serial: mfaSerial }),
    },
    roles: Object.fromEntries(
      Object.entries(roles).map(([name, role_arn]) => [
        name,
        { role_arn, revoke, ...(externalId === null ? {} : { external_id: externalId }) },
      ]),
    ),
  };
}

function loginKeys(login: StarterLogin): Starter['target'] {
  switch (login.kind) {
    case 'credentials':
      return { credentials: login.reference };
    case 'profile':
      return { profile: login.name };
    case 'web-identity':
      return { web_identity: { token_file: login.tokenFile, role_arn: login.roleArn } };
  }
}
