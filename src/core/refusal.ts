// The error that tells what policy refuses: the same words for a request that was refused and for one that would be.

import { JitError } from './errors.ts';

/** A decision that grants nothing, and what was asked for. */
export interface Refused {
  readonly outcome: 'needs-approval' | 'denied';
  readonly target: string;
  readonly role: string;
  readonly reasons: readonly string[];
  readonly hint: string | null;
}

/** `ERR_POLICY_DENIED` or `ERR_APPROVAL_PENDING`, with the reasons in its message. */
export function refusalOf({ outcome, target, role, reasons, hint: given }: Refused): JitError {
  const what = `${target}:${role}`;
  const why = reasons.join('; ');
  const hint = given ?? `jit policy explain ${what}`;
  if (outcome === 'denied') return new JitError('ERR_POLICY_DENIED', `${what} is denied: ${why}`, { hint });
  const words = `${what} needs approval, which this version cannot collect yet: ${why}`;
  return new JitError('ERR_APPROVAL_PENDING', words, { hint });
}
