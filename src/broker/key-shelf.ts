// Where the private halves of the log's key lie: one place at a time, two keys only while one follows the other. Owns which
// kept seed is the key that the log names. Must not: sign.

import { forkHint } from '../audit/rollback.ts';
import { createSigner, type Signer, seedBytes } from '../audit/signer.ts';
import { JitError, toJitError } from '../core/errors.ts';
import type { Store } from '../store/store.ts';
import type { Keychain } from '../system/keychain.ts';
import type { Logger } from '../system/log-file.ts';
import type { Random } from '../system/random.ts';
import { createSeedSafe, type KeptSeed, type SeedPlace } from '../system/seed-safe.ts';

/** A key that can sign, and where its seed is kept. */
export interface Key extends KeptSeed {
  readonly signer: Signer;
  readonly place: SeedPlace;
}

/** What {@link createKeyShelf} works with. */
export interface KeyShelfTools {
  readonly store: Store;
  readonly keychain: Keychain;
  /** Where the key lies when no keychain answers. */
  readonly file: string;
  readonly random: Random;
  readonly log: Logger;
}

/** The keys of one broker. Each call throws JitError `ERR_SECRET_UNAVAILABLE` for a place that does not answer, unless it says otherwise. */
export interface KeyShelf {
  /** The key in the file; null: it is not there. */
  inFile(): Promise<Key | null>;
  /**
   * The key in the keychain, for a log whose key is not in the file; null: the log has named none, and none is there.
   * @throws JitError `ERR_AUDIT_INVALID` when the keychain answers, and the key is nowhere
   */
  inKeychain(): Promise<Key | null>;
  /**
   * Draws a key for the log `origin` and keeps it beside what is there: until the log names it, the one before counts. Those
   * that were drawn for that log before, and that it does not name, go.
   * @param mustBe the only place that will do; null: the keychain, or else the file
   */
  make(origin: string, mustBe: SeedPlace | null): Promise<Key>;
  /** Deletes all but `key`. Never throws. */
  tidy(key: Key): Promise<void>;
}

export function createKeyShelf({ store, keychain, file, random, log }: KeyShelfTools): KeyShelf {
  const safe = createSeedSafe({ keychain, service: 'jit', account: `sign-${store.origin}`, file });

  /** Of a change or a fork that failed: a key for that very log, which the log does not name. */
  function isFailed({ owner, seed }: KeptSeed, origin: string): boolean {
    if (owner !== origin || seed.length !== seedBytes) return false;
    if (store.logOrigin !== origin) return true;
    return store.key !== null && store.key !== createSigner(origin, seed).vkey;
  }

  /** The seed of the key that the log names; of one that has named none yet, any will do. */
  async function find(place: SeedPlace): Promise<Key | null> {
    const origin = store.logOrigin;
    for (const { owner, seed } of await safe.read(place)) {
      if (owner !== origin || seed.length !== seedBytes) continue;
      const signer = createSigner(origin, seed);
      if (store.key === null || store.key === signer.vkey) return { owner, seed, signer, place };
    }
    return null;
  }

  return {
    inFile: () => find('file'),
    async inKeychain() {
      let found: Key | null;
      try {
        found = await find('keychain');
      } catch (thrown) {
        if (store.key === null) return null;
        throw new JitError(
          'ERR_SECRET_UNAVAILABLE',
          `it is not in "${file}", and: ${toJitError(thrown).message}`,
        );
      }
      if (found || store.key === null) return found;
      const message = `nothing is issued: the key that signs the audit log is lost: neither the keychain nor "${file}" has it`;
      throw new JitError('ERR_AUDIT_INVALID', message, { hint: forkHint });
    },
    async make(origin, mustBe) {
      const seed = random.bytes(seedBytes);
      const next = { owner: origin, seed, signer: createSigner(origin, seed) };
      const keep = async (place: SeedPlace): Promise<Key> => {
        const there = (await safe.read(place)).filter((one) => !isFailed(one, origin));
        await safe.write(place, [...there, next]);
        return { ...next, place };
      };
      try {
        return await keep('keychain');
      } catch (thrown) {
        if (mustBe === 'keychain') throw thrown;
      }
      return keep('file');
    },
    async tidy(key) {
      for (const place of ['file', 'keychain'] as const) {
        const wanted = place === key.place ? [key] : [];
        try {
          const there = await safe.read(place);
          const isOld = ({ seed }: KeptSeed): boolean => !wanted.some((one) => one.seed.equals(seed));
          if (there.some(isOld)) await safe.write(place, wanted);
        } catch (thrown) {
          // None answers, where the key is in the file.
          if (place === key.place) log.warn(`an old key is not deleted: ${toJitError(thrown).message}`);
        }
      }
    },
  };
}
