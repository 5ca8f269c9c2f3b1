import { expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.ts';
import { formatPrincipal, isPrincipal, parsePrincipal } from '../../src/core/principal.ts';

test.each([
  'user:alice',
  'user:CORP\\alice',
  'user:alice@example.com',
  'job:github/acme/shop#42',
  'job:gitlab:group/project:ref=main',
  'agent:reviewer-1',
])('%s is a principal, and is written as it was read', (text) => {
  expect(isPrincipal(text)).toBe(true);
  expect(formatPrincipal(parsePrincipal(text))).toBe(text);
});

test.each([
  '',
  'alice',
  'user:',
  'user:a b',
  'user:a"b',
  'user:a\nb',
  'group:x',
  'User:x',
  'constructor:x',
  'user:-x',
  `user:${'x'.repeat(300)}`,
])('%j is no principal', (text) => {
  expect(isPrincipal(text)).toBe(false);
  expect(() => parsePrincipal(text)).toThrow(expect.toSatisfy((thrown) => hasCode(thrown, 'ERR_USAGE')));
});
