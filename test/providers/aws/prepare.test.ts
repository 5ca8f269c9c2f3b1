// What is there before a session is made: the broker's own keys and those of the roles between, once for all who wait.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import { awsKind } from '../../../src/providers/aws/index.ts';
import type { ProviderTools } from '../../../src/providers/provider.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import { type AwsWorld, awsTarget, awsWorld, minute, roleOf } from '../../support/aws-target.ts';
import { until } from '../../support/until.ts';

let world: AwsWorld;
afterEach(() => world.close());

const serial = 'arn:aws:iam::123456789012:mfa/jit-broker';
const wanted = { principal: 'user:alice', role: 'deploy', scope: null };
const never = new AbortController().signal;
const prepare = (provider = world.provider) => provider.prepare?.(wanted, never) ?? Promise.reject();
const actions = (): string[] => world.aws.calls.map(({ action }) => action);

/** A target whose access key is what `value` says; it can be changed. */
function withKey(value: Record<string, unknown>, more: Partial<ProviderTools> = {}) {
  const key = { value };
  const tools: ProviderTools = {
    ...world.tools,
    ...more,
    resolveSecret: async () => new Secret(JSON.stringify(key.value)),
  };
  return { key, provider: awsKind.open(world.target, tools) };
}
const plain = () => ({
  AccessKeyId: world.broker.accessKeyId,
  SecretAccessKey: world.broker.secretAccessKey,
});

describe('preparing on AWS', () => {
  it('finds a key that was stored right after it was missed', async () => {
    world = await awsWorld();
    let isThere = false;
    const resolveSecret: ProviderTools['resolveSecret'] = async () => {
      if (!isThere) throw new JitError('ERR_SECRET_UNAVAILABLE', 'the keychain has no such item');
      return new Secret(JSON.stringify(plain()));
    };
    const provider = awsKind.open(world.target, { ...world.tools, resolveSecret });
    await expect(prepare(provider)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    isThere = true;
    await expect(prepare(provider)).resolves.toBeUndefined();
  });

  it('makes no session, and asks AWS once an hour whether the access key is still good', async () => {
    world = await awsWorld();
    await Promise.all(Array.from({ length: 100 }, () => prepare()));
    expect(actions()).toEqual(['GetCallerIdentity']);
    world.aws.advance(50 * minute);
    await prepare();
    expect(actions()).toHaveLength(1);
    world.aws.advance(10 * minute);
    await prepare();
    expect(actions()).toHaveLength(2);
    expect(world.aws.account.live()).toEqual([]);
  });

  it('assumes the roles between, once per principal, so that issuing makes one session only', async () => {
    const roles = { deploy: { role_arn: roleOf('deploy'), chain: [roleOf('hub')] } };
    world = await awsWorld({}, roles);
    const trust = {
      Statement: [{ Effect: 'Allow' as const, Principal: { AWS: world.broker.arn }, Action: 'sts:*' }],
    };
    world.aws.account.addRole('hub', trust, [{ Statement: [{ Effect: 'Allow', Action: 'sts:*' }] }]);
    await Promise.all(Array.from({ length: 10 }, () => prepare()));
    expect(world.aws.count('AssumeRole')).toBe(1);
    await world.issue();
    expect(world.aws.count('AssumeRole')).toBe(2);
    await world.provider.prepare?.({ ...wanted, principal: 'user:bob' }, never);
    const hubs = world.aws.calls.filter(({ params }) => params.get('RoleArn') === roleOf('hub'));
    expect(hubs.map(({ params }) => params.get('SourceIdentity'))).toEqual(['alice', 'bob']);
  });

  it('begins the MFA session, whose code nobody is asked for when issuing', async () => {
    world = await awsWorld({ mfa_serial: serial }, undefined, { canAsk: true });
    world.aws.mfaCodes.set(serial, '123456');
    await prepare();
    expect(actions()).toEqual(['GetSessionToken']);
    await world.issue();
    expect(world.asked).toHaveLength(1);
  });

  it('asks a person again for what is no code, which AWS never hears of and which costs no try', async () => {
    world = await awsWorld({ mfa_serial: serial });
    world.aws.mfaCodes.set(serial, '123456');
    const typed = ['12', 'planted-word', '1234567', '000000', '99', '000000', '123456'];
    const asked: string[] = [];
    const askInput: ProviderTools['askInput'] = async ({ text }) => {
      asked.push(text.split(';')[0] ?? '');
      return new Secret(typed.shift() ?? '');
    };
    await prepare(awsKind.open(world.target, { ...world.tools, askInput }));
    expect(actions()).toEqual(['GetSessionToken', 'GetSessionToken', 'GetSessionToken']);
    const [slip, wrong] = ['an MFA code has six digits', 'that code was not taken'];
    expect(asked.slice(1)).toEqual([slip, slip, slip, wrong, slip, wrong]);
  });

  it.each([
    ['a word', 'AWS of target "aws-prod" takes MFA codes of six digits, and this is none', []],
    ['000000', 'AWS of target "aws-prod" does not take the MFA code', ['GetSessionToken']],
  ])('does not run a program again that prints %s', async (printed, message, sent) => {
    world = await awsWorld({ mfa_serial: serial, mfa_process: 'command:otp aws' });
    world.aws.mfaCodes.set('what the program prints', printed);
    world.aws.mfaCodes.set(serial, '123456');
    await expect(prepare()).rejects.toMatchObject({
      ...{ code: 'ERR_SECRET_UNAVAILABLE', message },
      hint: expect.stringContaining(`mfa_process has to print the code of ${serial}`),
    });
    expect(world.asked).toEqual(['command:otp aws']);
    expect(actions()).toEqual(sent);
  });

  it('says that a temporary key has expired without asking AWS, when it says so itself', async () => {
    world = await awsWorld();
    const over = { ...plain(), Expiration: new Date(world.clock.now() - 1000).toISOString() };
    const { key, provider } = withKey(over);
    const all = await Promise.all(
      Array.from({ length: 100 }, () => prepare(provider).catch((thrown: unknown) => thrown)),
    );
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'the broker\'s own credentials for target "aws-prod" have expired',
      hint: expect.stringContaining('jit secret set keychain:jit/aws'),
    });
    expect(actions()).toEqual([]);
    key.value = { ...plain(), Expiration: new Date(world.clock.now() + 60 * minute).toISOString() };
    await until(() => prepare(provider));
  });

  it('asks AWS once about a temporary key that does not tell its end, and shares the failure', async () => {
    world = await awsWorld();
    const { arn, userid, policies } = world.broker;
    const gone = { arn, userid, policies, token: 'a session', expiration: world.clock.now() - 1 };
    const made = world.aws.account.add(gone, 'ASIA');
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, token: SessionToken } = made;
    const { provider } = withKey({ AccessKeyId, SecretAccessKey, SessionToken });
    const all = await Promise.all(
      Array.from({ length: 100 }, () => prepare(provider).catch((thrown: unknown) => thrown)),
    );
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    expect(actions()).toEqual(['GetCallerIdentity']);
  });

  it('takes the new access key at once when AWS refused the old one', async () => {
    world = await awsWorld();
    const { key, provider } = withKey(plain());
    const issue = () => {
      const request = world.request();
      return provider.issue(provider.plan(request).handle, request, AbortSignal.timeout(30_000));
    };
    await issue();
    world.aws.account.identities.delete(world.broker.accessKeyId);
    await expect(issue()).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    const { arn, userid, policies } = world.broker;
    const next = world.aws.account.add({ arn, userid, policies }, 'AKIA');
    key.value = { AccessKeyId: next.accessKeyId, SecretAccessKey: next.secretAccessKey };
    await prepare(provider);
    await issue();
  });

  it('does not depend on an answer about the access key: what follows says it better', async () => {
    world = await awsWorld();
    world.aws.fault({ action: 'GetCallerIdentity', kind: 'internal' });
    await prepare();
    await world.issue();
  });

  it('does not give the failure of work in the background to a person who can be asked', async () => {
    world = await awsWorld({ mfa_serial: serial });
    world.aws.mfaCodes.set(serial, '123456');
    const { promise: typed, resolve } = Promise.withResolvers<Secret>();
    const { provider } = withKey(plain(), { askInput: () => typed });
    const waits = prepare(provider);
    await provider.reconcile?.([], never);
    resolve(new Secret('123456'));
    await waits;
    expect(actions()).toEqual(['GetSessionToken']);
  });

  it('asks nobody for what falls due by itself, and says what helps', async () => {
    world = await awsWorld({ mfa_serial: serial }, undefined, { canAsk: true });
    world.aws.mfaCodes.set(serial, '123456');
    const request = world.request({ length: 16 * 60 * minute });
    const { handle } = await world.provider.issue(world.provider.plan(request).handle, request, never);
    world.aws.advance(13 * 60 * minute);
    const refreshing = world.provider.refresh?.(handle, request, never, () => undefined);
    await expect(refreshing).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringContaining('jit elevate aws-prod'),
    });
    expect(world.asked).toHaveLength(1);
    await prepare();
    await world.provider.refresh?.(handle, request, never, () => undefined);
    expect(world.asked).toHaveLength(2);
  });

  it('lets a program print the code for what falls due by itself, once with those who wait', async () => {
    world = await awsWorld({ mfa_serial: serial, mfa_process: 'command:otp aws' });
    world.aws.mfaCodes.set(serial, '123456');
    await Promise.all([world.provider.reconcile?.([], never), prepare(), prepare()]);
    expect(world.asked).toEqual(['command:otp aws']);
    expect(world.aws.count('GetSessionToken')).toBe(1);
  });

  it('reads the token of a web identity, and says that it is missing before anything is made', async () => {
    const folder = temporaryFolder();
    const token_file = path.join(folder, 'token');
    world = await awsWorld();
    const { credentials: _, ...options } = world.target.options as Record<string, unknown>;
    const target = awsTarget(world.aws.url, {
      ...options,
      credentials: 'default',
      web_identity: { token_file },
    });
    const provider = awsKind.open(target, world.tools);
    await expect(prepare(provider)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    writeFileSync(token_file, 'a token');
    await prepare(provider);
    expect(actions()).toEqual([]);
  });
});
