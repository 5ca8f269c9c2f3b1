// A lease: the broker's record of one credential under a grant. Pure values and the moves between states.

import type { ErrorCode } from './errors.ts';
import { JitError } from './errors.ts';
import type { EndCause } from './grant.ts';
import type { Json } from './json.ts';
import type { Instant } from './time.ts';

/**
 * Where a lease is in its life.
 * `intent`: on disk, the provider may or may not have been called. `active`: issued. `revoking`: being
 * taken back. `overdue`: past its deadline and grace, not confirmed gone, retried for ever.
 * `revoked`: confirmed gone; final.
 */
export type LeaseState = 'intent' | 'active' | 'revoking' | 'overdue' | 'revoked';

/** Everything that revocation needs, on disk before the first remote call. */
export interface Lease {
  readonly id: string;
  readonly grant: string;
  readonly target: string;
  readonly role: string;
  /** Kind of provider, e.g. `postgres`. */
  readonly provider: string;
  /** What exists on the target, e.g. the name of a role: unique, shown and audited. */
  readonly name: string;
  readonly state: LeaseState;
  /** What the provider needs to revoke and confirm. Never leaves the broker's own database. */
  readonly handle: Json;
  /** What is stored as the handle, when that cannot be read: `handle` is null then, and nobody knows how to revoke the lease. */
  readonly damaged?: string;
  readonly deadline: Instant;
  /** When the target's own clock ends the credential, even if the broker never comes back. */
  readonly hardDeadline: Instant;
  /** Boot of the machine that `bootDeadline` counts from. */
  readonly bootId: string;
  /** The deadline in milliseconds since boot, time asleep included: a stepped wall clock cannot move it. */
  readonly bootDeadline: number;
  readonly createdAt: Instant;
  readonly issuedAt: Instant | null;
  readonly handedOutAt: Instant | null;
  /** When the provider said that nobody can use the credential any more, though objects may remain. */
  readonly accessEndedAt: Instant | null;
  readonly revokedAt: Instant | null;
  readonly cause: EndCause | null;
  /** Failed attempts to revoke so far. */
  readonly attempts: number;
  readonly nextAttemptAt: Instant | null;
  readonly lastError: ErrorCode | null;
}

const moves: Record<LeaseState, readonly LeaseState[]> = {
  intent: ['active', 'revoking'],
  active: ['active', 'revoking'],
  revoking: ['revoking', 'overdue', 'revoked'],
  overdue: ['overdue', 'revoked'],
  revoked: [],
};

/**
 * The same lease in another state.
 * @throws JitError `ERR_CONFLICT` when no such move exists; `ERR_AUDIT_INVALID` to `revoked` without a handle that can be read.
 */
export function moveLease(lease: Lease, state: LeaseState, changes: Partial<Lease> = {}): Lease {
  if (state === 'revoked' && lease.damaged !== undefined) throw damagedError(lease);
  if (!moves[lease.state].includes(state)) {
    throw new JitError('ERR_CONFLICT', `lease "${lease.id}" is ${lease.state} and cannot become ${state}`);
  }
  return { ...lease, ...changes, state };
}

/** Why nobody but a person can take the credential back. */
export function damagedError({ id, name }: Lease): JitError {
  return new JitError(
    'ERR_AUDIT_INVALID',
    `what revoking lease "${id}" needs is damaged in the database: "${name}" has to be taken back by hand`,
    { hint: 'put the row of the lease back from a backup, while no broker runs' },
  );
}

/** True while the credential may exist on the target. */
export function isOpen(lease: Lease): boolean {
  return lease.state !== 'revoked';
}
