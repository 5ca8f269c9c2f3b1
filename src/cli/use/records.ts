// A grant as records for the shell that asked for it: `drop`, `unset NAME`, `set NAME=VALUE`, one a line. The function
// `jit` in completions/jit-use.* parses them and evaluates nothing. Pure. Must not: let a name through that a shell or
// another program would take for more than a value.

import { JitError } from '../../core/errors.ts';
import { childEnvironment, type EnvironmentOptions } from '../../shell/environment.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables of one shell or session, which say nothing of the grant: the shell keeps its own. */
const ofTheShell = new Set([
  'JIT_ID_TOKEN',
  'JIT_READY',
  'JIT_PARENT',
  'JIT_NOW',
  'JIT_PROMPT',
  'JIT_USER_ZDOTDIR',
]);

/** What decides how the shell itself works, or which programs others run. The functions in completions/ know them, too. */
const refused =
  /^(?:PATH|HOME|IFS|ENV|SHELL|TERM|SHLVL|PWD|OLDPWD|UID|EUID|PPID|CDPATH|FPATH|MANPATH|ZDOTDIR|RPROMPT|PSVAR|SHELLOPTS|GLOBIGNORE|NODE_OPTIONS|EDITOR|VISUAL|PAGER|(?:LD_|DYLD_|BASH|PS\d|PROMPT|PYTHON|PERL|RUBY|GIT_SSH|GIT_EXEC).*)$/;

/** What a record of a shell could not carry, or must not. */
function checkVariable(name: string, value: string, target: string): void {
  const hint = `jit elevate ${target} opens a shell of its own`;
  if (!/^[A-Z][A-Z0-9_]*$/.test(name) || refused.test(name)) {
    throw new JitError('ERR_UNSUPPORTED', `"${name}" is not set in a shell that goes on after the grant`, {
      hint,
    });
  }
  // The value itself is not told: it may be a secret.
  if (/[\n\0]/.test(value) || !value.isWellFormed()) {
    throw new JitError('ERR_UNSUPPORTED', `the value of "${name}" cannot be handed to this shell`, { hint });
  }
}

/**
 * All records, each with its newline. The variables are those of a subshell under the grant, with `JIT_USE=1`
 * and `JIT_USE_PID`, the process of the shell: one that exec has put in its place knows the grant for its own by it.
 * `drop` comes first: what the shell has in use gives way to this.
 * @throws JitError `ERR_UNSUPPORTED` for a name or value that is not handed out, `ERR_CHILD_SETUP` as {@link childEnvironment}
 */
export function recordsOf(
  options: EnvironmentOptions & { readonly baseEnv: Env; readonly shellPid: number },
): string {
  const { baseEnv, unset, grant } = options;
  const next: Env = { ...childEnvironment(options), JIT_USE: '1', JIT_USE_PID: String(options.shellPid) };
  const names = Object.keys(next).filter((name) => next[name] !== baseEnv[name] && !ofTheShell.has(name));
  // Also where they are the same as now: the shell may change before it reads this.
  const all = [...new Set([...names, ...Object.keys(options.env)])];
  const gone = Object.keys(baseEnv).filter((name) => !(name in next) && !ofTheShell.has(name));
  const lines = ['drop'];
  for (const name of new Set([...gone, ...unset])) {
    checkVariable(name, '', grant.target);
    lines.push(`unset ${name}`);
  }
  for (const name of all) {
    const value = next[name] ?? '';
    checkVariable(name, value, grant.target);
    lines.push(`set ${name}=${value}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
