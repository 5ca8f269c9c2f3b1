import { expect, it } from 'vitest';
import { passwordFor } from '../../src/demo/pass-file.ts';

const login = { host: '127.0.0.1', port: '5432', database: 'orders', user: 'jit_x' };

it('takes the first line that matches, stars included', () => {
  const text = '# note\nother:5432:orders:jit_x:wrong\n127.0.0.1:*:orders:jit_x:right\n*:*:*:*:late\n';
  expect(passwordFor(text, login)).toBe('right');
});

it('reads colons and backslashes in a password, and those in a host', () => {
  expect(passwordFor('127.0.0.1:5432:orders:jit_x:a\\:b\\\\c\n', login)).toBe('a:b\\c');
  expect(passwordFor('\\:\\:1:5432:orders:jit_x:six\n', { ...login, host: '::1' })).toBe('six');
});

it('finds nothing where no line matches', () => {
  expect(passwordFor('localhost:5432:orders:jit_x:no\n\n', login)).toBeNull();
});
