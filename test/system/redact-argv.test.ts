import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createRedactor } from '../../src/system/redact.ts';
import { redactArgv } from '../../src/system/redact-argv.ts';

const redactor = createRedactor();
redactor.add(new Secret('lease-password-1'));
const clean = (...argv: string[]) => redactArgv(argv, (text) => redactor.redact(text));
const planted = 'Planted0Secret';

test.each([
  ['tool', '--password', planted],
  ['tool', `--password=${planted}`],
  ['tool', '--db-password', planted, '--verbose'],
  ['tool', '-passphrase', planted],
  ['tool', '--api-key', planted],
  ['tool', `--client_secret=${planted}`],
  ['env', `PGPASSWORD=${planted}`, 'psql'],
  ['env', `AWS_SECRET_ACCESS_KEY=${planted}`, 'aws'],
  ['env', `GITHUB_TOKEN=${planted}`, 'gh'],
  ['curl', '-u', `ada:${planted}`, 'https://example.com'],
  ['curl', '-H', `Authorization: Bearer ${planted}`, 'https://example.com'],
  ['curl', '-H', `PRIVATE-TOKEN: ${planted}`],
  ['curl', `https://ada:${planted}@example.com/x`],
  ['psql', `postgres://ada:${planted}@db/orders`],
  ['psql', '-c', `ALTER ROLE ada PASSWORD '${planted}'`],
  ['mysql', `-p${planted}`],
  ['sh', '-c', `export TOKEN=${planted}; tool --password ${planted} && true`],
  ['sh', '-c', `tool --password '${planted}'`],
  ['tool', 'lease-password-1'],
])('no secret is left of: %s %s %s', (...argv) => {
  const text = clean(...argv.filter((word): word is string => typeof word === 'string')).join(' ');
  expect(text).not.toContain(planted);
  expect(text).not.toContain('lease-password-1');
  expect(text).toContain('[secret]');
});

test.each([
  [['psql', '-c', 'select count(*) from passwords_reset where token_id = 4']],
  [['kubectl', 'get', 'secrets', '-n', 'prod']],
  [['git', 'commit', '-m', 'author: ada']],
  [['terraform', 'apply', '-auto-approve']],
])('what is no secret stays as it is: %j', (argv) => {
  const kept = clean(...argv);
  // A column that is called like a secret is not told apart; everything else is.
  expect(kept.length).toBe(argv.length);
  expect(kept[0]).toBe(argv[0]);
  if (!argv.join(' ').includes('token_id')) expect(kept).toEqual(argv);
});

test('a long command is shortened by whole words, so that no half of a secret is left', () => {
  const kept = clean(
    'tool',
    ...Array.from({ length: 500 }, (_, index) => `word-${index}`),
    'x'.repeat(5_000),
  );
  expect(kept).toHaveLength(201);
  expect(kept.at(-1)).toBe('[302 more]');
  expect(clean('tool', 'x'.repeat(5_000))).toEqual(['tool', '[5000 characters]']);
  expect(clean('tool', `\ud800`)).toEqual(['tool', '\ufffd']);
});
