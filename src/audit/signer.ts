// What signs checkpoints. Owns: Ed25519 by node:crypto. Where the seed is kept is somebody else's.

import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { formatVkey } from './note.ts';

/** A private key that can be used and not read. */
export interface Signer {
  /** `<name>+<key id>+<base64>` (c2sp.org/signed-note): public. The name is that of the log. */
  readonly vkey: string;
  /** The Ed25519 signature over `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** Bytes of a seed: draw as many from a secure source for a new key. */
export const seedBytes = 32;

/** What comes before the seed in PKCS #8 (RFC 8410 section 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key that grows from `seed` ({@link seedBytes} secret bytes), to sign as `name`.
 * @throws TypeError for a seed of another length
 */
export function createSigner(name: string, seed: Uint8Array): Signer {
  if (seed.length !== seedBytes) throw new TypeError(`a seed has ${seedBytes} bytes`);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return {
    vkey: formatVkey(name, Buffer.from(x, 'base64url')),
    sign: (message) => sign(null, message, key),
  };
}
