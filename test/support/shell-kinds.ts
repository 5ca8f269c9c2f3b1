// What differs between bash, zsh and fish for a test that types into them: start files with a plain prompt, and a few words.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shellsToTest } from './fish4.ts';
import { quietFish } from './quiet-fish.ts';

/** One of the shells that jit has a hook for. */
export interface ShellKind {
  readonly name: 'bash' | 'zsh' | 'fish';
  /** The user's own start file, below the home folder, or that of configurations for fish. */
  readonly rcFile: string;
  /** Sets the prompt `p> `. With SLOW_RC set, a shell under a grant waits first; with EXEC_RC another takes its place. */
  readonly rc: string;
  /** The exit code of the last command, and the shell's own process, in its words. */
  readonly status: string;
  readonly pid: string;
  /** A line that prints `is=<value>`, or `is=<none>` for a variable that is not set. */
  isSet(variable: string): string;
  /** An endless loop of the shell itself around `command`. */
  loop(command: string): string;
}

/** Inside a grant, start files can be told to dawdle, and to put another shell in their place. */
const posixOddities = `if [ -n "\${JIT_GRANT_ID-}" ]; then
  if [ -n "\${SLOW_RC-}" ]; then sh -c 'echo slow; exec sleep 300'; fi
  if [ -n "\${EXEC_RC-}" ]; then exec env PS1='other> ' sh -i; fi
fi
`;
const fishOddities = `if set -q JIT_GRANT_ID
    if set -q SLOW_RC; sh -c 'echo slow; exec sleep 300'; end
    if set -q EXEC_RC; exec env PS1='other> ' sh -i; end
end
`;

const posix = {
  status: '$?',
  pid: '$$',
  isSet: (variable: string) => `echo "is=<\${${variable}-none}>"`,
  loop: (command: string) => `while :; do ${command}; done`,
};

const allKinds: readonly ShellKind[] = [
  { name: 'bash', rcFile: '.bashrc', rc: `PS1='p> '\n${posixOddities}`, ...posix },
  // zsh asks questions in a home without start files, and beeps.
  { name: 'zsh', rcFile: '.zshrc', rc: `PROMPT='p> '\nunsetopt beep\n${posixOddities}`, ...posix },
  {
    name: 'fish',
    rcFile: 'fish/config.fish',
    rc: `set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt; echo -n 'p> '; end\nfunction fish_title; end\n${fishOddities}`,
    status: '$status',
    pid: '$fish_pid',
    isSet: (variable) => `set -q ${variable}; and echo "is=<$${variable}>"; or echo "is=<none>"`,
    loop: (command) => `while true; ${command}; end`,
  },
];

/** The shells to test. */
export const shellKinds: readonly ShellKind[] = shellsToTest(allKinds, ({ name }) => name);

/** The user's own start file of a shell. */
export function startFileOf({ rcFile, name }: ShellKind, env: NodeJS.ProcessEnv): string {
  const config = name === 'fish' ? env['XDG_CONFIG_HOME'] : undefined;
  return path.join(config ?? env['HOME'] ?? '', rcFile);
}

/** Writes the start files of all shells for a user with this environment. */
export function writeStartFiles(env: NodeJS.ProcessEnv): void {
  for (const shell of allKinds) {
    const file = startFileOf(shell, env);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, shell.rc);
  }
  quietFish(env['HOME'] ?? '');
}
