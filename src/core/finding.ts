// A finding: something on a target that should not be there, seen while revoking or reconciling.

import type { Instant } from './time.ts';

/** What kind of thing was found. */
export type FindingKind =
  /** An object that the role owned, e.g. a table or function. */
  | 'owned-object'
  /** A function that runs with its owner's rights. */
  | 'security-definer'
  /** A right that the role gave to somebody else. */
  | 'third-party-grant'
  /** A credential with jit's name that no lease knows. */
  | 'credential-without-lease'
  /** A lease that should be active, whose credential is not on the target. */
  | 'lease-without-credential'
  /** A grant or lease whose record in the broker's own database cannot be read as a whole. */
  | 'damaged-record';

/** One finding. `detail` is shown to people and audited: no secrets, control characters escaped. */
export interface Finding {
  readonly kind: FindingKind;
  readonly target: string;
  /** The lease it belongs to; null when no lease knows it. */
  readonly lease: string | null;
  /** Where: for PostgreSQL `database/schema.name`. */
  readonly where: string;
  readonly detail: string;
  /** What was done about it, e.g. `now owned by jit_quarantine`. */
  readonly action: string;
  readonly foundAt: Instant;
}
