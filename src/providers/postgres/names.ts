// Names of the roles that jit makes. The name is derived from the lease, so that a crash leaves something to look for.

import { JitError } from '../../core/errors.ts';

const prefix = 'jit_';

/** `jit_<lease>`. @throws JitError `ERR_INTERNAL` when the lease's id does not fit PostgreSQL's 63 bytes. */
export function roleName(lease: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,58}$/.test(lease)) {
    throw new JitError('ERR_INTERNAL', 'the id of the lease cannot be part of a role name');
  }
  return prefix + lease;
}

/** The lease that a name made by {@link roleName} tells, when it has the form of the broker's ids; else null. */
export function leaseOfName(name: string): string | null {
  return /^jit_(l[0-9a-hjkmnp-tv-z]{15})$/.exec(name)?.[1] ?? null;
}
