// Files that commands write: whether they can be, before work is done whose result would have no place, and why not, in words.

import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../../core/errors.ts';
import { quote } from '../../system/directories.ts';
import { errnoOf, errnoText } from '../../system/errno.ts';
import { randomId, systemRandom } from '../../system/random.ts';

/**
 * Makes a draft beside `file` and removes it again; `file` itself is left as it is.
 * @param name what it is called, e.g. `the cursor file "x"`
 * @throws JitError `ERR_USAGE` when `file` could not be written
 */
export function seeWritable(file: string, name = `"${file}"`): void {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomId(systemRandom, 10)}`);
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    rmSync(draft, { force: true });
  } catch (thrown) {
    throw cannotWrite(file, thrown, name);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw cannotWrite(file, Object.assign(new Error('a folder'), { code: 'EISDIR' }), name);
  }
}

/** Why `file` is not written, and what to do about it. */
export function cannotWrite(file: string, cause: unknown, name = `"${file}"`): JitError {
  const code = errnoOf(cause);
  const hint = code === 'ENOENT' ? `make it: mkdir -p ${quote(path.dirname(file))}` : hints[code];
  return new JitError('ERR_USAGE', `${name} cannot be written: ${errnoText(cause)}`, {
    hint: hint ?? elsewhere,
    cause,
  });
}

const elsewhere = 'name a file in a folder that you may write to';

const hints: Readonly<Record<string, string>> = {
  EISDIR: 'name a file in it',
  ENOSPC: 'make room on the disk',
  EDQUOT: 'make room on the disk',
};
