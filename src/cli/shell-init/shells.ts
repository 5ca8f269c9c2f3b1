// The shells that jit has a hook for: where the hook is installed, and the line that loads it. Pure, but for the home.

import path from 'node:path';
import { JitError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { findShell } from '../../shell/which-shell.ts';
import { usableHome } from '../../system/home.ts';
import type { World } from '../world.ts';

export const shellNames = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type ShellName = (typeof shellNames)[number];
/** Those whose rc file is known. */
export type Installed = Exclude<ShellName, 'powershell'>;
export const installed = ['bash', 'zsh', 'fish'] as const satisfies readonly Installed[];

/** Where the parts of one shell lie. */
export interface Place {
  /** The hook itself. */
  readonly hook: string;
  /** What the user's shell reads when it starts. */
  readonly rc: string;
  /** Of `rc`, the line that loads the hook; all of it for fish. */
  readonly line: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The shell that is meant: the one that is named, else the one that this runs in.
 * @throws JitError `ERR_USAGE` for a shell without a hook
 */
export function shellNamed(given: string | null, env: Env): ShellName {
  const name = given ?? path.basename(findShell(env));
  const known = name === 'pwsh' ? 'powershell' : shellNames.find((one) => one === name);
  if (known) return known;
  const close = given === null ? undefined : nearest(name, shellNames);
  throw new JitError('ERR_USAGE', `there is no hook for the shell "${name}"`, {
    hint: close ? `did you mean: jit shell-init ${close}` : `one of: ${shellNames.join(', ')}`,
  });
}

const absolute = (value: string | undefined): string | null =>
  value && path.isAbsolute(value) ? value : null;

/**
 * Where the hook of `shell` belongs, by XDG_DATA_HOME, ZDOTDIR and XDG_CONFIG_HOME.
 * @throws JitError `ERR_UNSAFE_PATH` when there is no home that can be used
 */
export function placeOf({ env }: Pick<World, 'env'>, shell: Installed): Place {
  const home = usableHome(env, (one) => one);
  if (home === null) {
    throw new JitError('ERR_UNSAFE_PATH', 'there is no home to install the hook in', {
      hint: `jit shell-init ${shell} --print`,
    });
  }
  const data = absolute(env.XDG_DATA_HOME) ?? path.join(home, '.local/share');
  const hook = path.join(data, 'jit/shell', `jit.${shell}`);
  if (shell === 'fish') {
    const config = absolute(env.XDG_CONFIG_HOME) ?? path.join(home, '.config');
    return { hook, rc: path.join(config, 'fish/conf.d/jit.fish'), line: fishFile(inFish(hook, home)) };
  }
  const rc = shell === 'bash' ? '.bashrc' : '.zshrc';
  const folder = (shell === 'zsh' && absolute(env.ZDOTDIR)) || home;
  const word = inPosix(hook, home);
  return { hook, rc: path.join(folder, rc), line: `[ -r ${word} ] && . ${word} # jit shell-init` };
}

const plain = /^[\w@%+:,./-]*$/;

/** Below the home by `~`, so that the line holds wherever else the rc file is used. */
function tilde(file: string, home: string, quote: (text: string) => string): string {
  const word = (text: string): string => (plain.test(text) ? text : quote(text));
  return file.startsWith(`${home}/`) ? `~/${word(file.slice(home.length + 1))}` : word(file);
}

function inPosix(file: string, home: string): string {
  return tilde(file, home, (text) => `'${text.replaceAll("'", "'\\''")}'`);
}

function inFish(file: string, home: string): string {
  return tilde(file, home, (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
}

/** Not before the first prompt: config.fish comes after this, and may define the prompt. */
function fishFile(word: string): string {
  return `# Written by "jit shell-init fish", which also takes it away: jit shell-init fish --remove
if status is-interactive; and test -r ${word}
    function _jit_boot --on-event fish_prompt
        functions -e _jit_boot
        source ${word}
        functions -q _jit_on_prompt; and _jit_on_prompt
    end
end
`;
}
