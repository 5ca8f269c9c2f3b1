// How an interactive fish is started: -C runs the hook after the user's config.fish.

import path from 'node:path';
import { quoteFish } from './quote.ts';
import type { ShellStart, ShellStartInput } from './start-shell.ts';

/** fish needs no start file of its own. */
export function startFish({ hooksDir }: ShellStartInput): ShellStart {
  return { args: ['-i', '-C', `source ${quoteFish(path.join(hooksDir, 'jit.fish'))}`], env: {}, files: {} };
}
