import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { signJwt } from '../../../src/providers/github/app-jwt.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const now = Date.UTC(2026, 10, 22, 12, 0, 0, 999);
const [head = '', body = '', signature = ''] = signJwt(privateKey, '4711', now).split('.');
const read = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());

it('the App’s JWT is signed with RS256 by its key', () => {
  expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT' });
  const signed = Buffer.from(`${head}.${body}`);
  expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  const other = createPublicKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  expect(verify('RSA-SHA256', signed, other, Buffer.from(signature, 'base64url'))).toBe(false);
});

it('begins a minute before now and lasts ten minutes in all, which is the longest that GitHub takes', () => {
  const seconds = Math.floor(now / 1000);
  expect(read(body)).toEqual({ iss: '4711', iat: seconds - 60, exp: seconds + 540 });
});
