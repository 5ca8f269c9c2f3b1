// What administrators are told to run is what the tests of the provider run with: here, that nobody gets around it, and
// what doctor says when it is missing.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GetAccessKeyInfoCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { awsKind } from '../../../src/providers/aws/index.ts';
import { type RoleOptions, roleOptions } from '../../../src/providers/aws/schema.ts';
import { brokerPolicy, principalOf, setupOf, trustPolicy } from '../../../src/providers/aws/setup.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import type { Policy } from '../../fakes/sts/policy.ts';
import { type AwsWorld, awsTarget, awsWorld, listen, minute, roleOf } from '../../support/aws-target.ts';
import { missing } from '../../support/tmux.ts';

let world: AwsWorld;
afterEach(async () => {
  await (world as AwsWorld | undefined)?.close();
});

const unusual = {
  deploy: {
    role_arn: roleOf('team/a/deploy'),
    revoke: 'deny-session',
    max_session: '2h',
    external_id: 'a=b,c',
  },
  look: { role_arn: roleOf('look'), source_identity: false, session_tags: false },
};

/** What a shell makes of a line. */
const wordsOf = (line: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
const optionsOf = (argv: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    argv.flatMap((word, at) => (word.startsWith('--') ? [[word.slice(2), argv[at + 1] ?? '']] : [])),
  );

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('the set-up of an AWS target', () => {
  it('prints a trust policy that asks for source identity and lease, twice over, and no secret', async () => {
    world = await awsWorld();
    const text = (await world.provider.setup?.()) ?? '';
    expect(text).toContain('"sts:SourceIdentity"       = "?*"');
    expect(text).toContain('"aws:RequestTag/jit:lease" = "l?*"');
    expect(text).toContain('"sts:SourceIdentity":"?*","aws:RequestTag/jit:lease":"l?*"');
    expect(text).toContain('resource "aws_iam_role" "jit_aws_prod_deploy"');
    expect(text).toContain('aws iam create-role --role-name deploy');
    expect(text).not.toContain(world.broker.secretAccessKey);
  });

  it('says the same in Terraform and in commands, each command one line that a shell takes apart again', async () => {
    world = await awsWorld({ mfa_serial: 'arn:aws:iam::123456789012:mfa/jit' }, unusual);
    const { terraform, commands } = setupOf(world.target, world.broker.arn);
    const argvs = commands.map(wordsOf);
    expect(argvs.map(([, , verb]) => verb)).toEqual(['create-role', 'create-role', 'put-user-policy']);
    const [deploy, look, broker] = argvs.map(optionsOf);
    const parsed = [...world.target.roles.values()].map(({ options }) => roleOptions(options));
    expect(JSON.parse(deploy?.['assume-role-policy-document'] ?? '')).toEqual(
      trustPolicy(parsed[0] as RoleOptions, world.broker.arn, true),
    );
    expect(deploy).toMatchObject({ 'role-name': 'deploy', path: '/team/a/', 'max-session-duration': '7200' });
    expect(look?.['path']).toBeUndefined();
    expect(JSON.parse(broker?.['policy-document'] ?? '')).toEqual(brokerPolicy(parsed));
    expect(broker).toMatchObject({ 'user-name': 'jit-broker', 'policy-name': 'jit-aws-prod' });
    expect(`${terraform}${commands}`).not.toMatch(/<|var\./);
    for (const name of ['deploy', 'look']) expect(terraform).toContain(`"${name}"`);
  });

  it('is Terraform in the form that its own tool gives it', async () => {
    world = await awsWorld({}, unusual);
    for (const arn of [world.broker.arn, roleOf('broker'), null, 'arn:aws:iam::123456789012:root']) {
      const { terraform } = setupOf(world.target, arn);
      expect(terraform.split(/^}$/m)).toHaveLength(arn === null ? 5 : 4);
      // What it would change is tested by example in hcl.test.ts; here it looks itself, where there is one.
      if (missing('terraform') === null) {
        execFileSync('terraform', ['fmt', '-check', '-'], { input: terraform, stdio: 'pipe' });
      }
    }
  });

  it('asks for MFA where the broker has it, and leaves a place for a broker that nobody named', async () => {
    world = await awsWorld();
    expect(setupOf(world.target, world.broker.arn).terraform).not.toContain('MultiFactorAuth');
    const { terraform, commands, notes } = setupOf(world.target, null);
    expect(terraform).toContain('AWS = var.jit_aws_prod_broker_arn');
    expect(commands.join()).toContain('<the broker>');
    expect(notes.join()).toContain('Put the ARN');
  });

  it('makes the access key alone useless where the broker has MFA', async () => {
    const serial = 'arn:aws:iam::123456789012:mfa/jit';
    world = await awsWorld({ mfa_serial: serial }, undefined, { canAsk: true });
    world.aws.mfaCodes.set(serial, '123456');
    const deploy = world.aws.account.roles.get('deploy');
    if (deploy) {
      const role = roleOptions({ role_arn: deploy.arn });
      deploy.trust = trustPolicy(role, world.broker.arn, true) as Policy;
    }
    await world.issue();
    const request = world.request();
    const bare = awsKind.open(awsTarget(world.aws.url), { ...world.tools });
    const issuing = bare.issue(bare.plan(request).handle, request, soon());
    await expect(issuing).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
    expect(world.aws.account.live()).toHaveLength(1);
  });

  it('gives a role its rights as a role, and tells of what has none from here', async () => {
    world = await awsWorld();
    const own = setupOf(world.target, roleOf('team/broker'));
    expect(own.commands.at(-1)).toContain('aws iam put-role-policy --role-name broker ');
    const sso = setupOf(world.target, roleOf('aws-reserved/sso.amazonaws.com/AWSReservedSSO_x_1'));
    expect(sso.commands.join()).not.toContain('put-');
    expect(sso.notes.join()).toContain('permission set');
  });

  it.each([
    ['arn:aws:iam::1:user/a/b', 'arn:aws:iam::1:user/a/b'],
    ['arn:aws-cn:sts::1:assumed-role/broker/i-123', 'arn:aws-cn:iam::1:role/broker'],
    ['arn:aws:sts::1:assumed-role/AWSReservedSSO_x_1/ada', null],
  ])('knows the principal behind %s', (caller, principal) => {
    expect(principalOf(caller)).toBe(principal);
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
    expect(checks.map((one) => one.status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(checks[0]?.detail).toBe(world.broker.arn);
  });

  it('makes a session of the role as a lease would, which can do nothing and whose keys nobody has', async () => {
    world = await awsWorld({}, { deploy: { role_arn: roleOf('deploy'), external_id: 'acme/42' } });
    const checks = (await world.provider.check?.(soon())) ?? [];
    const told = checks.find((one) => one.name === 'role deploy: assuming it');
    const [made, ...more] = world.aws.account.live();
    expect(more).toEqual([]);
    expect(made?.sessionName).toMatch(/^jit-doctor\+ldoctor[a-z0-9]+$/);
    expect(made?.sourceIdentity).toBe('jit-doctor');
    expect(told).toMatchObject({ status: 'ok', detail: expect.stringContaining(`${made?.sessionName}`) });
    expect(told?.detail).toMatch(/CloudTrail.*thrown away/);
    expect(told?.remedy).toContain('aws iam create-role');
    const credentials = {
      accessKeyId: made?.accessKeyId ?? '',
      secretAccessKey: made?.secretAccessKey ?? '',
      sessionToken: made?.token ?? '',
    };
    const sts = new STSClient({ region: 'eu-west-1', endpoint: world.aws.url, credentials, maxAttempts: 1 });
    const call = sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: credentials.accessKeyId }));
    await expect(call).rejects.toThrow(/explicit deny in a session policy/);
    sts.destroy();
  });

  it.each([
    ['is not there', () => void world.aws.account.roles.delete('deploy')],
    [
      'trusts somebody else',
      () => {
        const deploy = world.aws.account.roles.get('deploy');
        const other = trustPolicy(roleOptions({ role_arn: roleOf('deploy') }), `${world.broker.arn}-other`);
        if (deploy) deploy.trust = other as typeof deploy.trust;
      },
    ],
  ])('fails for a role that %s, with the set-up and no hint to look into doctor', async (_which, spoil) => {
    world = await awsWorld();
    spoil();
    const checks = (await world.provider.check?.(soon())) ?? [];
    const told = checks.find((one) => one.name === 'role deploy: assuming it');
    expect(told).toMatchObject({ status: 'failed', detail: expect.stringContaining('AccessDenied') });
    expect(told?.remedy).toContain('aws iam create-role --role-name deploy');
    expect(checks.map(({ advice }) => advice ?? '').join()).not.toContain('doctor');
    expect(world.aws.account.live()).toEqual([]);
  });

  it.each([
    [120_000, '120 seconds ahead of this machine'],
    [-120_000, '120 seconds behind this machine'],
  ])('tells a clock of AWS that is off by %d ms, which AWS itself lets pass', async (skew, detail) => {
    world = await awsWorld();
    // Dates in headers are cut to seconds.
    world.aws.skew = skew + 500;
    const checks = (await world.provider.check?.(soon())) ?? [];
    const told = checks.find(({ name }) => name === 'clock of AWS');
    expect(told?.status).toBe('warning');
    expect(told?.detail.replace(/1(19|21) /, '120 ')).toBe(detail);
  });

  it('says what is missing', async () => {
    world = await awsWorld();
    world.aws.account.identities.set(world.broker.accessKeyId, { ...world.broker, policies: [] });
    const checks = (await world.provider.check?.(soon())) ?? [];
    const failed = checks.find((one) => one.name === 'role deploy: taking back');
    expect(failed?.status).toBe('failed');
    expect(failed?.remedy).toContain('aws iam put-user-policy --user-name jit-broker');
    expect(failed?.remedy).not.toContain('<the broker>');
  });

  it('claims no right that it has not tried', async () => {
    world = await awsWorld();
    const reading = {
      Statement: [{ Effect: 'Allow' as const, Action: ['iam:GetRolePolicy'], Resource: '*' }],
    };
    world.aws.account.identities.set(world.broker.accessKeyId, { ...world.broker, policies: [reading] });
    const checks = (await world.provider.check?.(soon())) ?? [];
    const told = checks.find((one) => one.name === 'role deploy: taking back');
    expect(told).toMatchObject({ status: 'ok', detail: expect.stringContaining('shows when a session') });
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
