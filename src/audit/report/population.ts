// The population that an auditor draws from: requests, grants and credentials, and that they add up.

import { isGiven } from './activity.ts';
import type { Completeness } from './completeness.ts';
import { distributionOf } from './distribution.ts';
import type { GrantDraft, Register } from './register.ts';
import type { Population, TargetCounts } from './report.ts';

/** @param open credentials that should have been gone at the end */
export function populationOf(
  grants: readonly GrantDraft[],
  completeness: ReturnType<Completeness['result']>,
  { unapproved, unrequested }: Pick<Register, 'unapproved' | 'unrequested'>,
  open: number,
): Population {
  const asked = grants.filter(({ isCarried }) => !isCarried);
  const leases = grants.flatMap((grant) => grant.leases);
  const count = (outcome: string): number => asked.filter((grant) => grant.outcome === outcome).length;
  return {
    ...completeness,
    targets: targetsOf(grants),
    people: new Set(asked.map(({ principal }) => principal)).size,
    requests: asked.length,
    approved: count('approved'),
    denied: count('denied'),
    undecided: count('undecided'),
    carriedIn: grants.length - asked.length,
    unrequested,
    credentials: {
      // One that was gone before the period belongs to a grant that goes on; it is not counted.
      before: leases.filter((lease) => !lease.begunIn && (lease.goneIn || lease.revokedAt === null)).length,
      begun: leases.filter((lease) => lease.begunIn).length,
      gone: leases.filter((lease) => lease.goneIn).length,
      after: leases.filter((lease) => lease.revokedAt === null).length,
      pastDeadline: open,
      unapproved,
    },
  };
}

function targetsOf(grants: readonly GrantDraft[]): TargetCounts[] {
  const byTarget = Map.groupBy(grants, ({ target }) => target);
  return [...byTarget]
    .map(([target, all]) => {
      const asked = all.filter(({ isCarried }) => !isCarried);
      const leases = all.flatMap((grant) => grant.leases);
      const gone = leases.filter((lease) => lease.goneIn);
      return {
        target,
        requests: asked.length,
        approved: asked.filter(isGiven).length,
        denied: asked.filter(({ outcome }) => outcome === 'denied').length,
        people: new Set(asked.map(({ principal }) => principal)).size,
        issued: leases.filter((lease) => lease.begunIn && lease.issuedAt !== null).length,
        revoked: gone.length,
        late: distributionOf(gone.map(({ lateMs }) => lateMs ?? 0)),
      };
    })
    .sort((one, other) => other.requests - one.requests || (one.target < other.target ? -1 : 1));
}
