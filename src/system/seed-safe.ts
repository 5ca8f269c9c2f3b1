// Where the seeds of keys lie: in the keychain, or in a file of their own. Owns the form of what is kept. Must not: know
// what the keys are for, or which of them counts.

import { JitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { errnoOf, errnoText, readErrnoText } from './errno.ts';
import { readPrivateFile, removeTree, writeFileAtomic } from './files.ts';
import type { Keychain } from './keychain.ts';

/** Where a seed is kept. */
export type SeedPlace = 'keychain' | 'file';

/** A seed and whom it belongs to. */
export interface KeptSeed {
  readonly owner: string;
  readonly seed: Buffer;
}

/** The seeds of one broker. */
export interface SeedSafe {
  /** Where the file is, for people. */
  readonly file: string;
  /**
   * Everything that a place holds.
   * @throws JitError `ERR_SECRET_UNAVAILABLE` when the keychain does not answer, or the file cannot be read or trusted
   */
  read(place: SeedPlace): Promise<KeptSeed[]>;
  /**
   * These instead of whatever the place held, at once; none: nothing is left of it.
   * @throws JitError `ERR_SECRET_UNAVAILABLE` when they cannot be kept there
   */
  write(place: SeedPlace, seeds: readonly KeptSeed[]): Promise<void>;
}

/** What a safe works with. */
export interface SeedSafeOptions {
  readonly keychain: Keychain;
  /** Of the one item of the keychain. */
  readonly service: string;
  readonly account: string;
  /** 0600, in a private directory. */
  readonly file: string;
}

/** A line per seed: whose it is, a blank, base64. One item and one file, so that a change of several is one write. */
export function createSeedSafe({ keychain, service, account, file }: SeedSafeOptions): SeedSafe {
  async function text(place: SeedPlace): Promise<string> {
    if (place === 'keychain') return (await keychain.get(service, account))?.reveal() ?? '';
    try {
      return readPrivateFile(file, 4_000).toString('utf8');
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return '';
      throw unreadable(file, thrown);
    }
  }

  return {
    file,
    read: async (place) => parse(await text(place)),
    async write(place, seeds) {
      const whole = seeds.map(({ owner, seed }) => `${owner} ${seed.toString('base64')}\n`).join('');
      if (place === 'file') writeToFile(file, whole);
      else if (whole === '') await keychain.delete(service, account);
      else await keychain.set(service, account, new Secret(whole));
      // One that forgets would cost the log its key.
      if ((await text(place)) !== whole) throw forgetful(place);
    },
  };
}

function parse(text: string): KeptSeed[] {
  return text.split('\n').flatMap((line) => {
    const [owner = '', encoded = ''] = line.split(' ');
    return owner === '' || encoded === '' ? [] : [{ owner, seed: Buffer.from(encoded, 'base64') }];
  });
}

function writeToFile(file: string, whole: string): void {
  try {
    if (whole === '') removeTree(file);
    else writeFileAtomic(file, whole);
  } catch (thrown) {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `cannot keep a key in the file "${file}": ${errnoText(thrown)}`,
    );
  }
}

function unreadable(file: string, thrown: unknown): JitError {
  if (!(thrown instanceof JitError)) {
    return new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `the file "${file}" cannot be read: ${readErrnoText(thrown)}`,
    );
  }
  const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
  return new JitError('ERR_SECRET_UNAVAILABLE', thrown.message, hint);
}

function forgetful(place: SeedPlace): JitError {
  return new JitError('ERR_SECRET_UNAVAILABLE', `the ${place} did not keep what was put there`);
}
