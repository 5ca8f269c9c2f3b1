// A small file that somebody names on the command line: read as text, its absence told as a mistake in the call.

import { readFileSync, statSync } from 'node:fs';
import { JitError } from '../../core/errors.ts';

/** More than any proof, head or event has. */
const largest = 512 * 1024;

/** @throws JitError `ERR_USAGE` when `file` cannot be read or is too large */
export function readInput(file: string, hint: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new JitError('ERR_USAGE', `there is no file "${file}"`, { hint });
  if (found.size > largest) throw new JitError('ERR_USAGE', `"${file}" is too large`, { hint });
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JitError('ERR_USAGE', `"${file}" cannot be read`, { hint, cause });
  }
}
