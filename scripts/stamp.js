// Remembers what a step was last done for, so that it is done again only when its inputs changed.
// Owns: hashing inputs, reading and writing stamps. Must not: do the step.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

/** Every file below `name` (or `name` itself), as paths relative to the repository, in a fixed order. */
function filesBelow(name) {
  const absolute = path.join(root, name);
  if (!statSync(absolute).isDirectory()) return [name];
  const entries = readdirSync(absolute).sort();
  return entries.flatMap((entry) => filesBelow(path.join(name, entry)));
}

/** SHA-256, hex, of the names and contents of all files in or below `names`. */
export function digestOf(names) {
  const hash = createHash('sha256');
  for (const file of names.flatMap(filesBelow)) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(path.join(root, file)));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** True when `stamp` (a path in the repository) holds exactly `digest`. */
export function isFresh(stamp, digest) {
  try {
    return readFileSync(path.join(root, stamp), 'utf8') === digest;
  } catch {
    return false;
  }
}

export function writeStamp(stamp, digest) {
  const file = path.join(root, stamp);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, digest);
}
