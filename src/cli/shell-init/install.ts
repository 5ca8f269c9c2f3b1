// Installing the hook of a shell and taking it away again. Must not: touch more of an rc file than its own line.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../../core/errors.ts';
import { ensurePrivateDirectory } from '../../system/directories.ts';
import { errnoOf, errnoText, writeErrnoHint } from '../../system/errno.ts';
import { writeFileAtomic } from '../../system/files.ts';
import { readRc, writeRc } from './rc-file.ts';
import { withLine, withoutLine } from './rc-line.ts';
import type { Installed, Place } from './shells.ts';

/** Writes the hook, readable by its owner alone. @throws JitError `ERR_UNSAFE_PATH` */
export function writeHook({ hook }: Place, text: string): void {
  ensurePrivateDirectory(path.dirname(hook));
  try {
    writeFileAtomic(hook, text);
  } catch (cause) {
    throw new JitError('ERR_UNSAFE_PATH', `cannot write the hook "${hook}": ${errnoText(cause)}`, {
      hint: writeErrnoHint(cause, 'set XDG_DATA_HOME to a folder that you may write to'),
      cause,
    });
  }
}

/** Fish alone refuses a file that is there: one that jit has not written. */
const rcText = (cause: unknown): string =>
  errnoOf(cause) === 'EEXIST' ? 'it is a file of your own' : errnoText(cause);

const isOwnFish = (text: string): boolean => text.startsWith('# Written by "jit shell-init fish"');

/** All of the rc file as it has to be; null: it is a file of fish that somebody else made. */
function wanted(shell: Installed, before: string | null, line: string): string | null {
  if (shell !== 'fish') return withLine(before ?? '', latin1(line));
  return before === null || isOwnFish(before) ? latin1(line) : null;
}

/**
 * Lets the shell load the hook. Answers whether anything had to be changed.
 * @throws JitError `ERR_UNSAFE_PATH` with the line to add by hand, when the file cannot be written
 */
export function addToRc(shell: Installed, { rc, line, hook }: Place): boolean {
  try {
    const before = readRc(rc);
    const after = wanted(shell, before, line);
    if (after === before) return false;
    if (after === null) throw Object.assign(new Error(), { code: 'EEXIST' });
    writeRc(rc, before, after);
    return true;
  } catch (cause) {
    const byHand = shell === 'fish' ? `source ${hook}` : line;
    throw new JitError(
      'ERR_UNSAFE_PATH',
      `the hook is installed, but "${rc}" cannot be written: ${rcText(cause)}`,
      {
        hint: `add this line where ${shell} reads it: ${byHand}`,
        cause,
      },
    );
  }
}

/**
 * Takes the line and the hook away. Answers the files that were changed.
 * @throws JitError `ERR_UNSAFE_PATH` when the rc file cannot be written; the hook is gone then
 */
export function remove(shell: Installed, { rc, hook }: Place): string[] {
  const changed = removeHook(hook) ? [hook] : [];
  try {
    const before = readRc(rc);
    if (before === null) return changed;
    const isFish = shell === 'fish';
    const after = isFish ? '' : withoutLine(before);
    if (after === before || (isFish && !isOwnFish(before))) return changed;
    if (isFish) rmSync(rc);
    else writeRc(rc, before, after);
    return [...changed, rc];
  } catch (cause) {
    throw new JitError(
      'ERR_UNSAFE_PATH',
      `the hook is removed, but "${rc}" cannot be written: ${rcText(cause)}`,
      {
        hint: 'take out the line that ends with "# jit shell-init"',
        cause,
      },
    );
  }
}

/** True when there was one. */
function removeHook(hook: string): boolean {
  try {
    if (readRc(hook) === null) return false;
    rmSync(hook);
    return true;
  } catch (cause) {
    throw new JitError('ERR_UNSAFE_PATH', `cannot remove the hook "${hook}": ${errnoText(cause)}`, {
      hint: 'take it away yourself, then the line that ends with "# jit shell-init"',
      cause,
    });
  }
}

/** As it is written to a file of which every byte is one character. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
