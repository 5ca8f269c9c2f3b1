// How soon credentials were gone once their time was over.

import type { Instant, Milliseconds } from '../../core/time.ts';
import { distributionOf } from './distribution.ts';
import type { LateEntry } from './entries.ts';
import type { GrantDraft } from './register.ts';
import type { Period, Timeliness } from './report.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const bands: readonly (readonly [name: string, upTo: Milliseconds])[] = [
  ['in time', 0],
  ['up to 1 s', second],
  ['up to 5 s', 5 * second],
  ['up to 30 s', 30 * second],
  ['up to 1 min', minute],
  ['up to 5 min', 5 * minute],
  ['up to 1 h', hour],
  ['up to 1 day', 24 * hour],
  ['longer', Number.POSITIVE_INFINITY],
];

/** @param thresholdMs what was later than this, or took longer to revoke, is listed */
export function timelinessOf(
  grants: readonly GrantDraft[],
  period: Period,
  thresholdMs: Milliseconds,
): Timeliness {
  const late: Milliseconds[] = [];
  const took: Milliseconds[] = [];
  const above: LateEntry[] = [];
  const open: LateEntry[] = [];
  let overdue = 0;
  for (const grant of grants) {
    for (const lease of grant.leases) {
      if (lease.overdueIn) overdue += 1;
      if (lease.goneIn && lease.lateMs !== null) {
        late.push(lease.lateMs);
        if (lease.tookMs !== null) took.push(lease.tookMs);
        const entry = lateEntry(grant, lease, lease.lateMs, lease.tookMs);
        if (worst(entry) > thresholdMs) above.push(entry);
      }
      const over = lease.revokedAt === null ? period.to - dueAt(grant, lease) : 0;
      const since = lease.revokingAt === null ? null : period.to - lease.revokingAt;
      if (over > 0) open.push(lateEntry(grant, lease, over, since));
    }
  }
  return {
    late: distributionOf(late),
    took: distributionOf(took),
    thresholdMs,
    bands: inBands(late, thresholdMs),
    above: above.sort(latestFirst),
    overdue,
    open: open.sort(latestFirst),
  };
}

type Lease = GrantDraft['leases'][number];

/** From when on it should be gone: its deadline, or before that the end of its grant or the first attempt to revoke it. */
const dueAt = ({ endedAt }: GrantDraft, { deadlineAt, revokingAt }: Lease): Instant =>
  Math.min(...[deadlineAt, revokingAt, endedAt].map((at) => at ?? Number.POSITIVE_INFINITY));

/** By the deadline or, where a grant ended early, by how long the revocation took: whichever is worse. */
export const worst = ({ lateMs, tookMs }: LateEntry): Milliseconds => Math.max(lateMs, tookMs ?? 0);

const latestFirst = (one: LateEntry, other: LateEntry): number =>
  worst(other) - worst(one) || (one.lease < other.lease ? -1 : 1);

function lateEntry(
  grant: GrantDraft,
  lease: Lease,
  lateMs: Milliseconds,
  tookMs: Milliseconds | null,
): LateEntry {
  const { id, principal, target, role } = grant;
  const { deadlineAt, revokedAt, attempts, cause } = lease;
  return {
    grant: id,
    lease: lease.id,
    principal,
    target,
    role,
    deadlineAt,
    revokedAt,
    lateMs,
    tookMs,
    attempts,
    cause,
  };
}

function inBands(late: readonly Milliseconds[], thresholdMs: Milliseconds): Timeliness['bands'] {
  const counts = bands.map(() => 0);
  for (const one of late) {
    const band = bands.findIndex(([, upTo]) => one <= upTo);
    counts[band] = (counts[band] ?? 0) + 1;
  }
  return bands.map(([name, upTo], band) => ({ name, count: counts[band] ?? 0, isLate: upTo > thresholdMs }));
}
