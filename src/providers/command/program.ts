// Which file a program of the config is, and whether anybody but its owner could have put something else there.

import { accessSync, constants, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../system/errno.ts';

/** Where names without a folder are looked for, and the PATH that programs get: never the user's own. */
export const searchPath = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/opt/homebrew/bin',
] as const;

/** Where a program is, or why it is not to be run, in words. */
export type Found =
  | { readonly path: string; readonly problem: null }
  | { readonly path: string | null; readonly problem: string; readonly remedy?: string };

/**
 * Looks a command line up. Scripts that an interpreter is given by absolute path count as programs as well: whoever
 * can write one of these files, or swap it, runs code with the rights of the broker.
 */
export function findProgram([name = '', ...args]: readonly string[]): Found {
  const found = name.startsWith('/')
    ? name
    : searchPath.map((one) => path.join(one, name)).find(isExecutable);
  if (found === undefined) return { path: null, problem: `"${name}" is in none of ${searchPath.join(', ')}` };
  const own = programProblem(found);
  if (own !== null) return { path: found, ...own };
  for (const script of args.filter((one) => one.startsWith('/') && isFile(one))) {
    const problem = tamperProblem(script);
    if (problem !== null) return { path: found, ...problem };
  }
  return { path: found, problem: null };
}

interface Problem {
  readonly problem: string;
  readonly remedy?: string;
}

function programProblem(file: string): Problem | null {
  try {
    if (!statSync(file).isFile()) return { problem: `"${file}" is no file` };
  } catch (thrown) {
    return { problem: `"${file}" cannot be found (${errnoOf(thrown)})` };
  }
  if (!isExecutable(file)) return { problem: `"${file}" is not executable` };
  return tamperProblem(file);
}

/** The file itself, every link on the way to it, and every folder above each of these. */
function tamperProblem(file: string): Problem | null {
  for (const link of linksTo(file)) {
    if (!isTrustedOwner(lstatSync(link).uid)) return { problem: `"${link}" belongs to another user` };
    const problem = openProblem(path.dirname(link));
    if (problem !== null) return problem;
  }
  return openProblem(realpathSync(file));
}

/** The links that the system follows to a file that is there, each named without another one in its path. */
function* linksTo(file: string): Generator<string> {
  let at = '/';
  const left = file.split('/');
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const one = path.resolve(at, name);
    if (!lstatSync(one).isSymbolicLink()) {
      at = one;
      continue;
    }
    yield one;
    const target = readlinkSync(one);
    left.unshift(...target.split('/'));
    if (target.startsWith('/')) at = '/';
  }
}

/** @param file without links in its path */
function openProblem(file: string): Problem | null {
  let one = file;
  for (;;) {
    const stats = statSync(one);
    if (!isTrustedOwner(stats.uid)) return { problem: `"${one}" belongs to another user` };
    // In a sticky folder, as /tmp is, others cannot replace what is not theirs.
    const isSticky = stats.isDirectory() && (stats.mode & 0o1000) !== 0;
    if (!isSticky && isOpen(stats)) {
      return { problem: `"${one}" can be written by others`, remedy: `chmod go-w ${quoted(one)}` };
    }
    const above = path.dirname(one);
    if (above === one) return null;
    one = above;
  }
}

const isTrustedOwner = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();

/** The user's own group is, on many systems, the user alone. */
function isOpen({ mode, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== process.getegid?.());
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return isFile(file);
  } catch {
    return false;
  }
}

/** For a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
