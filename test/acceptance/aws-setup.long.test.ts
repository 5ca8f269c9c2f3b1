// What `jit init aws` tells an administrator to run is run, by the real AWS CLI: before it nothing works, after it the
// broker may make sessions of these roles, with this trust, and they may do nothing that nobody attached.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { GetRoleCommand, GetUserPolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it, onTestFinished } from 'vitest';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import { arnOf, createAwsWorld, everything, keepGrant, removeAtOnce } from '../support/aws-user.ts';
import { account, startMoto } from '../support/moto.ts';
import { noPeers, peers } from '../support/peers.ts';
import { finish } from '../support/world.ts';

const broker = `arn:aws:iam::${account}:user/jit-broker`;
const names = ['jit-look', 'jit-deploy'] as const;
const optionsOf = (name: string) =>
  roleOptions({ role_arn: arnOf(name), revoke: 'deny-session', external_id: 'acme/42' });
const asText = (document: string | undefined): unknown => JSON.parse(decodeURIComponent(document ?? ''));

describe.skipIf(noPeers)(
  `what jit init aws prints${noPeers ? ` (skipped: ${noPeers})` : ''}`,
  { timeout: 120_000 },
  () => {
    it('sets up what is needed for jit elevate, and no more', async () => {
      const moto = await startMoto();
      onTestFinished(() => moto.stop());
      const adminKey = await moto.addUser('admin', everything);
      const world = createAwsWorld(moto, await moto.addUser('jit-broker', null));
      onTestFinished(() => removeAtOnce(world));
      await moto.enforce();

      const flags = {
        region: 'eu-west-1',
        credentials: `file:${world.keyFile}`,
        'broker-arn': broker,
        'external-id': 'acme/42',
        print: 'cli',
      };
      const roles = names.flatMap((name) => ['--role', `${name.slice(4)}=${arnOf(name)}`]);
      const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
      const printed = await world.jit('init', 'aws', 'aws-prod', ...given, ...roles, '--force');
      expect(printed).toMatchObject({ code: 0 });
      const config = readFileSync(world.paths.configFile, 'utf8');
      const place = `endpoints: { sts: "${moto.url}", iam: "${moto.url}" }`;
      world.writeConfig(config.replace(/^( *)region: .*$/m, (line, blanks) => `${line}\n${blanks}${place}`));

      const wish = ['aws-prod:look', '--for', '30m', '--reason', 'the first session'];
      const before = await world.jit('elevate', ...wish, '--', 'aws', 'sts', 'get-caller-identity');
      expect([before.code, before.stderr]).toEqual([125, expect.stringContaining('not authorized')]);
      const asAdmin = {
        ...world.env,
        AWS_ACCESS_KEY_ID: adminKey.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: adminKey.SecretAccessKey,
        AWS_DEFAULT_REGION: 'eu-west-1',
      };
      const shell = spawn('/bin/sh', ['-e', '-c', printed.stdout], { env: asAdmin, stdio: 'pipe' });
      expect(await finish(shell)).toMatchObject({ code: 0, stderr: '' });

      const admin = moto.iam(adminKey);
      for (const RoleName of names) {
        const { Role } = await admin.send(new GetRoleCommand({ RoleName }));
        expect(Role).toMatchObject({ Arn: arnOf(RoleName), MaxSessionDuration: 3600 });
        expect(asText(Role?.AssumeRolePolicyDocument)).toEqual(trustPolicy(optionsOf(RoleName), broker));
      }
      const rights = { UserName: 'jit-broker', PolicyName: 'jit-aws-prod' };
      const { PolicyDocument } = await admin.send(new GetUserPolicyCommand(rights));
      expect(asText(PolicyDocument)).toEqual(brokerPolicy(names.map(optionsOf)));

      const checked = await world.jit('doctor', 'aws-prod');
      expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining(broker)]);
      const kept = await keepGrant(world, ...wish);
      const shown = await kept.run(['aws', 'sts', 'get-caller-identity']);
      expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(':assumed-role/jit-look/')]);
      const more = await kept.run(peers[0]?.once('account') ?? []);
      expect([more.code === 0, more.stderr]).toEqual([false, expect.stringContaining('AccessDenied')]);
    });
  },
);
