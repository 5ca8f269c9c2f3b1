// `<target>[:role]` and `--role`: two spellings of one wish.

import { JitError } from '../core/errors.ts';

/** A target, and a role when one was named. */
export interface NamedRole {
  readonly target: string;
  readonly role: string | null;
}

/**
 * Takes `prod-db:read` apart; `flag` is the value of `--role`.
 * @throws JitError `ERR_USAGE` when a part is empty or the two disagree.
 */
export function namedRole(word: string, flag: string | null): NamedRole {
  const colon = word.indexOf(':');
  if (colon === -1) return { target: word, role: flag };
  const [target, role] = [word.slice(0, colon), word.slice(colon + 1)];
  if (!target || !role) {
    throw new JitError('ERR_USAGE', `"${word}" is not <target>:<role>`, { hint: 'jit targets lists them' });
  }
  if (flag !== null && flag !== role) {
    throw new JitError('ERR_USAGE', `two roles are given: "${role}" and "${flag}"`, {
      hint: `leave one out: jit elevate ${target}:${role}`,
    });
  }
  return { target, role };
}
