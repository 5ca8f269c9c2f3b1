// A failure's hint as the whole command line: what was typed, with what policy wants changed or what was missing.

import { formatDuration } from '../../core/duration.ts';
import { hasCode, JitError } from '../../core/errors.ts';
import type { Wish } from '../../protocol/routes.ts';
import { quotedWord } from '../quoted-word.ts';

/** What was typed beside the wish. */
export interface Typed {
  readonly reason: string | null;
  /** Other options, such as `--dry-run`, as they are written. */
  readonly flags: readonly string[];
  readonly command: readonly string[];
}

/** The first word alone: what follows may hold a secret. */
function commandWords([name, ...rest]: readonly string[]): string[] {
  return name === undefined ? [] : ['--', quotedWord(name), ...(rest.length > 0 ? ['…'] : [])];
}

/** The same failure; a hint of the form `jit elevate …` also names the options and the command that were typed. */
export function withWholeHint(error: unknown, wish: Wish, { reason, flags, command }: Typed): unknown {
  if (!hasCode(error, 'ERR_POLICY_DENIED') && !hasCode(error, 'ERR_INPUT_NEEDED')) return error;
  if (!error.hint?.startsWith('jit elevate ')) return error;
  const { code, message, hint } = error;
  const option = (name: string, value: string | null): string[] =>
    value === null || hint.includes(` --${name} `) ? [] : [`--${name}`, quotedWord(value)];
  const words = [
    ...option('scope', wish.scope),
    ...option('for', wish.duration === null ? null : formatDuration(wish.duration)),
    ...option('reason', reason),
    ...option('ticket', wish.ticket),
    ...flags,
    ...commandWords(command),
  ];
  return new JitError(code, message, { hint: [hint, ...words].join(' ') });
}
