// A grant that nobody uses could end now. Advice, no alarm.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { createMemory } from './memory.ts';
import { type Rule, type Sign, told } from './rule.ts';

interface Idle {
  readonly issuedAt: Instant;
  readonly deadline: Instant;
  readonly event: EventBody;
  /** Each use goes through the broker, so that no use is known to be none. */
  readonly isSeen: boolean;
}

export const leaseIdle: Rule<'lease-idle'> = {
  name: 'lease-idle',
  severity: 'low',
  definition:
    'A credential that the broker serves itself, issued for at least `least`, has not been used for the first half of its time.',
  make({ least }) {
    const idle = createMemory<Idle>();
    return {
      see(event, at) {
        const { lease } = event;
        if (lease === undefined) return [];
        const issued = told(event, 'lease.issued');
        if (issued) {
          const deadline = Date.parse(issued.deadline ?? issued.expires);
          if (deadline - at >= least) idle.set(lease, { issuedAt: at, deadline, event, isSeen: false });
          return [];
        }
        const known = idle.get(lease);
        if (!known) return [];
        const handed = told(event, 'lease.handed_out');
        const renewed = told(event, 'lease.renewed');
        const isServed = (handed?.endpoints ?? 0) + (handed?.helpers ?? 0) > 0;
        if (handed && isServed && !handed.secrets) idle.set(lease, { ...known, isSeen: true });
        else if (renewed) idle.set(lease, { ...known, deadline: Date.parse(renewed.deadline) });
        else if (event.type !== 'lease.step' && event.type !== 'lease.refused') idle.delete(lease);
        return [];
      },
      tick(now) {
        const signs: Sign[] = [];
        for (const [lease, { issuedAt, deadline, event, isSeen }] of idle.entries()) {
          if (!isSeen || now - issuedAt < (deadline - issuedAt) / 2) continue;
          idle.delete(lease);
          const why = `nobody has used the access to ${event.target ?? 'a target'} for half of its time`;
          signs.push({ why, evidence: [event.seq], about: event });
        }
        return signs;
      },
    };
  },
};
