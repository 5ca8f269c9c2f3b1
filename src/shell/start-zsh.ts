// How an interactive zsh is started: ZDOTDIR with a single .zshenv that puts the user's own ZDOTDIR back.

import path from 'node:path';
import { quotePosix } from './quote.ts';
import type { ShellStart, ShellStartInput } from './start-shell.ts';

/**
 * ZDOTDIR is right again before .zshrc and compinit run, so history and completion dumps land where they
 * belong. The hook itself is loaded at the first prompt, after everything else.
 */
export function startZsh({ folder, hooksDir, baseEnv }: ShellStartInput): ShellStart {
  const userZdotdir = baseEnv['ZDOTDIR'];
  const zshenv = `if (( \${+JIT_USER_ZDOTDIR} )); then
  export ZDOTDIR=$JIT_USER_ZDOTDIR
  unset JIT_USER_ZDOTDIR
else
  unset ZDOTDIR
fi
{
  [[ ! -r \${ZDOTDIR:-$HOME}/.zshenv ]] || source -- "\${ZDOTDIR:-$HOME}/.zshenv"
} always {
  if [[ -o interactive ]]; then
    _jit_boot() {
      # sched makes its result the status of the last command, which is the user's.
      local -i _jit_status=$?
      precmd_functions=(\${precmd_functions:#_jit_boot})
      (( \${+_JIT_LOADED} )) && return _jit_status
      builtin source -- ${quotePosix(path.join(hooksDir, 'jit.zsh'))}
      _jit_precmd
      zle && zle reset-prompt
      return _jit_status
    }
    typeset -ga precmd_functions
    precmd_functions+=(_jit_boot)
    # A .zshrc with precmd_functions=() loses the line above; this brings it back within a second.
    zmodload zsh/sched && sched +1 _jit_boot
  fi
}
`;
  return {
    args: ['-i'],
    env: { ZDOTDIR: folder, ...(userZdotdir === undefined ? {} : { JIT_USER_ZDOTDIR: userZdotdir }) },
    files: { '.zshenv': zshenv },
  };
}
