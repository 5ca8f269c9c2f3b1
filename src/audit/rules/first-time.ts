// Somebody gets a role that they did not have for a long time, or ever. After elastic's "new terms" rules.

import type { Instant } from '../../core/time.ts';
import { createMemory, keyOf } from './memory.ts';
import type { Rule } from './rule.ts';

export const firstTime: Rule<'first-time'> = {
  name: 'first-time',
  severity: 'low',
  definition:
    'A principal was granted a role that it was not granted `within` a time before, in a log that has been kept for at least `learn`.',
  make({ within, learn }) {
    const last = createMemory<Instant>();
    let began: Instant | null = null;
    return {
      see(event, at, grant) {
        began ??= at;
        if (event.type !== 'grant.approved' || !grant) return [];
        const key = keyOf(grant.principal, grant.target, grant.role);
        const before = last.get(key);
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
