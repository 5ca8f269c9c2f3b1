// A refusal's hint as the whole command line: what was typed, with what policy wants changed.

import { formatDuration } from '../../core/duration.ts';
import { hasCode, JitError } from '../../core/errors.ts';
import type { Wish } from '../../protocol/routes.ts';
import { quotedWord } from '../quoted-word.ts';

/** The first word alone: what follows may hold a secret. */
function commandWords([name, ...rest]: readonly string[]): string[] {
  return name === undefined ? [] : ['--', quotedWord(name), ...(rest.length > 0 ? ['…'] : [])];
}

/** The same failure; a hint of the form `jit elevate …` also names the length, reason and command that were typed. */
export function withWholeHint(
  error: unknown,
  wish: Wish,
  reason: string | null,
  command: readonly string[],
): unknown {
  if (!hasCode(error, 'ERR_POLICY_DENIED') || !error.hint?.startsWith('jit elevate ')) return error;
  const { code, message, hint } = error;
  const words = [
    ...(wish.duration === null || hint.includes(' --for ') ? [] : ['--for', formatDuration(wish.duration)]),
    ...(reason === null || hint.includes(' --reason ') ? [] : ['--reason', quotedWord(reason)]),
    ...commandWords(command),
  ];
  return new JitError(code, message, { hint: [hint, ...words].join(' ') });
}
