// A credential that should be gone and is not confirmed gone.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { createMemory } from './memory.ts';
import type { Rule, Sign } from './rule.ts';

interface Pending {
  readonly since: Instant;
  readonly event: EventBody;
  /** How often it was told: at `after`, then at `critical`. */
  readonly told: number;
}

export const overdueRevocation: Rule<'overdue-revocation'> = {
  name: 'overdue-revocation',
  severity: 'high',
  definition:
    'A credential is not confirmed gone `after` a time since its revocation began, or the broker calls it overdue; critical when that takes longer than `critical`.',
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
        if (type !== 'lease.revoking' && type !== 'lease.overdue') return [];
        const known = pending.get(lease) ?? { since: at, event, told: 0 };
        const isNew = type === 'lease.overdue' && known.told === 0;
        pending.set(lease, isNew ? { ...known, told: 1 } : known);
        return isNew ? [sign(event, false)] : [];
      },
      tick(now) {
        const signs: Sign[] = [];
        for (const [lease, one] of pending.entries()) {
          const due = now - one.since >= critical ? 2 : now - one.since >= after ? 1 : 0;
          if (due <= one.told) continue;
          signs.push(sign(one.event, due === 2));
          pending.set(lease, { ...one, told: due });
        }
        return signs;
      },
    };
  },
};
