// Space set aside beside the database, given up when the disk is full so that revocations can be written.

import { closeSync, constants, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { JitError } from '../core/errors.ts';
import { errnoText } from '../system/errno.ts';
import type { Random } from '../system/random.ts';

/** Size of the file in bytes: room for about a thousand events. */
export const ballastBytes = 1024 * 1024;

/** The space that only revocations may use. */
export interface Ballast {
  /**
   * Sets the space aside if that is not the case.
   * @throws JitError `ERR_AUDIT_UNAVAILABLE` when there is no room for it.
   */
  ensure(): void;
  /** Gives the space up. True when there was some. */
  drop(): boolean;
}

/** Ballast in a file of its own (0600). */
export function fileBallast(file: string, random: Random): Ballast {
  const found = () => lstatSync(file, { throwIfNoEntry: false });
  let held = false;
  return {
    ensure() {
      if (held) return;
      if (found()?.size !== ballastBytes) fill(file, random);
      held = true;
    },
    drop() {
      held = false;
      if (!found()) return false;
      rmQuietly(file);
      return !found();
    },
  };
}

function fill(file: string, random: Random): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    rmSync(file, { force: true });
    const fd = openSync(file, flags, 0o600);
    try {
      // Random bytes: a file system that compresses would keep nothing free for a file of zeros.
      const bytes = random.bytes(ballastBytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmQuietly(file);
    throw new JitError(
      'ERR_AUDIT_UNAVAILABLE',
      `cannot write the audit log: no room to set aside for revocations: ${errnoText(error)}`,
      { hint: 'make room on the disk', cause: error },
    );
  }
}

function rmQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // What made the disk say no is told by the caller; this would only hide it.
  }
}
