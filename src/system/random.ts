// Randomness as an argument. The only file that asks the machine for it.

/** A source of unpredictable bytes. */
export interface Random {
  bytes(count: number): Buffer;
}

/** The operating system's generator. Taken when first used: importing node:crypto would cost every command 4 ms. */
export const systemRandom: Random = {
  bytes: (count) => process.getBuiltinModule('node:crypto').randomBytes(count),
};

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A lower-case Crockford base32 text of `length` characters, 5 random bits each. */
export function randomId(random: Random, length: number): string {
  let id = '';
  for (const byte of random.bytes(length)) id += alphabet[byte & 31];
  return id;
}

/** A number from 0 up to 1 to spread crowds by: cheap, and guessable. */
export function jitter(): number {
  return Math.random();
}
