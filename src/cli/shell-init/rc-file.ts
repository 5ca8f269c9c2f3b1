// Changing a file of the user's: through the links of dotfile managers, with its mode kept, and whole or not at all.

import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../system/errno.ts';

/** The bytes of the file as latin1; null when there is none. @throws Error of the system */
export function readRc(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Writes `text` (latin1) instead of `before`, which was read from the file. @throws Error of the system */
export function writeRc(file: string, before: string | null, text: string): void {
  if (text === before) return;
  // The usual case leaves the file itself, with whatever hangs on it, where it is.
  if (text.startsWith(before ?? '')) {
    mkdirSync(path.dirname(file), { recursive: true });
    appendFileSync(file, text.slice(before?.length ?? 0), 'latin1');
    return;
  }
  const real = realpathSync(file);
  const temporary = `${real}.jit-${process.pid}`;
  try {
    writeFileSync(temporary, text, { encoding: 'latin1', flag: 'wx', mode: 0o600 });
    chmodSync(temporary, statSync(real).mode & 0o7777);
    renameSync(temporary, real);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
