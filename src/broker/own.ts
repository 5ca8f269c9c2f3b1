// Whose grant it is.

import type { Grant } from '../core/grant.ts';
import type { Caller } from './broker.ts';

/**
 * True when the caller may see, use and end the grant. A CI job that asked through this socket ran as the user whose
 * socket it is: that user's processes get it by their session or end it, and nobody else comes through this door.
 */
export function isOwn(grant: Pick<Grant, 'principal'>, caller: Pick<Caller, 'principal'>): boolean {
  return grant.principal === caller.principal || grant.principal.startsWith('job:');
}
