import { expect, test } from 'vitest';
import { failureOf } from '../../src/shared-store/failure.ts';

const address = {
  ...{ host: 'db.example.com', port: 5432, database: 'jit', sslmode: 'require' as const },
  ...{ sslRootCert: null, connectTimeout: 1_000 },
};
const thrown = (code: string | null): Error => Object.assign(new Error('no'), code === null ? {} : { code });

test.each([
  ['ECONNREFUSED', 'nobody listens there (ECONNREFUSED)'],
  ['ENOTFOUND', 'there is no host of that name (ENOTFOUND)'],
  ['EPIPE', 'the system said no (EPIPE)'],
  [null, 'the connection was lost or timed out'],
])('a way that ends with %s is told in words, with what to look at next', (code, words) => {
  const { code: name, message, hint } = failureOf(thrown(code), address);
  expect(name).toBe('ERR_TARGET_UNREACHABLE');
  expect(message).toBe(`the shared store at db.example.com:5432 cannot be reached: ${words}`);
  expect(hint).toMatch(/host and port of the section "store".*jit doctor/);
});

test('a wrong password leads to the section of the configuration that names it', () => {
  const { code, hint } = failureOf(Object.assign(thrown('28P01'), { severity: 'FATAL' }), address);
  expect(code).toBe('ERR_TARGET_REFUSED');
  expect(hint).toMatch(/password of the section "store".*jit doctor/);
});
