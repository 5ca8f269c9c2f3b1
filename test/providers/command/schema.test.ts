// What a config of programs may say, and the words for what it may not.

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { commandProviderSchema } from '../../../src/providers/command/json-schema.ts';
import { issueAnswer } from '../../../src/providers/command/messages.ts';
import { mayConfigure, mayHandOut } from '../../../src/providers/command/names.ts';
import { commandSchema, validateCommand } from '../../../src/providers/command/schema.ts';
import { shownText } from '../../../src/providers/command/shown.ts';
import { readStrictJson } from '../../../src/providers/command/strict-json.ts';
import { commandWorld } from '../../support/command-target.ts';

const base = { issue: ['/bin/a'], revoke: ['/bin/b'] };
const parse = (changes: Record<string, unknown>) =>
  v.safeParse(v.strictObject(commandSchema.target), { ...base, ...changes });

test.each([
  [{}],
  [{ timeout: '25s', env: { A: 'b', TOKEN: 'keychain:jit/x' }, with: { deep: { list: [1, null] } } }],
  [{ confirm: ['node', '/opt/x.mjs', 'confirm'], list: ['list-them'], ends_by_itself: false }],
])('%j is taken', (changes) => {
  expect(parse(changes).success).toBe(true);
});

test.each([
  [{ issue: [] }],
  [{ issue: '/bin/a --x' }],
  [{ issue: ['./a'] }],
  [{ issue: ['a b'] }],
  [{ issue: ['/bin/a', 'x\ny'] }],
  [{ timeout: '26s' }],
  [{ timeout: 'soon' }],
  [{ env: { LD_PRELOAD: 'x' } }],
  [{ env: { PATH: '/x' } }],
  [{ env: { A: 'x\0' } }],
  [{ with: { big: 'x'.repeat(9_000) } }],
  [{ shell: true }],
])('%j is refused', (changes) => {
  expect(parse(changes).success).toBe(false);
});

test('a secret in plain text is refused without repeating it, and where one is kept is no secret', () => {
  const problemsOf = (env: Record<string, string>) => validateCommand(commandWorld({ env }).target);
  expect(problemsOf({ REDIS_PASSWORD: 'hunter2' })).toEqual([
    'env: "REDIS_PASSWORD" reads like a secret and is no reference to one',
  ]);
  expect(problemsOf({ REDIS_PASSWORD: 'keychain:jit/redis', TOKEN_FILE: '/etc/x' })).toEqual([]);
});

test('variables that steer programs or are the session itself are not handed out', () => {
  for (const name of [
    'PATH',
    'LD_PRELOAD',
    'ld_preload',
    'NODE_OPTIONS',
    'BASH_ENV',
    'GIT_SSH_COMMAND',
    'HOME',
    'JIT_GRANT',
    'A=B',
    '',
  ])
    expect(mayHandOut(name), name).toBe(false);
  for (const name of ['VAULT_TOKEN', 'PGHOST', 'MYSQL_PWD', 'REDISCLI_AUTH'])
    expect(mayHandOut(name), name).toBe(true);
  expect(mayConfigure('HOME')).toBe(true);
  expect(mayConfigure('NODE_OPTIONS')).toBe(false);
});

test.each([
  ['[1]', true],
  ['{"a":{"b":1},"c":{"b":1}}', true],
  ['{"a":"}{\\"a\\":1"}', true],
  ['\ufeff{}', true],
  ['{"a":1,"a":2}', false],
  ['[{"x":[{"a":1,"\\u0061":2}]}]', false],
  ['{"a":1}{"a":1}', false],
  ['{"a":1,}', false],
  [`"${'\\"'.repeat(30_000)}`, false],
  [' ', false],
])('%.40s is one JSON value that two readers understand alike: %s', (text, ok) => {
  expect(readStrictJson(Buffer.from(text)).ok).toBe(ok);
});

test('keys of an answer cannot reach prototypes', () => {
  const answer = JSON.parse('{"version":1,"expires_at":null,"env":{"__proto__":"x"}}');
  const parsed = v.safeParse(issueAnswer, answer);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  expect(parsed.success ? Object.keys(parsed.output.env) : []).toEqual([]);
});

test('words of a program are shown without what looks like a key, but with the names that jit chose', () => {
  const known = { secrets: [], names: ['jit-abc123-l0123456789abcde'] };
  expect(shownText('user jit-abc123-l0123456789abcde has hJ7f9aKq2ZxW4mNb5Rt', known)).toBe(
    'user jit-abc123-l0123456789abcde has [secret]',
  );
});

test('the published schema has every message, and closes the answers', () => {
  const { definitions = {} } = commandProviderSchema();
  expect(Object.keys(definitions)).toEqual([
    'issueRequest',
    'issueAnswer',
    'revokeRequest',
    'revokeAnswer',
    'confirmRequest',
    'confirmAnswer',
    'listRequest',
    'listAnswer',
    'refusal',
  ]);
  expect(definitions['issueAnswer']).toMatchObject({
    additionalProperties: false,
    required: ['version', 'expires_at'],
  });
  expect(definitions['issueRequest']).not.toMatchObject({ additionalProperties: false });
});
