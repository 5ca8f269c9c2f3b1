// The text of an installed hook: where the prompt state is, the prompt hook, and the function that uses grants.

import { readFileSync } from 'node:fs';
import { JitError } from '../../core/errors.ts';
import { quoteFish, quotePosix, quotePowershell } from '../../shell/quote.ts';
import { readErrnoText } from '../../system/errno.ts';
import type { World } from '../world.ts';
import type { ShellName } from './shells.ts';

const files = {
  bash: ['jit.bash', 'jit-use.bash'],
  zsh: ['jit.zsh', 'jit-use.zsh'],
  fish: ['jit.fish', 'jit-use.fish'],
  powershell: ['jit.ps1'],
} as const satisfies Record<ShellName, readonly string[]>;

/** Inside of `jit elevate` the variable is there already, and wins. */
const stateLine: Readonly<Record<ShellName, (file: string) => string>> = {
  bash: (file) => `[ -n "\${JIT_STATE_FILE-}" ] || JIT_STATE_FILE=${quotePosix(file)}`,
  zsh: (file) => `[[ -n \${JIT_STATE_FILE-} ]] || typeset -g JIT_STATE_FILE=${quotePosix(file)}`,
  fish: (file) => `set -q JIT_STATE_FILE; or set -g JIT_STATE_FILE ${quoteFish(file)}`,
  powershell: (file) => `if (-not $env:JIT_STATE_FILE) { $env:JIT_STATE_FILE = ${quotePowershell(file)} }`,
};

function read(folder: string, name: string): string {
  const file = `${folder}/${name}`;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JitError('ERR_INTERNAL', `cannot read the hook "${file}": ${readErrnoText(cause)}`, {
      hint: 'install jit again',
      cause,
    });
  }
}

/** @throws JitError `ERR_INTERNAL` when jit is not whole, `ERR_UNSUPPORTED` for a path that no line can hold */
export function hookText(
  { hooksDir, promptState, version }: Pick<World, 'hooksDir' | 'promptState' | 'version'>,
  shell: ShellName,
): string {
  const state = promptState();
  if (/[\n\0]/.test(state)) {
    throw new JitError('ERR_UNSUPPORTED', `no hook can name the prompt state "${state}"`, {
      hint: 'set XDG_RUNTIME_DIR to a path without a line break',
    });
  }
  const head = `# Written by "jit shell-init ${shell}" of jit ${version}; not by hand.\n${stateLine[shell](state)}\n`;
  return [head, ...files[shell].map((name) => read(hooksDir, name))].join('\n');
}
