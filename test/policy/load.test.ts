import { expect, test } from 'vitest';
import { base, load } from './fixture.ts';

const rule = 'entitlements:\n  - { name: dev, who: [everyone], roles: ["prod-db:*"], max_duration: 1h }\n';
const second = '  - { name: two, who: [user:alice], roles: ["prod-db:read"], max_duration: 2h }\n';

test('a config becomes values: defaults filled in, durations in milliseconds, options apart', () => {
  const config = load(base + rule);
  const target = config.targets.get('prod-db');
  expect(target).toMatchObject({
    name: 'prod-db',
    provider: 'box',
    risk: 'high',
    maxDuration: 4 * 3_600_000,
    description: null,
    options: { host: 'db.example.com', port: 1 },
  });
  expect(target?.roles.get('write')?.options).toEqual({ rights: ['select', 'update'] });
  expect(target?.roles.get('write')?.scopes.get('eu')).toEqual({
    name: 'eu',
    description: null,
    options: { only: 'eu' },
  });
  expect(config.targets.get('staging-db')?.risk).toBe('medium');
  expect(config.groups.get('leads')).toEqual(['user:carol', 'group:owners']);
  expect(config.entitlements).toEqual([
    {
      name: 'dev',
      who: ['everyone'],
      roles: ['prod-db:*'],
      scopes: null,
      maxDuration: 3_600_000,
      defaultDuration: 1_800_000,
      reason: { required: false, pattern: null, ticket: null, presets: [] },
      approvals: null,
      when: null,
      timezone: 'UTC',
      onRestart: 'revoke',
      anchor: 'none',
      recordArgv: false,
    },
  ]);
});

test('the default duration is never longer than the longest', () => {
  expect(load(base + rule.replace('1h', '10m')).entitlements[0]?.defaultDuration).toBe(600_000);
});

test('the digest changes with any byte of the config or of a Cedar file, and with nothing else', () => {
  const policies = `${base}policies: [a.cedar]\n${rule}`;
  const digests = [
    load(policies, { 'a.cedar': 'forbid(principal, action, resource);' }),
    load(policies, { 'a.cedar': 'forbid(principal, action, resource); ' }),
    load(`${policies} `, { 'a.cedar': 'forbid(principal, action, resource);' }),
    load(base + rule),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(4);
  expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(load(base + rule).digest).toBe(digests[3]);
  expect(load(Buffer.from(base + rule)).digest).toBe(digests[3]);
});

test('a byte order mark at the start is skipped and moves no position', () => {
  expect(load(`\uFEFF${base}${rule}`).entitlements).toHaveLength(1);
  expect(() => load(`\uFEFFversio: 1\n${base}${rule}`)).toThrow('jit.yaml:1:1: unknown key "versio"');
});

test('Windows line ends are taken, and lines counted as they are', () => {
  const text = (base + rule).replaceAll('\n', '\r\n');
  expect(load(text).entitlements).toHaveLength(1);
  expect(() => load(text.replace('everyone', 'alice'))).toThrow(/jit\.yaml:21:24: /);
});

test.each([
  ['a role that nobody may use', base + rule, 'staging-db:admin'],
  ['a rule that never decides', base + rule + second, '"two" never decides'],
  [
    'a pattern that matches nothing',
    base + rule.replace('prod-db:*', 'test-*:*'),
    '"test-*:*" in entitlement "dev"',
  ],
  ['a group that is named nowhere', base + rule, 'group "developers" is named nowhere'],
  ['a group without members', `${base}  none: []\n${rule}`, 'group "none" has no members'],
])('warns of %s', (_what, text, warning) => {
  expect(load(text).warnings.join('\n')).toContain(warning);
});

test('does not warn of a rule behind one that has a condition, other people or other scopes', () => {
  for (const [from, to] of [
    ['roles', 'when: "context.ci", roles'],
    ['everyone', 'user:bob'],
    ['max_duration', 'scopes: [eu], max_duration'],
  ] as const) {
    expect(load(base + rule.replace(from, to) + second).warnings.join('\n')).not.toContain('never decides');
  }
});

test('a message cannot be made to hold a second line or a hidden character', () => {
  const text = base + rule.replace('max_duration', 'scopes: ["a\\nb\\u202Ec"], max_duration');
  expect(() => load(text)).toThrow(
    expect.toSatisfy(
      ({ message }: Error) => message.includes('a\\u000ab\\u202ec') && !message.includes('\u202e'),
    ),
  );
});
