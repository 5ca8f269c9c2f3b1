// The shared store does not have the newest events: until then the only copy is on this machine.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { type Rule, told } from './rule.ts';

export const logBehind: Rule<'log-behind'> = {
  name: 'log-behind',
  severity: 'medium',
  definition: 'Events of the log have not been acknowledged by the shared store for longer than `after`.',
  make({ after }) {
    let behind: { readonly since: Instant; readonly event: EventBody } | null = null;
    return {
      see(event) {
        const since = told(event, 'sync.behind')?.since;
        // Until it has caught up it is the same lag, told once.
        if (since !== undefined) behind ??= { since: Date.parse(since), event };
        if (event.type === 'sync.caught_up') behind = null;
        return [];
      },
      tick(now) {
        if (behind === null || now - behind.since <= after || behind.since === Number.POSITIVE_INFINITY)
          return [];
        const { event } = behind;
        behind = { since: Number.POSITIVE_INFINITY, event };
        return [
          { why: 'the shared store lacks the newest events of the log', evidence: [event.seq], about: event },
        ];
      },
    };
  },
};
