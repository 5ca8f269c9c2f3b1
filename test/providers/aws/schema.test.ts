// What an AWS target may look like in the config, and what its values mean together.

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/policy/load.ts';
import { awsKind } from '../../../src/providers/aws/index.ts';
import { awsSchema, partitionOf, validateAws } from '../../../src/providers/aws/schema.ts';
import { awsTarget, roleOf } from '../../support/aws-target.ts';

const target = v.strictObject(awsSchema.target);
const role = v.strictObject(awsSchema.role);
const url = 'http://127.0.0.1:1';

describe('the schema of an AWS target', () => {
  it('fills in defaults, and stays the same when parsed again', () => {
    const once = v.parse(target, { region: 'eu-west-1' });
    expect(once).toMatchObject({ credentials: 'default' });
    expect(v.parse(target, once)).toEqual(once);
    const made = v.parse(role, { role_arn: roleOf('deploy') });
    expect(made).toMatchObject({ revoke: 'none', max_session: '1h', session_tags: true, chain: [] });
    expect(v.parse(role, made)).toEqual(made);
  });

  it.each([
    ['a key in plain text', { credentials: 'AKIA-hunter2' }],
    ['a region that is none', { region: 'europe' }],
    ['an endpoint without TLS elsewhere', { endpoints: { sts: 'http://sts.example.com' } }],
    ['an endpoint with a password', { endpoints: { sts: 'https://me:hunter2@sts.example.com' } }],
    ['a code instead of a program', { mfa_process: 'env:CODE' }],
    ['an unknown endpoint', { endpoints: { s3: 'https://s3.example.com' } }],
  ])('refuses %s and does not repeat it', (_what, change) => {
    const result = v.safeParse(target, { region: 'eu-west-1', ...change });
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.issues?.map(({ message }) => message))).not.toContain('hunter2');
  });

  it.each([
    ['a user instead of a role', { role_arn: 'arn:aws:iam::123456789012:user/x' }],
    ['a session under 15 minutes', { max_session: '5m' }],
    ['a session over 12 hours', { max_session: '13h' }],
    ['a misspelt statement', { statements: [{ effect: 'Allow', Action: '*', Resource: '*' }] }],
    ['another way to revoke', { revoke: 'deny-all' }],
  ])('refuses a role with %s', (_what, change) => {
    expect(v.safeParse(role, { role_arn: roleOf('deploy'), ...change }).success).toBe(false);
  });

  it('has nothing to say about a target that makes sense', () => {
    expect(validateAws(awsTarget(url))).toEqual([]);
  });

  const statements = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
  const problem = (options: object, one: object): string[] =>
    validateAws(awsTarget(url, { ...options }, { deploy: { role_arn: roleOf('deploy'), ...one } }));

  it.each([
    ['two sources of credentials', { profile: 'dev' }, {}, 'only one of'],
    [
      'MFA without an access key',
      { credentials: 'default', mfa_serial: 'arn:aws:iam::1:mfa/x' },
      {},
      'mfa_serial',
    ],
    ['another partition', { region: 'cn-north-1' }, {}, 'partition aws-cn'],
    [
      'a managed policy of another partition',
      {},
      { scopes: { read: { managed_policies: ['arn:aws-cn:iam::aws:policy/ReadOnlyAccess'] } } },
      'partition aws of',
    ],
    ['a chain of more than an hour', {}, { chain: [roleOf('hub')], max_session: '2h' }, 'an hour'],
    ['tags of jit’s own', {}, { tags: { 'jit:lease': 'mine' } }, 'jit:'],
    ['a scope that narrows nothing', {}, { scopes: { all: {} } }, 'narrows nothing'],
    [
      'a scope beside a session policy',
      {},
      { statements, scopes: { some: { statements } } },
      'session policy and scopes',
    ],
    [
      'an unknown variable',
      {},
      { statements: [{ ...statements[0], Resource: '$' + '{jit.shoe}' }] },
      'jit.shoe',
    ],
    ['a statement without action', {}, { statements: [{ Effect: 'Allow', Resource: '*' }] }, 'Action'],
    [
      'a policy over the limit',
      {},
      { statements: [{ ...statements[0], Resource: 'x'.repeat(2000) }] },
      '2048',
    ],
  ])('says what is wrong with %s', (_what, options, one, words) => {
    expect(problem(options, one).join('\n')).toContain(words);
  });

  it.each(['eu-west-1', 'us-gov-west-1', 'us-isob-east-1', 'eusc-de-east-1'])('takes region %s', (region) => {
    expect(v.safeParse(target, { region }).success).toBe(true);
  });

  it('knows the partition of a region', () => {
    expect(
      ['eu-west-1', 'cn-north-1', 'us-gov-west-1', 'us-iso-east-1', 'us-isob-east-1'].map(partitionOf),
    ).toEqual(['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b']);
  });
});

describe('a configuration with a target of AWS', () => {
  const load = (role: string) =>
    loadConfig({
      path: 'jit.yaml',
      text: `version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    roles: { deploy: { ${role} } }
entitlements: [{ name: all, who: [everyone], roles: ["aws-prod:deploy"], max_duration: 1h }]
`,
      kinds: [awsKind],
      readFile: () => '',
    });
  const reserved =
    'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef';
  const admin = `revoke_role: "${roleOf('admin')}"`;

  it.each([
    [`role_arn: "${reserved}", revoke: deny-session`, /role "deploy": revoke: deny-session cannot work/],
    [`role_arn: "${roleOf('deploy')}", ${admin}`, /role "deploy": revoke_role has no effect/],
  ])('is warned of what cannot work: %s', (role, warning) => {
    expect(load(role).warnings).toEqual([expect.stringMatching(warning)]);
  });

  it.each([
    [`role_arn: "${reserved}"`],
    [`role_arn: "${roleOf('deploy')}", revoke: deny-session, ${admin}`],
    [`role_arn: "${roleOf('deploy')}"`],
  ])('is not warned of what can: %s', (role) => {
    expect(load(role).warnings).toEqual([]);
  });

  it.each([
    ['yes', 'found "yes"'],
    ['deny-sesion', 'found "deny-sesion"; did you mean "deny-session"?'],
    ['hunter2-Tr0ub4dor', 'found a text'],
    ['correct horse', 'found a text'],
  ])(
    'that has revoke: %s is told the words that exist, and the one that was found if it is one',
    (word, found) => {
      const message = `expected "deny-session", "none", ${found}`;
      const wrong = () => load(`role_arn: "${roleOf('deploy')}", revoke: ${word}`);
      expect(wrong).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
      expect(wrong).toThrow(message);
    },
  );
});
