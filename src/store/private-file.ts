// The files of the store: private, our own, not linked. Must not: change rights of a file it did not make.

import { closeSync, constants, fchmodSync, fsyncSync, lstatSync, openSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { checkPrivateDirectory, ensurePrivateDirectory, quote } from '../system/directories.ts';
import { errnoOf, errnoText } from '../system/errno.ts';

/**
 * Makes `file` (empty, 0600, in a 0700 directory) or checks the one that is there, and the files that
 * SQLite keeps beside it.
 * @throws JitError `ERR_UNSAFE_PATH`; `ERR_AUDIT_UNAVAILABLE` when it cannot be made (read-only, full).
 */
export function ensurePrivateFile(file: string): void {
  ensurePrivateDirectory(path.dirname(file));
  if (!lstatSync(file, { throwIfNoEntry: false })) makeFile(file);
  checkPrivateFiles(file);
}

/**
 * Checks that `file` is there and safe, and what SQLite keeps beside it.
 * @throws JitError `ERR_UNSAFE_PATH`; `ERR_AUDIT_UNAVAILABLE` when there is no such file.
 */
export function checkPrivateFiles(file: string): void {
  checkPrivateDirectory(path.dirname(file));
  if (!checkFile(file)) {
    throw new JitError('ERR_AUDIT_UNAVAILABLE', `cannot open the audit log "${file}": no such file`);
  }
  for (const suffix of ['-wal', '-shm', '-journal']) checkFile(file + suffix);
}

function checkFile(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return false;
  if (found.isSymbolicLink()) throw unsafe(file, 'it is a symbolic link');
  if (!found.isFile()) throw unsafe(file, 'it is not a regular file');
  if (found.nlink > 1) throw unsafe(file, 'it has a second name (hard link)');
  if (found.uid !== process.geteuid?.()) throw unsafe(file, `it belongs to uid ${found.uid}`);
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw unsafe(file, `others may read or write it (mode ${mode})`, `run: chmod 600 ${quote(file)}`);
  }
  return true;
}

function makeFile(file: string): void {
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(file, flags, 0o600);
    try {
      fchmodSync(fd, 0o600);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(path.dirname(file));
  } catch (error) {
    // Another process of ours was first; whether its file is safe is checked next.
    if (errnoOf(error) === 'EEXIST') return;
    throw new JitError('ERR_AUDIT_UNAVAILABLE', `cannot make the file "${file}": ${errnoText(error)}`, {
      cause: error,
    });
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

function unsafe(
  file: string,
  why: string,
  hint = `look at it, then remove it: ls -l ${quote(file)}`,
): JitError {
  return new JitError('ERR_UNSAFE_PATH', `cannot use the file "${file}": ${why}`, { hint });
}
