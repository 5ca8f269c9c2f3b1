// The fake is only worth something if it says no where AWS does: each rule with a call that keeps it and one that breaks it.

import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Policy } from './policy.ts';
import { type FakeAws, startFakeAws } from './server.ts';
import type { Identity, Keys } from './state.ts';

let aws: FakeAws;
let user: Identity;
const clients: { destroy(): void }[] = [];

const root = 'arn:aws:iam::123456789012:root';
const allowAll: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
const trusting = (condition?: Record<string, Record<string, string>>): Policy => ({
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: root },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      ...(condition ? { Condition: condition } : {}),
    },
  ],
});

beforeEach(async () => {
  aws = await startFakeAws();
  user = aws.account.addUser('broker', [allowAll]);
  aws.account.addRole('app', trusting(), [allowAll], 7200);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await aws.close();
});

function options(keys: Keys & { token?: string | null }) {
  const { accessKeyId, secretAccessKey, token } = keys;
  return {
    endpoint: aws.url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) },
  };
}

function sts(keys: Keys & { token?: string | null } = user): STSClient {
  const client = new STSClient(options(keys));
  clients.push(client);
  return client;
}

function iam(): IAMClient {
  const client = new IAMClient(options(user));
  clients.push(client);
  return client;
}

async function assume(
  more: Partial<AssumeRoleCommandInput> = {},
  keys: Keys & { token?: string | null } = user,
): Promise<Keys & { token: string; expiration: Date }> {
  const RoleArn = 'arn:aws:iam::123456789012:role/app';
  const answer = await sts(keys).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'alice', ...more }));
  const made = answer.Credentials as Credentials;
  return {
    accessKeyId: made.AccessKeyId ?? '',
    secretAccessKey: made.SecretAccessKey ?? '',
    token: made.SessionToken ?? '',
    expiration: made.Expiration ?? new Date(0),
  };
}

const nameOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (thrown: Error) => thrown.name,
  );

const probe = (keys: Keys & { token?: string | null }) =>
  sts(keys).send(new GetAccessKeyInfoCommand({ AccessKeyId: user.accessKeyId }));

describe('the STS fake', () => {
  it('takes a signature that the SDK made and tells who signed', async () => {
    const answer = await sts().send(new GetCallerIdentityCommand({}));
    expect(answer.Arn).toBe('arn:aws:iam::123456789012:user/broker');
  });

  it('refuses a wrong secret, an unknown key and a missing or wrong session token', async () => {
    const identity = (keys: Keys & { token?: string | null }) =>
      nameOf(sts(keys).send(new GetCallerIdentityCommand({})));
    expect(await identity({ ...user, secretAccessKey: 'wrong' })).toBe('SignatureDoesNotMatch');
    expect(await identity({ ...user, accessKeyId: 'AKIAUNKNOWN' })).toBe('InvalidClientTokenId');
    const session = await assume();
    expect(await identity({ ...session, token: '' })).toBe('InvalidClientTokenId');
    expect(await identity(session)).toBe('ok');
  });

  it('keeps a session between 900 seconds and the maximum of the role', async () => {
    expect(await nameOf(assume({ DurationSeconds: 899 }))).toBe('ValidationError');
    expect(await nameOf(assume({ DurationSeconds: 7201 }))).toBe('ValidationError');
    const made = await assume({ DurationSeconds: 900 });
    const lasts = made.expiration.getTime() - aws.account.now();
    expect(lasts).toBeGreaterThan(890_000);
    expect(lasts).toBeLessThanOrEqual(900_000);
  });

  it('caps a chained session at an hour and keeps its source identity', async () => {
    const first = await assume({ SourceIdentity: 'alice' });
    expect(await nameOf(assume({ DurationSeconds: 3601 }, first))).toBe('ValidationError');
    expect(await nameOf(assume({ SourceIdentity: 'mallory' }, first))).toBe('AccessDenied');
    const second = await assume({ DurationSeconds: 3600 }, first);
    expect(aws.account.identities.get(second.accessKeyId)?.sourceIdentity).toBe('alice');
  });

  it('lets nobody in whom the trust policy does not name, or whose request lacks what it requires', async () => {
    const strict = { StringLike: { 'sts:SourceIdentity': '?*', 'aws:RequestTag/jit:lease': 'l*' } };
    aws.account.addRole('strict', trusting(strict), [allowAll]);
    const RoleArn = 'arn:aws:iam::123456789012:role/strict';
    const Tags = [{ Key: 'jit:lease', Value: 'l1' }];
    expect(await nameOf(assume({ RoleArn }))).toBe('AccessDenied');
    expect(await nameOf(assume({ RoleArn, Tags }))).toBe('AccessDenied');
    expect(await nameOf(assume({ RoleArn, Tags, SourceIdentity: 'alice' }))).toBe('ok');
    aws.account.addRole('foreign', { Statement: [] }, [allowAll]);
    expect(await nameOf(assume({ RoleArn: 'arn:aws:iam::123456789012:role/foreign' }))).toBe('AccessDenied');
  });

  it('narrows a session to its session policy, and ends it by aws:CurrentTime', async () => {
    const end = new Date(aws.account.now() + 300_000).toISOString();
    const Policy = JSON.stringify({
      Statement: [
        { Effect: 'Allow', Action: 'sts:*', Resource: '*' },
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { DateGreaterThan: { 'aws:CurrentTime': end } },
        },
      ],
    });
    const made = await assume({ Policy });
    expect(await nameOf(probe(made))).toBe('ok');
    expect(aws.account.usable('s3:GetObject')).toHaveLength(0);
    aws.advance(301_000);
    await expect(probe(made)).rejects.toThrow('with an explicit deny in a session policy');
    expect(await nameOf(sts(made).send(new GetCallerIdentityCommand({})))).toBe('ok');
  });

  it('refuses session policies that are too long or no policy', async () => {
    const Sid = 'x'.repeat(2048);
    const long = JSON.stringify({ Statement: [{ Sid, Effect: 'Allow', Action: '*', Resource: '*' }] });
    expect(await nameOf(assume({ Policy: long }))).toBe('ValidationError');
    expect(await nameOf(assume({ Policy: '{"Statement":' }))).toMatch('MalformedPolicyDocument');
  });

  it('denies one session by its tag and no other, after the propagation delay', async () => {
    const tagged = (lease: string) => assume({ Tags: [{ Key: 'jit:lease', Value: lease }] });
    const [a, b] = [await tagged('la'), await tagged('lb')];
    aws.account.propagation = 5_000;
    const PolicyDocument = JSON.stringify({
      Statement: [
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalTag/jit:lease': ['la'] } },
        },
      ],
    });
    await iam().send(new PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'deny', PolicyDocument }));
    expect(await nameOf(probe(a))).toBe('ok');
    aws.advance(5_000);
    await expect(probe(a)).rejects.toThrow('with an explicit deny in an identity-based policy');
    expect(await nameOf(probe(b))).toBe('ok');
    const read = await iam().send(new GetRolePolicyCommand({ RoleName: 'app', PolicyName: 'deny' }));
    expect(decodeURIComponent(read.PolicyDocument ?? '')).toBe(PolicyDocument);
  });

  it('keeps the quota of inline policies and refuses operators that it cannot evaluate', async () => {
    const put = (statement: object) =>
      nameOf(
        iam().send(
          new PutRolePolicyCommand({
            RoleName: 'app',
            PolicyName: 'p',
            PolicyDocument: JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', ...statement }] }),
          }),
        ),
      );
    expect(await put({ Resource: `arn:${'x'.repeat(10_240)}` })).toContain('LimitExceeded');
    expect(await put({ Condition: { NumericEquals: { a: '1' } } })).toContain('MalformedPolicyDocument');
    expect(await put({ Resource: '*' })).toBe('ok');
  });

  it('ends sessions at their expiry and keeps them in the ledger', async () => {
    const made = await assume({ DurationSeconds: 900 });
    expect(aws.account.live()).toHaveLength(1);
    aws.advance(900_000);
    expect(aws.account.live()).toHaveLength(0);
    expect(await nameOf(probe(made))).toBe('ExpiredToken');
    expect(aws.account.identities.has(made.accessKeyId)).toBe(true);
  });

  it('gives an MFA session for the right code only', async () => {
    aws.mfaCodes.set('arn:aws:iam::123456789012:mfa/broker', '123456');
    const ask = (TokenCode: string) =>
      sts().send(
        new GetSessionTokenCommand({ SerialNumber: 'arn:aws:iam::123456789012:mfa/broker', TokenCode }),
      );
    expect(await nameOf(ask('000000'))).toBe('AccessDenied');
    const { Credentials } = await ask('123456');
    expect(aws.account.identities.get(Credentials?.AccessKeyId ?? '')?.mfa).toBe(true);
  });

  it('takes a web identity that the trust policy describes', async () => {
    const Federated = 'arn:aws:iam::123456789012:oidc-provider/ci.example';
    const trust: Policy = {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: { StringEquals: { 'ci.example:sub': 'repo:acme/shop' } },
        },
      ],
    };
    aws.account.addRole('ci', trust, [allowAll]);
    aws.webIdentities.set('good', {
      issuer: 'https://ci.example',
      subject: 'repo:acme/shop',
      audience: 'sts',
    });
    aws.webIdentities.set('other', {
      issuer: 'https://ci.example',
      subject: 'repo:evil/shop',
      audience: 'sts',
    });
    const ask = (WebIdentityToken: string) =>
      sts().send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: 'arn:aws:iam::123456789012:role/ci',
          RoleSessionName: 'job',
          WebIdentityToken,
        }),
      );
    expect(await nameOf(ask('bad'))).toMatch('InvalidIdentityToken');
    expect(await nameOf(ask('other'))).toBe('AccessDenied');
    expect((await ask('good')).Credentials?.AccessKeyId).toMatch(/^ASIA/);
  });

  it('refuses a request that was signed ten minutes off its clock', async () => {
    aws.skew = 600_000;
    await expect(assume()).rejects.toThrow('Signature expired');
  });

  it.each([
    ['throttle', 0],
    ['internal', 0],
    ['unavailable', 0],
    ['gateway', 0],
    ['reset', 0],
    ['malformed', 1],
    ['lost', 1],
  ] as const)('fails once as %s, having made %i sessions', async (kind, made) => {
    aws.fault({ action: 'AssumeRole', kind });
    expect(await nameOf(assume())).not.toBe('ok');
    expect(aws.account.live()).toHaveLength(made);
    expect(await nameOf(assume())).toBe('ok');
  });
});
