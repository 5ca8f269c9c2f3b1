// Secrets and the screen: nothing secret is shown there unless asked for by name.

import { JitError } from '../core/errors.ts';
import type { World } from './world.ts';

/**
 * @param what what would be printed, e.g. `this is a token`
 * @param command as it would print it all the same
 * @throws JitError `ERR_USAGE` when standard output is a terminal and `print` was not given
 */
export function refuseOnTerminal({ isTTY }: World, print: boolean, what: string, command: string): void {
  if (!isTTY.stdout || print) return;
  throw new JitError('ERR_USAGE', `${what}, and the output is a terminal`, {
    hint: `${command} prints it all the same`,
  });
}
