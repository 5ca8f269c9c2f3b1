// Randomness as an argument. The only file that asks the machine for it.

import { randomBytes } from 'node:crypto';

/** A source of unpredictable bytes. */
export interface Random {
  bytes(count: number): Buffer;
}

/** The operating system's generator. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A lower-case Crockford base32 text of `length` characters, 5 random bits each. */
export function randomId(random: Random, length: number): string {
  let id = '';
  for (const byte of random.bytes(length)) id += alphabet[byte & 31];
  return id;
}
