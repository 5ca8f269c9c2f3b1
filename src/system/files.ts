// Private files: written whole or not at all, read only when nobody else could have written or read them.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { quote } from './directories.ts';
import { errnoOf } from './errno.ts';
import { randomId, systemRandom } from './random.ts';

/**
 * Writes `content` to `file` (0600, whatever the umask) so that every reader sees the old bytes or the new ones,
 * and so that they survive a crash of the machine. A symbolic link at `file` is replaced, not followed.
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  replaceFile(file, content, fsyncSync);
  syncDirectory(path.dirname(file));
}

/** As {@link writeFileAtomic}, for what need not survive a crash of the machine, such as a file of one session. */
export function writeFleetingFile(file: string, content: string | Uint8Array): void {
  replaceFile(file, content, () => undefined);
}

function replaceFile(file: string, content: string | Uint8Array, sync: (fd: number) => void): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomId(systemRandom, 10)}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, 0o600);
  try {
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      fchmodSync(fd, 0o600);
      sync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

/** Removes a file or a folder with all that is in it; symbolic links are removed, never followed. Already gone is success. */
export function removeTree(root: string): void {
  rmSync(root, { recursive: true, force: true, maxRetries: 2 });
}

/**
 * The bytes of a file that only this user can read and write.
 * @param largest refuse more than this many bytes
 * @throws JitError `ERR_UNSAFE_PATH` for symbolic links, other users' files, group or world rights, anything that
 * is no regular file, or too large; the system's own error when it cannot be opened
 */
export function readPrivateFile(file: string, largest = 65_536): Buffer {
  const fd = openWithoutFollowing(file);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw unsafe(file, 'it is not a regular file', 'name a regular file');
    if (found.uid !== process.geteuid?.()) {
      throw unsafe(file, `it belongs to uid ${found.uid}`, 'make a copy of your own with mode 600');
    }
    if ((found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8);
      throw unsafe(file, `others may read or write it (mode ${mode})`, `run: chmod 600 ${quote(file)}`);
    }
    return readUpTo(fd, file, largest);
  } finally {
    closeSync(fd);
  }
}

/**
 * The bytes of a regular file that nobody but this user or root can change. Symbolic links are followed.
 * @param largest refuse more than this many bytes
 * @throws JitError `ERR_UNSAFE_PATH`; the system's own error when it cannot be opened
 */
export function readTrustedFile(file: string, largest: number): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw unsafe(file, 'it is not a regular file', 'name a regular file');
    if (found.uid !== process.geteuid?.() && found.uid !== 0) {
      throw unsafe(file, `it belongs to uid ${found.uid}`, 'make a copy of your own');
    }
    if ((found.mode & 0o002) !== 0) {
      throw unsafe(file, 'everybody may write it', `run: chmod o-w ${quote(file)}`);
    }
    return readUpTo(fd, file, largest);
  } finally {
    closeSync(fd);
  }
}

/** One byte more than allowed is read, not trusted to `size`: the file may grow meanwhile. */
function readUpTo(fd: number, file: string, largest: number): Buffer {
  const bytes = Buffer.alloc(largest + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(fd, bytes, length, bytes.length - length, null);
  }
  if (length > largest) throw unsafe(file, `it has more than ${largest} bytes`, 'name a smaller file');
  return bytes.subarray(0, length);
}

function openWithoutFollowing(file: string): number {
  try {
    // O_NONBLOCK: opening a named pipe would otherwise wait for a writer for ever.
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink();
    if (isLink && errnoOf(error) === 'ELOOP')
      throw unsafe(file, 'it is a symbolic link', 'name the file itself');
    throw error;
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unsafe(file: string, why: string, hint: string): JitError {
  return new JitError('ERR_UNSAFE_PATH', `cannot use the file "${file}": ${why}`, { hint });
}
