// The shell that uses a grant: which process it is, and what it is told when the function of jit is not in it.

import { JitError } from '../../core/errors.ts';
import type { Session } from '../../core/grant.ts';
import { isWithin, sessionOf } from '../../system/process-info.ts';
import { opt } from '../define-command.ts';
import type { World } from '../world.ts';

/** What the function that "jit shell-init" installs adds to the command that was typed. */
export const shellOptions = {
  records: opt.flag('print records for the function of jit in the shell, which passes this by itself'),
  'shell-pid': opt.count('pid', 'the process of that shell', 2, 999_999_999),
};

/** Their values. */
export interface ShellFlags {
  readonly records: boolean;
  readonly 'shell-pid': number | null;
}

/** True inside of a shell that `jit elevate` opened. */
export function isInSubshell({ env }: Pick<World, 'env'>): boolean {
  return Boolean(env.JIT_GRANT_ID) && env.JIT_USE !== '1';
}

/**
 * The shell as the broker watches it.
 * @throws JitError `ERR_USAGE` when the function of jit did not call this, or named a process that is not above it
 */
export function usingShell({ isTTY }: World, flags: ShellFlags, command: string): Session {
  const pid = flags['shell-pid'];
  if (!flags.records || pid === null) {
    throw new JitError('ERR_USAGE', `"jit ${command}" changes the shell you are in, and no command can`, {
      hint: 'jit shell-init installs the function that can; then open a new shell',
    });
  }
  if (isTTY.stdout) {
    throw new JitError('ERR_USAGE', 'records may be secrets, and are not printed to a terminal', {
      hint: `leave "--records" out: jit ${command} …`,
    });
  }
  const session = sessionOf(pid);
  if (session && isWithin(process.pid, session)) return session;
  throw new JitError('ERR_USAGE', `process ${pid} is not the shell that runs this`, {
    hint: 'leave "--shell-pid" out',
  });
}
