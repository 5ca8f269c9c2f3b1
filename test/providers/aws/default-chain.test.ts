// What the SDK finds by itself in the files of ~/.aws: read anew, and one message when a login is over.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { awsKind } from '../../../src/providers/aws/index.ts';
import type { Provider, ProviderTools } from '../../../src/providers/provider.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import { type AwsWorld, awsTarget, awsWorld, minute, roleOf } from '../../support/aws-target.ts';
import { until } from '../../support/until.ts';

const wanted = { principal: 'user:alice', role: 'deploy', scope: null };
const never = new AbortController().signal;

let world: AwsWorld;
let folder: string;
beforeEach(async () => {
  world = await awsWorld();
  folder = path.join(temporaryFolder(), '.aws');
  mkdirSync(path.join(folder, 'sso/cache'), { recursive: true });
  vi.stubEnv('HOME', path.dirname(folder));
  for (const name of ['AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ACCESS_KEY_ID']) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await world.close();
});

const open = (changes: Record<string, unknown> = {}, tools: Partial<ProviderTools> = {}): Provider =>
  awsKind.open(awsTarget(world.aws.url, { credentials: 'default', ...changes }), {
    ...world.tools,
    ...tools,
  }) as unknown as Provider;
const writeKey = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }): void =>
  writeFileSync(
    path.join(folder, 'credentials'),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
const crowd = (provider: Provider): Promise<unknown[]> =>
  Promise.all(
    Array.from({ length: 100 }, () => provider.prepare?.(wanted, never).catch((thrown: unknown) => thrown)),
  );

describe('the credentials that the SDK finds', () => {
  it('are looked up again after five minutes, with what the file holds then', async () => {
    writeKey(world.broker);
    const provider = open();
    await provider.prepare?.(wanted, never);
    const { arn, userid, policies } = world.broker;
    const next = world.aws.account.add({ arn, userid, policies }, 'AKIA');
    writeKey(next);
    world.aws.advance(5 * minute);
    await provider.prepare?.(wanted, never);
    expect(world.aws.calls.map(({ accessKeyId }) => accessKeyId)).toEqual([
      world.broker.accessKeyId,
      next.accessKeyId,
    ]);
  });

  it('that AWS does not take any more are told once for a hundred who wait', async () => {
    writeKey(world.broker);
    world.aws.account.identities.clear();
    const failures = await crowd(open());
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringContaining('log in with the AWS CLI'),
    });
    expect(world.aws.calls).toHaveLength(1);
  });

  it('of a profile whose login is over name the command that renews it, once for a hundred who wait', async () => {
    writeFileSync(
      path.join(folder, 'config'),
      `[profile team]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = broker
region = eu-west-1
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://example.awsapps.com/start
`,
    );
    const token = { accessToken: 'planted-token', expiresAt: new Date(Date.now() - minute).toISOString() };
    const name = createHash('sha1').update('corp').digest('hex');
    writeFileSync(path.join(folder, `sso/cache/${name}.json`), JSON.stringify(token));
    const failures = await crowd(open({ profile: 'team' }));
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringMatching(/^log in again: aws sso login --profile team;/),
    });
    expect(String((failures[0] as Error).message)).not.toContain('planted');
    expect(world.aws.calls).toEqual([]);
  });

  it('of a profile with a role and an MFA device are asked for by the serial of the profile, once', async () => {
    const serial = 'arn:aws:iam::123456789012:mfa/ada';
    const { arn, role_arn } = { arn: world.broker.arn, role_arn: roleOf('admin') };
    const trust = { Statement: [{ Effect: 'Allow' as const, Principal: { AWS: arn }, Action: 'sts:*' }] };
    world.aws.account.addRole('admin', trust, [{ Statement: [{ Effect: 'Allow', Action: 'sts:*' }] }]);
    world.aws.account.identities.set(world.broker.accessKeyId, {
      ...world.broker,
      policies: [{ Statement: [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }] }],
    });
    writeKey(world.broker);
    writeFileSync(
      path.join(folder, 'config'),
      `[profile team]\nrole_arn = ${role_arn}\nsource_profile = default\nmfa_serial = ${serial}\nregion = eu-west-1\n`,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_STS', world.aws.url);
    world.aws.mfaCodes.set(serial, '123456');
    const asked: string[] = [];
    const provider = open(
      { profile: 'team' },
      {
        askInput: async ({ text }) => {
          asked.push(text);
          return new Secret('123456');
        },
      },
    );
    await crowd(provider);
    expect(asked).toEqual([`MFA code of ${serial} for aws-prod`]);
    expect(world.aws.calls.map(({ action, params }) => [action, params.get('TokenCode')])).toEqual([
      ['AssumeRole', '123456'],
    ]);
    world.aws.mfaCodes.set(serial, '654321');
    world.aws.advance(60 * minute);
    await expect(provider.prepare?.(wanted, never)).rejects.toMatchObject({
      ...{ code: 'ERR_SECRET_UNAVAILABLE', message: 'AWS of target "aws-prod" does not take the MFA code' },
      hint: `wait for the next code of ${serial}, then: jit elevate aws-prod`,
    });
  });

  it('that never come do not keep those from coming who ask later', async () => {
    const limit = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((delay) => limit(delay > 100_000 ? 50 : delay));
    const { accessKeyId, secretAccessKey } = world.broker;
    const key = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey };
    const [answered, waiting] = [path.join(folder, 'answered'), path.join(folder, 'waiting')];
    writeFileSync(answered, JSON.stringify(key));
    execFileSync('mkfifo', [waiting]);
    const readFrom = (file: string): void =>
      writeFileSync(path.join(folder, 'config'), `[profile team]\ncredential_process = cat ${file}\n`);
    readFrom(waiting);
    const provider = open({ profile: 'team' });
    try {
      await expect(provider.prepare?.(wanted, never)).rejects.toMatchObject({
        ...{ code: 'ERR_SECRET_UNAVAILABLE', hint: expect.stringMatching(/aws sso login --profile team;/) },
        message: 'whatever logs in for target "aws-prod" does not answer',
      });
      readFrom(answered);
      await until(() => provider.prepare?.(wanted, never));
    } finally {
      // Opened for both: that waits for no reader, and the one that there is reads to the end.
      closeSync(openSync(waiting, 'r+'));
    }
  });

  it('are not asked for with what is no MFA code: AWS would repeat it, and it may be a password', async () => {
    const serial = 'arn:aws:iam::123456789012:mfa/ada';
    writeKey(world.broker);
    writeFileSync(
      path.join(folder, 'config'),
      `[profile team]\nrole_arn = ${roleOf('admin')}\nsource_profile = default\nmfa_serial = ${serial}\n`,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_STS', world.aws.url);
    const provider = open({ profile: 'team' }, { askInput: async () => new Secret('planted-word') });
    await expect(provider.prepare?.(wanted, never)).rejects.toMatchObject({
      ...{ code: 'ERR_SECRET_UNAVAILABLE' },
      message: 'AWS of target "aws-prod" takes MFA codes of six digits, and this is none',
    });
    expect(world.aws.calls).toEqual([]);
  });
});
