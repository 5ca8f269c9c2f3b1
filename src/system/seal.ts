// Secrets that have to lie on disk, sealed: AES-256-GCM (NIST SP 800-38D) under a random key that lies elsewhere, bound to
// what they belong to. Owns the key and its place. Must not: keep what was sealed or opened.

import { JitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { errnoOf, errnoText, readErrnoText } from './errno.ts';
import { readPrivateFile, writeFileAtomic } from './files.ts';
import type { Keychain } from './keychain.ts';
import type { Random } from './random.ts';

/** Where the key is. */
export type SealPlace = 'keychain' | 'file';

/** Seals and opens. Every call throws JitError `ERR_SECRET_UNAVAILABLE` when there is no key to be had. */
export interface Sealer {
  /** Finds the key, or makes it. Call it before there is anything that has to be sealed. */
  ready(): Promise<SealPlace>;
  /** @param owner what the secret belongs to, e.g. the id of a lease: opened for another, it does not open */
  seal(secret: Secret, owner: string): Promise<string>;
  /** @throws JitError `ERR_SECRET_UNAVAILABLE` also for a text that was changed, or sealed for another owner or by another key */
  unseal(sealed: string, owner: string): Promise<Secret>;
}

/** What a sealer works with. */
export interface SealerOptions {
  readonly keychain: Keychain;
  /** Names this broker's key among those of others in the keychain. */
  readonly origin: string;
  /** Where the key lies when no keychain answers: 0600, in a private directory, not the database's file. */
  readonly file: string;
  readonly random: Random;
}

interface Key {
  readonly id: string;
  readonly place: SealPlace;
  readonly bytes: Buffer;
}

const service = 'jit';
const version = 'jit1';
const [keyLength, ivLength, tagLength] = [32, 12, 16];

/**
 * The key is read once and then kept in memory, where the secrets themselves are as long as they are of use.
 * Sealed text: `jit1.<id of the key>.<base64url of IV, ciphertext and tag>`.
 */
export function createSealer(options: SealerOptions): Sealer {
  const { random } = options;
  const known = new Map<string, Key>();
  let finding: Promise<Key> | null = null;

  function current(): Promise<Key> {
    finding ??= findKey(options).then(
      (key) => {
        known.set(key.id, key);
        return key;
      },
      (thrown: unknown) => {
        finding = null;
        throw thrown;
      },
    );
    return finding;
  }

  async function keyOf(id: string): Promise<Key> {
    const found = known.get(id);
    if (found) return found;
    const key = id.startsWith('k') ? await readKeychain(options) : readFile(options);
    if (key?.id !== id) throw unavailable('the key that it was sealed with is gone');
    known.set(id, key);
    return key;
  }

  return {
    ready: async () => (await current()).place,
    async seal(secret, owner) {
      const { id, bytes } = await current();
      const { createCipheriv } = process.getBuiltinModule('node:crypto');
      const iv = random.bytes(ivLength);
      const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(boundTo(id, owner));
      const body = [iv, cipher.update(secret.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `${version}.${id}.${Buffer.concat(body).toString('base64url')}`;
    },
    async unseal(sealed, owner) {
      const [form, id = '', text = ''] = sealed.split('.');
      const body = Buffer.from(text, 'base64url');
      if (form !== version || body.length < ivLength + tagLength) throw unavailable('it is no sealed text');
      const { bytes } = await keyOf(id);
      const { createDecipheriv } = process.getBuiltinModule('node:crypto');
      const iv = body.subarray(0, ivLength);
      const decipher = createDecipheriv('aes-256-gcm', bytes, iv, { authTagLength: tagLength })
        .setAAD(boundTo(id, owner))
        .setAuthTag(body.subarray(body.length - tagLength));
      try {
        const plain = [decipher.update(body.subarray(ivLength, body.length - tagLength)), decipher.final()];
        return new Secret(Buffer.concat(plain).toString('utf8'));
      } catch {
        throw unavailable('it was changed, or sealed for something else');
      }
    },
  };
}

function boundTo(id: string, owner: string): Buffer {
  return Buffer.from(JSON.stringify([version, id, owner]));
}

/** The keychain's, unless none answers; then the file's, which is made if need be. */
async function findKey(options: SealerOptions): Promise<Key> {
  const { keychain, random } = options;
  try {
    const there = await readKeychain(options);
    if (there) return there;
    const made = random.bytes(keyLength).toString('base64');
    await keychain.set(service, accountOf(options), new Secret(made));
    // A keychain that forgets would cost a token that cannot be taken back.
    const kept = await readKeychain(options);
    if (kept) return kept;
  } catch {
    // No keychain, or a locked one: the file serves until the broker starts again.
  }
  const there = readFile(options);
  if (there) return there;
  try {
    writeFileAtomic(options.file, `${random.bytes(keyLength).toString('base64')}\n`);
  } catch (thrown) {
    throw unavailable(`no keychain answers, and "${options.file}" cannot be made: ${errnoText(thrown)}`);
  }
  const made = readFile(options);
  if (made) return made;
  throw unavailable(`the file "${options.file}" is gone again`);
}

function accountOf({ origin }: SealerOptions): string {
  return `seal-${origin}`;
}

async function readKeychain(options: SealerOptions): Promise<Key | null> {
  const secret = await options.keychain.get(service, accountOf(options));
  return secret === null ? null : keyFrom(secret.reveal(), 'keychain');
}

function readFile({ file }: SealerOptions): Key | null {
  try {
    return keyFrom(readPrivateFile(file, 1_000).toString('utf8'), 'file');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    if (thrown instanceof JitError) {
      const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
      throw new JitError('ERR_SECRET_UNAVAILABLE', thrown.message, hint);
    }
    throw unavailable(`the file "${file}" cannot be read: ${readErrnoText(thrown)}`);
  }
}

function keyFrom(text: string, place: SealPlace): Key {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== keyLength) throw unavailable(`what the ${place} holds is no key`);
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return { id: `${place === 'keychain' ? 'k' : 'f'}${digest}`, place, bytes };
}

function unavailable(why: string): JitError {
  return new JitError('ERR_SECRET_UNAVAILABLE', `cannot seal or open a secret: ${why}`, {
    hint: 'unlock the keychain; jit doctor shows where the key is kept',
  });
}
