// Directories that nobody else can enter. Owns: making them, and refusing those that are not private.
// Must not: change the mode or owner of a directory that it did not make.

import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { isCi } from './ci.ts';
import { errnoOf, errnoText, writeErrnoHint } from './errno.ts';

/**
 * Makes `directory` (0700, whatever the umask, parents too) or checks the one that is there.
 * @throws JitError `ERR_UNSAFE_PATH` when it is not a directory, is a symbolic link, belongs to another
 * user, is open to group or others, or cannot be made.
 */
export function ensurePrivateDirectory(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (error) {
    if (error instanceof JitError) throw error;
    throw new JitError('ERR_UNSAFE_PATH', `cannot make the directory "${directory}": ${errnoText(error)}`, {
      hint: writeErrnoHint(error, `make it yourself: mkdir -p -m 700 ${quote(directory)}`),
      cause: error,
    });
  }
  checkPrivateDirectory(directory);
}

/**
 * Whether `directory` is there; when it is, it is private. The client asks before it connects.
 * @throws JitError `ERR_UNSAFE_PATH` as {@link ensurePrivateDirectory}.
 */
export function checkPrivateDirectory(directory: string): 'private' | 'missing' {
  let found: Stats;
  try {
    found = lstatSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing';
    throw unsafe(directory, `it cannot be looked at: ${errnoText(error)}`, 'check the rights of its parents');
  }
  const name = quote(directory);
  if (found.isSymbolicLink()) throw unsafe(directory, 'it is a symbolic link', `remove it: rm ${name}`);
  if (!found.isDirectory()) throw unsafe(directory, 'it is not a directory', `remove it: rm ${name}`);
  if (found.uid !== process.geteuid?.()) {
    throw unsafe(directory, `it belongs to uid ${found.uid}`, 'remove it, or ask its owner to');
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw unsafe(directory, `others may enter it (mode ${mode})`, `run: chmod 700 ${name}`);
  }
  return 'private';
}

/**
 * Refuses to work with somebody else's identity: set-uid programs, and `sudo` that kept another user's HOME.
 * Root in its own home is fine.
 * @throws JitError `ERR_UNSAFE_PATH`
 */
export function refuseForeignIdentity(env: NodeJS.ProcessEnv): void {
  const uid = process.geteuid?.();
  if (uid !== process.getuid?.() || process.getegid?.() !== process.getgid?.()) {
    throw new JitError('ERR_UNSAFE_PATH', 'cannot run set-uid or set-gid: real and effective user differ', {
      hint: 'run jit as the user whose access it is',
    });
  }
  const home = env['HOME'];
  // In CI such a home is not used at all (home.ts).
  if (!home || isCi(env)) return;
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === uid) return;
  throw unsafe(
    home,
    `HOME belongs to uid ${owner} and you are uid ${uid}`,
    'use sudo -H, or set HOME to a directory of yours',
  );
}

// Made level by level with a chmod after each: a umask of 0177, which the broker has, would leave
// directories that their own owner cannot enter.
function makeDirectory(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false })) return;
  const parent = path.dirname(directory);
  if (parent !== directory && !statSync(parent, { throwIfNoEntry: false })) makeDirectory(parent);
  try {
    mkdirSync(directory, 0o700);
    chmodSync(directory, 0o700);
  } catch (error) {
    // Another process of ours was first; whose it is and how open is checked by the caller.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function unsafe(directory: string, why: string, hint: string): JitError {
  return new JitError('ERR_UNSAFE_PATH', `cannot use the directory "${directory}": ${why}`, { hint });
}

/** A path as one word of a shell. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
