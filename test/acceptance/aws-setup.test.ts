// What `jit init aws` tells an administrator to run is run, by the real AWS CLI: before it nothing works, after it the
// broker may make sessions of these roles, with this trust, and they may do nothing that nobody attached.

import { spawn } from 'node:child_process';
import { GetRoleCommand, GetUserPolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it, onTestFinished } from 'vitest';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, setupOf, trustPolicy } from '../../src/providers/aws/setup.ts';
import { awsTarget } from '../support/aws-target.ts';
import { arnOf, createAwsWorld, everything, removeAtOnce } from '../support/aws-user.ts';
import { account, startMoto } from '../support/moto.ts';
import { noPeers, peersPath } from '../support/peers.ts';
import { finish } from '../support/world.ts';

const broker = `arn:aws:iam::${account}:user/jit-broker`;
const look = { role_arn: arnOf('jit-look'), max_session: '2h' };
const deploy = { role_arn: arnOf('jit-deploy'), revoke: 'deny-session', external_id: 'acme/42' };
const asText = (document: string | undefined): unknown => JSON.parse(decodeURIComponent(document ?? ''));

describe.skipIf(noPeers)(`the commands of jit init aws${noPeers ? ` (skipped: ${noPeers})` : ''}`, () => {
  it('set up what is needed for jit elevate, and no more', async () => {
    const moto = await startMoto();
    onTestFinished(() => moto.stop());
    const adminKey = await moto.addUser('admin', everything);
    const world = createAwsWorld(moto, await moto.addUser('jit-broker', null));
    onTestFinished(() => removeAtOnce(world));
    await moto.enforce();
    const elevate = (...command: string[]) =>
      world.jit('elevate', 'aws-prod', '--for', '30m', '--', 'aws', 'sts', ...command);
    expect((await elevate('get-caller-identity')).code).toBe(125);

    const target = awsTarget(moto.url, {}, { look, deploy });
    const { commands } = setupOf(target, broker);
    for (const command of commands) {
      const env = {
        PATH: peersPath,
        HOME: world.dir,
        AWS_ACCESS_KEY_ID: adminKey.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: adminKey.SecretAccessKey,
        AWS_DEFAULT_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: moto.url,
      };
      const ran = await finish(spawn('/bin/sh', ['-c', command], { env, stdio: 'pipe' }));
      expect(ran).toMatchObject({ code: 0, stderr: '' });
    }

    const admin = moto.iam(adminKey);
    for (const [options, seconds] of [
      [look, 7200],
      [deploy, 3600],
    ] as const) {
      const RoleName = options.role_arn.slice(options.role_arn.lastIndexOf('/') + 1);
      const { Role } = await admin.send(new GetRoleCommand({ RoleName }));
      expect(Role).toMatchObject({ Arn: options.role_arn, MaxSessionDuration: seconds });
      expect(asText(Role?.AssumeRolePolicyDocument)).toEqual(trustPolicy(roleOptions(options), broker));
    }
    const rights = { UserName: 'jit-broker', PolicyName: 'jit-aws-prod' };
    const { PolicyDocument } = await admin.send(new GetUserPolicyCommand(rights));
    expect(asText(PolicyDocument)).toEqual(brokerPolicy([look, deploy].map(roleOptions)));

    const shown = await elevate('get-caller-identity');
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(':assumed-role/jit-look/')]);
    const more = await elevate('get-access-key-info', '--access-key-id', 'ASIAEXAMPLEEXAMPLE00');
    expect([more.code === 0, more.stderr]).toEqual([false, expect.stringContaining('AccessDenied')]);
  });
});
