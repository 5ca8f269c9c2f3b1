// First configurations as they are on disk: valid, private, and written over nothing.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { initAws } from '../../../src/broker/offline/init-aws.ts';
import { initPostgres } from '../../../src/broker/offline/init-postgres.ts';
import { policyCheck } from '../../../src/broker/offline/policy.ts';
import { kinds } from '../../../src/broker/providers.ts';
import { readConfig } from '../../../src/broker/read-config.ts';
import type { InitAwsRequest, InitRequest } from '../../../src/protocol/offline.ts';
import { temporaryFolder } from '../../fakes/folder.ts';

let file: string;
beforeEach(() => {
  file = path.join(temporaryFolder(), 'new', 'jit.yaml');
});

const frame = () =>
  ({ path: file, force: false, target: 'prod', maxDuration: 5_400_000, risk: 'high' }) as const;
const role = 'arn:aws:iam::123456789012:role/jit-deploy';
const aws = (changes: Partial<InitAwsRequest> = {}) =>
  initAws({
    ...frame(),
    region: 'eu-west-1',
    roles: { deploy: role },
    login: { kind: 'credentials', reference: 'keychain:jit/prod' },
    mfaSerial: null,
    externalId: null,
    brokerArn: null,
    revoke: 'deny-session',
    ...changes,
  });
const postgres = (changes: Partial<InitRequest> = {}) =>
  initPostgres({
    ...frame(),
    host: 'db.example.com',
    port: 5432,
    database: 'orders',
    roles: { read: ['orders_read'] },
    brokerUser: 'jit_broker',
    ...changes,
  });

describe('a first configuration for AWS', () => {
  it('is valid and says what was asked for', async () => {
    const reply = await aws({
      login: { kind: 'credentials', reference: 'keychain:jit/prod' },
      mfaSerial: 'arn:aws:iam::123456789012:mfa/jit',
      externalId: 'x-1',
      brokerArn: 'arn:aws:iam::123456789012:user/jit-broker',
    });
    expect(await policyCheck(reply.path)).toMatchObject({ targets: 1, entitlements: 1, warnings: [] });
    const config = readConfig(reply.path, kinds);
    expect(config.targets.get('prod')).toMatchObject({
      provider: 'aws',
      risk: 'high',
      options: { region: 'eu-west-1', credentials: 'keychain:jit/prod', mfa_serial: expect.any(String) },
    });
    expect(config.targets.get('prod')?.roles.get('deploy')?.options).toMatchObject({
      role_arn: role,
      revoke: 'deny-session',
      external_id: 'x-1',
    });
    expect(config.entitlements[0]).toMatchObject({ maxDuration: 5_400_000 });
    expect(reply.terraform).toContain('MultiFactorAuthPresent');
    expect(`${reply.terraform}${reply.commands}`).not.toContain('<');
    expect(statSync(reply.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(reply.path))).toEqual(['jit.yaml']);
  });

  it.each([
    [{ kind: 'profile', name: 'sso' }, { profile: 'sso' }],
    [
      { kind: 'web-identity', tokenFile: '/run/token', roleArn: role },
      { web_identity: { token_file: '/run/token', role_arn: role } },
    ],
    [{ kind: 'credentials', reference: 'default' }, { credentials: 'default' }],
  ] as const)('logs in by %j', async (login, options) => {
    const reply = await aws({ login });
    expect(readConfig(reply.path, kinds).targets.get('prod')?.options).toMatchObject(options);
  });

  it('is not written at all when it would not be valid', async () => {
    const wrong = aws({
      login: { kind: 'profile', name: 'sso' },
      mfaSerial: 'arn:aws:iam::123456789012:mfa/jit',
    });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    expect(readdirSync(path.dirname(file))).toEqual([]);
  });

  it('replaces another one only when told to', async () => {
    await aws();
    const before = readFileSync(file, 'utf8');
    await expect(aws({ region: 'us-east-1' })).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    expect(readFileSync(file, 'utf8')).toBe(before);
    await aws({ region: 'us-east-1', force: true });
    expect(readFileSync(file, 'utf8')).toContain('us-east-1');
  });
});

describe('a first configuration for PostgreSQL', () => {
  it('has a password of its own beside it, which is in nothing that is told', async () => {
    const reply = await postgres();
    expect(await policyCheck(reply.path)).toMatchObject({ targets: 1, warnings: [] });
    const password = readFileSync(reply.secret, 'utf8').trim();
    expect(password.length).toBeGreaterThan(20);
    expect(statSync(reply.secret).mode & 0o777).toBe(0o600);
    expect(reply.sql).toContain('SCRAM-SHA-256$');
    expect(reply.sql + readFileSync(reply.path, 'utf8')).not.toContain(password);
  });

  it('takes no password away from a target that has one', async () => {
    await postgres();
    const other = path.join(path.dirname(file), 'other.yaml');
    await expect(postgres({ path: other })).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    expect(existsSync(other)).toBe(false);
  });

  it('refuses a name that is none before anything is written', async () => {
    await expect(postgres({ target: '../x' })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    expect(existsSync(path.dirname(file))).toBe(false);
  });
});
