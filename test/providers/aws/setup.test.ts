// What administrators are told to run is what the tests of the provider run with: here, that nobody gets around it, and
// what doctor says when it is missing.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { roleOptions } from '../../../src/providers/aws/schema.ts';
import { brokerPolicy } from '../../../src/providers/aws/setup.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import { type AwsWorld, awsWorld, listen, minute, roleOf } from '../../support/aws-target.ts';

let world: AwsWorld;
afterEach(() => world.close());
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('the set-up of an AWS target', () => {
  it('prints a trust policy that asks for source identity and lease, twice over, and no secret', async () => {
    world = await awsWorld();
    const text = (await world.provider.setup?.()) ?? '';
    expect(text.match(/"sts:SourceIdentity":"\?\*"/g)).toHaveLength(2);
    expect(text.match(/"aws:RequestTag\/jit:lease":"l\?\*"/g)).toHaveLength(2);
    expect(text).toContain('resource "aws_iam_role" "jit_deploy"');
    expect(text).toContain("aws iam create-role --role-name 'deploy'");
    expect(text).not.toContain(world.broker.secretAccessKey);
  });

  it('gives the broker power over policies only where it may take back', () => {
    const role = roleOptions({ role_arn: roleOf('deploy') });
    expect(JSON.stringify(brokerPolicy([role]))).not.toContain('iam:Put');
    const denying = { ...role, revoke: 'deny-session' as const };
    expect(JSON.stringify(brokerPolicy([role, denying]))).toContain('iam:PutRolePolicy');
  });
});

describe('the check of an AWS target', () => {
  it('says who the broker is and that all is well', async () => {
    world = await awsWorld();
    const checks = (await world.provider.check?.(soon())) ?? [];
    expect(checks.map((one) => one.status)).toEqual(['ok', 'ok', 'ok']);
    expect(checks[0]?.detail).toBe(world.broker.arn);
  });

  it('says what is missing', async () => {
    world = await awsWorld();
    world.aws.account.identities.set(world.broker.accessKeyId, { ...world.broker, policies: [] });
    const checks = (await world.provider.check?.(soon())) ?? [];
    expect(checks.find((one) => one.name === 'role deploy: taking back')?.status).toBe('failed');
  });

  it('does not throw when nobody listens', async () => {
    world = await awsWorld({ endpoints: { sts: 'http://127.0.0.1:1', iam: 'http://127.0.0.1:1' } });
    expect((await world.provider.check?.(soon()))?.[0]).toMatchObject({
      name: 'credentials',
      status: 'failed',
    });
  });
});

describe('web identity', () => {
  it('opens a role directly, without tags, and takes its session back by name', async () => {
    const file = path.join(temporaryFolder(), 'token');
    writeFileSync(file, 'good\n');
    const role = { role_arn: roleOf('deploy'), revoke: 'none' };
    world = await awsWorld({ credentials: 'default', web_identity: { token_file: file } }, { deploy: role });
    world.aws.webIdentities.set('good', { issuer: 'https://ci.example', subject: 'repo', audience: 'sts' });
    const deploy = world.aws.account.roles.get('deploy');
    if (deploy) {
      const Federated = 'arn:aws:iam::123456789012:oidc-provider/ci.example';
      deploy.trust = {
        Statement: [{ Effect: 'Allow', Principal: { Federated }, Action: 'sts:AssumeRoleWithWebIdentity' }],
      };
    }
    const { handle } = await world.issue({ length: 5 * minute });
    expect(world.aws.account.live()[0]?.sessionName).toBe(handle.session_name);
    expect(handle.tags).toEqual({});
    world.aws.advance(5 * minute);
    const told = listen();
    await world.provider.revoke(handle, 'expired', told.report, soon());
    expect(await world.provider.confirm(handle, soon())).toBe('gone');
  });
});
