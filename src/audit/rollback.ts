// How a log that was set back, or damaged, is told, wherever it is met.

import { JitError } from '../core/errors.ts';
import type { LogHead } from './event.ts';

/** The command that goes on from a log that cannot be trusted, or signed, any more. */
export const forkHint = 'jit audit fork --reason "…"';

/**
 * @param known a head that was known elsewhere
 * @param size events that the log has, which do not lead to it
 */
export function rollbackError({ known, size }: { readonly known: LogHead; readonly size: number }): JitError {
  return new JitError(
    'ERR_AUDIT_INVALID',
    `the audit log was set back: it has ${size} events and does not lead to the head of "${known.origin}" at ${known.size}`,
    { hint: forkHint },
  );
}

/** @param what is wrong with the log, in words */
export function damageError(what: string): JitError {
  return new JitError('ERR_AUDIT_INVALID', `the audit log is damaged, so nothing is issued: ${what}`, {
    hint: `jit audit verify, then ${forkHint}`,
  });
}
