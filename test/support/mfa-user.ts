// A user of jit beside the fake AWS, whose broker's access key needs a code: `aws-prod` behind another role, `aws-plain`
// with sessions of a quarter of an hour and without MFA.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import { type FakeAws, startFakeAws } from '../fakes/sts/server.ts';
import type { Identity } from '../fakes/sts/state.ts';
import { createWorld, type World } from './world.ts';

export const device = 'arn:aws:iam::123456789012:mfa/jit-broker';
/** What it shows. */
export const code = '314159';

const arn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const roles = {
  deploy: { role_arn: arn('jit-deploy'), chain: [arn('jit-hub')] },
  look: { role_arn: arn('jit-look'), max_session: '15m' },
};

const config = (url: string, keyFile: string): string => `
version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    credentials: file:${keyFile}
    mfa_serial: ${device}
    endpoints: { sts: "${url}", iam: "${url}" }
    roles:
      deploy: ${JSON.stringify(roles.deploy)}
  aws-plain:
    provider: aws
    region: eu-west-1
    credentials: file:${keyFile}
    endpoints: { sts: "${url}", iam: "${url}" }
    roles:
      look: ${JSON.stringify(roles.look)}
entitlements:
  - { name: me, who: [$ME], roles: ["*:*"], max_duration: 1h }
`;

/** `remove` the world before `close`. */
export interface MfaUser {
  readonly aws: FakeAws;
  readonly world: World;
  readonly broker: Identity;
  /** Puts another access key in the place of the broker's. */
  useKey(identity: Identity): void;
}

export async function createMfaUser(): Promise<MfaUser> {
  const aws = await startFakeAws();
  aws.mfaCodes.set(device, code);
  const parsed = Object.values(roles).map((role) => roleOptions(role));
  const hub: Policy = { Statement: [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }] };
  const broker = aws.account.addUser('jit-broker', [brokerPolicy(parsed) as Policy, hub]);
  const trusted = { Statement: [{ Effect: 'Allow', Principal: { AWS: broker.arn }, Action: 'sts:*' }] };
  aws.account.addRole('jit-hub', trusted as Policy, [hub]);
  const everything: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  for (const role of parsed) {
    const name = role.role_arn.slice(role.role_arn.lastIndexOf('/') + 1);
    aws.account.addRole(name, trustPolicy(role, broker.arn) as Policy, [everything]);
  }
  const world = createWorld('version: 1\n');
  const keyFile = path.join(world.dir, 'broker-key.json');
  const useKey = ({ accessKeyId, secretAccessKey, token }: Identity): void => {
    const key = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey };
    const text = JSON.stringify(token === null ? key : { ...key, SessionToken: token });
    writeFileSync(keyFile, text, { mode: 0o600 });
  };
  useKey(broker);
  world.writeConfig(config(aws.url, keyFile));
  return { aws, world, broker, useKey };
}
