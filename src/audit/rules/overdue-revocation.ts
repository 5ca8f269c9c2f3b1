// A credential that should be gone and is not confirmed gone.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { createMemory } from './memory.ts';
import { type Rule, type Sign, told } from './rule.ts';

/** The clock of a target may be so wrong; as the broker waits for its end. */
const clockSlack = 60_000;

interface Pending {
  readonly since: Instant;
  /** When it ends by itself, where nobody can take it back before: it is not late until then. */
  readonly endsBy: Instant | null;
  readonly event: EventBody;
  /** How often it was told: at `after`, then at `critical`. */
  readonly told: number;
}

export const overdueRevocation: Rule<'overdue-revocation'> = {
  name: 'overdue-revocation',
  severity: 'high',
  definition:
    'A credential is not confirmed gone `after` a time since its revocation began, or the broker calls it overdue; critical when that takes longer than `critical`. What nobody can take back before its own end is late from there on.',
  make({ after, critical }) {
    const pending = createMemory<Pending>();
    const sign = (event: EventBody, isCritical: boolean): Sign => ({
      ...(isCritical && { severity: 'critical' as const }),
      why: isCritical
        ? `a credential on ${event.target ?? 'its target'} is still not confirmed gone`
        : `a credential on ${event.target ?? 'its target'} is not confirmed gone in time`,
      evidence: [event.seq],
      about: event,
    });
    return {
      see(event, at) {
        const { lease, type } = event;
        if (lease === undefined) return [];
        if (type === 'lease.revoked') pending.delete(lease);
        const endsBy = ownEnd(event);
        const waits = endsBy === null ? undefined : pending.get(lease);
        if (endsBy !== null && waits) pending.set(lease, { ...waits, endsBy });
        if (type !== 'lease.revoking' && type !== 'lease.overdue') return [];
        const known = pending.get(lease) ?? { since: at, endsBy: null, event, told: 0 };
        const isNew = type === 'lease.overdue' && known.told === 0;
        pending.set(lease, isNew ? { ...known, told: 1 } : known);
        return isNew ? [sign(event, false)] : [];
      },
      tick(now) {
        const signs: Sign[] = [];
        for (const [lease, one] of pending.entries()) {
          // Begun in the future, by a clock that was wrong: it has waited since the clock is right.
          const since = Math.min(one.since, now);
          const late = now - Math.max(since, one.endsBy ?? since);
          const due = late >= critical ? 2 : late >= after ? 1 : 0;
          if (due > one.told) signs.push(sign(one.event, due === 2));
          if (due > one.told || since !== one.since)
            pending.set(lease, { ...one, since, told: Math.max(due, one.told) });
        }
        return signs;
      },
    };
  },
};

/** When a credential that cannot be withdrawn has ended whatever clock is right; null: `event` tells no such thing. */
function ownEnd(event: EventBody): Instant | null {
  const taken = told(event, 'lease.step');
  if (taken?.step !== 'cannot-be-withdrawn') return null;
  const { hard_deadline: end } = (taken.facts ?? {}) as { readonly hard_deadline?: unknown };
  const at = typeof end === 'string' ? Date.parse(end) : Number.NaN;
  return Number.isNaN(at) ? null : at + clockSlack;
}
