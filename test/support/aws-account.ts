// A fake AWS as an administrator prepares it for a broker that reads a real configuration: roles with the trust policy that
// jit asks for, the broker's own user, its key in a file.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Secret } from '../../src/core/secret.ts';
import { leaseTag } from '../../src/providers/aws/handle.ts';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import { type FakeAws, startFakeAws } from '../fakes/sts/server.ts';
import type { Identity, Role } from '../fakes/sts/state.ts';

/** What a grant may be for: `deploy` can be taken back, `plain` cannot, `short` can and needs several sessions. */
export const accountRoles = {
  deploy: { role_arn: 'arn:aws:iam::123456789012:role/deploy', revoke: 'deny-session' },
  plain: { role_arn: 'arn:aws:iam::123456789012:role/plain' },
  short: { role_arn: 'arn:aws:iam::123456789012:role/short', revoke: 'deny-session', max_session: '15m' },
} as const;

export interface AwsAccount {
  readonly aws: FakeAws;
  readonly broker: Identity;
  /** For `jit.yaml`: target `aws-prod` with {@link accountRoles}, open to `$ME` for an hour. */
  readonly config: string;
  role(name: keyof typeof accountRoles): Role;
  /** Every session that was ever made for a lease, those that stand in for it at a probe as well. */
  sessionsOf(lease: string): Identity[];
  /** True when AWS would let the session do anything now. */
  isUsable(session: Identity): boolean;
  /** What the inline policies of a role count against IAM's quota now. */
  policySize(name: keyof typeof accountRoles): number;
  /** The broker's key, for a broker in this process. */
  resolveSecret(): Promise<Secret>;
  close(): Promise<void>;
}

export async function awsAccount(): Promise<AwsAccount> {
  const aws = await startFakeAws();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'jit-aws-'));
  const parsed = Object.entries(accountRoles).map(([name, options]) => [name, roleOptions(options)] as const);
  const policy = brokerPolicy(parsed.map(([, role]) => role)) as Policy;
  const broker = aws.account.addUser('jit-broker', [policy]);
  const rights = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } as const;
  for (const [name, role] of parsed) {
    aws.account.addRole(name, trustPolicy(role, broker.arn) as Policy, [rights]);
  }
  const key = JSON.stringify({
    AccessKeyId: broker.accessKeyId,
    SecretAccessKey: broker.secretAccessKey,
  });
  const keyFile = path.join(dir, 'broker-key.json');
  writeFileSync(keyFile, key, { mode: 0o600 });
  const role: AwsAccount['role'] = (name) => {
    const found = aws.account.roles.get(name);
    if (!found) throw new Error(`role ${name} was deleted`);
    return found;
  };
  return {
    aws,
    broker,
    config: configOn(aws.url, keyFile),
    role,
    sessionsOf: (lease) => [...aws.account.identities.values()].filter((one) => one.tags[leaseTag] === lease),
    isUsable: (session) =>
      (session.expiration ?? 0) > aws.account.now() &&
      actions.some(([action, resource]) => aws.account.verdict(session, action, resource).isAllowed),
    policySize: (name) =>
      [...role(name).inline.values()].reduce(
        (sum, { document }) => sum + document.replace(/\s/g, '').length,
        0,
      ),
    resolveSecret: async () => new Secret(key),
    async close() {
      await aws.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What a grant is used for, and the one thing that a stand-in may do. */
const actions = [
  ['s3:GetObject', 'arn:aws:s3:::bucket/key'],
  ['sts:GetAccessKeyInfo', '*'],
] as const;

const configOn = (url: string, keyFile: string): string => `
version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    credentials: file:${keyFile}
    endpoints: { sts: "${url}", iam: "${url}" }
    roles: ${JSON.stringify(accountRoles)}
groups:
  developers: [$ME]
entitlements:
  - { name: aws, who: ["group:developers"], roles: ["aws-prod:*"], max_duration: 1h }
`;
