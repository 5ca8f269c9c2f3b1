// Somebody gets a role that they did not have for a long time, or ever. After elastic's "new terms" rules.

import type { Instant } from '../../core/time.ts';
import { createMemory, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

const never = Number.NEGATIVE_INFINITY;

export const firstTime: Rule<'first-time'> = {
  name: 'first-time',
  severity: 'low',
  definition:
    'A principal was granted a role that it was not granted `within` a time before, in a log that has been kept for at least `learn`.',
  make({ within, learn }) {
    const last = createMemory<Instant>();
    /** Grant -> when its principal had its role before it, or {@link never}. */
    const earlier = createMemory<Instant>();
    let began: Instant | null = null;
    return {
      see(event, at, grant) {
        began ??= at;
        if (!grant) return [];
        const key = keyOf(grant.principal, grant.target, grant.role);
        if (told(event, 'grant.ended')?.cause === 'anomaly') {
          // Who only has to ask once more would get by a rule of mode "revoke".
          const was = earlier.get(grant.id);
          if (was === never) last.delete(key);
          else if (was !== undefined) last.set(key, was);
        }
        if (event.type !== 'grant.approved') return [];
        const before = last.get(key);
        earlier.set(grant.id, before ?? never);
        last.set(key, at);
        // In a young log everything is new.
        if (at - began < learn || (before !== undefined && at - before <= within)) return [];
        const when = before === undefined ? 'for the first time' : 'for the first time in a long while';
        return [
          {
            why: `${grant.principal} got ${grant.target}:${grant.role} ${when}`,
            evidence: [event.seq],
            about: event,
          },
        ];
      },
    };
  },
};
