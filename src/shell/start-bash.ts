// How an interactive bash is started: --rcfile, in two stages around the user's ~/.bashrc.

import path from 'node:path';
import { quotePosix } from './quote.ts';
import type { ShellStart, ShellStartInput } from './start-shell.ts';

/** The hook comes first: Ctrl-C in a slow ~/.bashrc ends the reading of this file, and must not cost the hook. */
export function startBash({ folder, hooksDir }: ShellStartInput): ShellStart {
  const rcfile = `. ${quotePosix(path.join(hooksDir, 'jit.bash'))}
if [ -f ~/.bashrc ]; then . ~/.bashrc; fi
_jit_install # again: last in PROMPT_COMMAND, after whatever ~/.bashrc put there
`;
  return { args: ['--rcfile', path.join(folder, 'bashrc'), '-i'], env: {}, files: { bashrc: rcfile } };
}
