import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JitError } from '../../src/core/errors.ts';
import { isSecretReference, parseSecretReference } from '../../src/core/secret-reference.ts';

test.each([
  ['keychain:jit/prod-db', { kind: 'keychain', service: 'jit', account: 'prod-db' }],
  ['keychain:jit/a/b', { kind: 'keychain', service: 'jit', account: 'a/b' }],
  ['env:PGPASSWORD', { kind: 'env', name: 'PGPASSWORD' }],
  ['file:/run/secrets/db pass', { kind: 'file', path: '/run/secrets/db pass' }],
  ['command:pass show jit/prod', { kind: 'command', program: 'pass', args: ['show', 'jit/prod'] }],
  [
    `command: op read "op://a b/c" 'd e'`,
    { kind: 'command', program: 'op', args: ['read', 'op://a b/c', 'd e'] },
  ],
])('%j is a reference', (text, expected) => {
  expect(parseSecretReference(text)).toEqual(expected);
});

test.each([
  'hunter2-hunter2',
  'env:',
  'env:NOT A NAME',
  'file:relative/path',
  'keychain:noaccount',
  'command:',
  'command:pass "open',
  'Env:X',
  'postgres://user:hunter2-hunter2@host/db',
  'file:/a\nb',
])('%j is refused without being repeated', (text) => {
  expect(isSecretReference(text)).toBe(false);
  try {
    parseSecretReference(text);
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(JitError);
    expect((thrown as JitError).code).toBe('ERR_CONFIG');
    expect(JSON.stringify([(thrown as JitError).message, (thrown as JitError).hint])).not.toContain(
      'hunter2',
    );
  }
});

test('no text in place of a reference appears in the error', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z0-9]{12,40}$/), (secret) => {
      try {
        parseSecretReference(secret);
        expect.unreachable();
      } catch (thrown) {
        expect(String((thrown as Error).message)).not.toContain(secret);
      }
    }),
  );
});
