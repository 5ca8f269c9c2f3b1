// The SCRAM-SHA-256 verifier that PostgreSQL stores in place of a password (RFC 5802 section 3, RFC 7677).
// Computed here, so that the password itself never reaches the server's logs.

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';
import type { Random } from '../../system/random.ts';

/** PostgreSQL's own default, and the least that RFC 7677 section 4 allows. */
const iterations = 4096;

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. `password`: ASCII, so SASLprep changes nothing. */
export function scramVerifier(password: Secret, salt: Buffer, rounds = iterations): string {
  const salted = pbkdf2Sync(password.reveal(), salt, rounds, 32, 'sha256');
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const server = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${server}`;
}

/** A verifier with a fresh salt of 16 bytes. */
export function freshVerifier(password: Secret, random: Random): string {
  return scramVerifier(password, random.bytes(16));
}
