// What a child's end means as an exit code.

import os from 'node:os';
import type { ChildExit } from './child.ts';

/** The child's own exit code, or 128 plus the number of the signal that ended it, as every shell has it. */
export function exitCodeOf({ code, signal }: ChildExit): number {
  if (code !== null) return code;
  return 128 + (signal === null ? 0 : os.constants.signals[signal]);
}
