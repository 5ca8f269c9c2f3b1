// How this very jit is run again by clients of vendors: a command line for their configuration files.

import { existsSync } from 'node:fs';
import path from 'node:path';

/** One level up from a bundle in dist/, two from the source. */
const launchers = ['../bin/jit.js', '../../bin/jit.js'];

/**
 * The running Node and bin/jit.js of this installation, with its configuration; null when it is not there, or its path
 * cannot be written so that all clients read the same.
 */
export function helperCommand(configFile: string, folder = import.meta.dirname): string | null {
  const launcher = launchers.map((name) => path.join(folder, name)).find((file) => existsSync(file));
  if (launcher === undefined) return null;
  const words = [process.execPath, launcher, '--config', configFile].map(quoted);
  return words.includes(null) ? null : words.join(' ');
}

/**
 * One word for a POSIX shell (most SDKs), for Python's shlex (botocore), and for files whose readers cut comments off.
 * Double quotes are what AWS documents; single ones where those would let something through.
 */
export function quoted(word: string): string | null {
  // A configuration file has one line per setting, and some readers take what follows a blank and # or ; for a comment.
  if (/[\p{Cc}]|\s[#;]/u.test(word)) return null;
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
