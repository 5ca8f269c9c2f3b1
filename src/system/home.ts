// Whether HOME can hold files of jit: containers often have none, one that is read-only, or one of somebody else.

import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { isCi } from './ci.ts';

/**
 * The home directory of this environment, else of the user database; null when there is none that can be used.
 * @param needed what shall lie in it; once that is there, it is used whatever else is true
 */
export function usableHome(env: NodeJS.ProcessEnv, needed: (home: string) => string): string | null {
  const home = homeOf(env);
  if (home === null) return null;
  if (isThere(needed(home))) return home;
  try {
    // In container jobs HOME is the runner's and the user is another one; elsewhere that is refused (directories.ts).
    if (isCi(env) && statSync(home).uid !== process.geteuid?.()) return null;
    accessSync(nearest(needed(home), home), constants.W_OK | constants.X_OK);
    return home;
  } catch {
    return null;
  }
}

/** The home directory as it is named, whether or not it can be used. */
function homeOf(env: NodeJS.ProcessEnv): string | null {
  const named = env['HOME'];
  if (named !== undefined && path.isAbsolute(named)) return named;
  try {
    return process.getBuiltinModule('node:os').userInfo().homedir;
  } catch {
    // A uid without an entry in the user database.
    return null;
  }
}

/** The deepest directory above `file` that is there; `home` at last, be it there or not. */
function nearest(file: string, home: string): string {
  const parent = path.dirname(file);
  return parent === home || parent.length <= home.length || isThere(parent) ? parent : nearest(parent, home);
}

function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Something on the way may not be entered.
    return false;
  }
}
