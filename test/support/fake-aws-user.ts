// A user of jit beside the fake AWS: `aws-prod` has a role whose sessions can be denied, `aws-plain` one that nobody may change.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import { type FakeAws, startFakeAws } from '../fakes/sts/server.ts';
import { createWorld, type World } from './world.ts';

const roles = [
  { role_arn: 'arn:aws:iam::123456789012:role/jit-deploy', revoke: 'deny-session' },
  { role_arn: 'arn:aws:iam::123456789012:role/jit-look', revoke: 'none' },
] as const;

const config = (url: string, keyFile: string): string => `
version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    credentials: file:${keyFile}
    endpoints: { sts: "${url}", iam: "${url}", signin: "${url}" }
    roles:
      deploy: ${JSON.stringify(roles[0])}
      look: ${JSON.stringify(roles[1])}
entitlements:
  - { name: me, who: [$ME], roles: ["aws-prod:*"], max_duration: 1h }
`;

/** A world with its AWS. `remove` of the world first. */
export interface FakeAwsUser {
  readonly aws: FakeAws;
  readonly world: World;
  /** The access key of the broker's own user. */
  readonly key: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
  readonly roleArn: string;
}

/** @param build `dist-test` has failpoints */
export async function createFakeAwsUser(build: 'dist' | 'dist-test' = 'dist'): Promise<FakeAwsUser> {
  const aws = await startFakeAws();
  const parsed = roles.map((role) => roleOptions(role));
  const broker = aws.account.addUser('jit-broker', [brokerPolicy(parsed) as Policy]);
  const everything: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  for (const role of parsed) {
    const name = role.role_arn.slice(role.role_arn.lastIndexOf('/') + 1);
    aws.account.addRole(name, trustPolicy(role, broker.arn) as Policy, [everything]);
  }
  const key = { AccessKeyId: broker.accessKeyId, SecretAccessKey: broker.secretAccessKey };
  const world = createWorld('version: 1\n', build);
  const keyFile = path.join(world.dir, 'broker-key.json');
  writeFileSync(keyFile, JSON.stringify(key), { mode: 0o600 });
  world.writeConfig(config(aws.url, keyFile));
  return { aws, world, key, roleArn: roles[0].role_arn };
}
