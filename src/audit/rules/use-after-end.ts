// A credential, or a grant, is used after its end: the revocation failed, or there is a copy.

import type { Instant } from '../../core/time.ts';
import { createMemory } from './memory.ts';
import { type Rule, told } from './rule.ts';

interface Ended {
  readonly at: Instant;
  readonly seq: string;
  readonly refused: number;
}

export const useAfterEnd: Rule<'use-after-end'> = {
  name: 'use-after-end',
  severity: 'critical',
  definition:
    'A credential was served, or a command begun under its grant, more than `grace` after it was revoked or the grant ended; or it was refused more than `refusals` times after its end.',
  make({ refusals, grace }) {
    const ended = createMemory<Ended>();
    return {
      see(event, at) {
        const { type, lease, grant, seq } = event;
        if (type === 'lease.revoked' && lease !== undefined)
          ended.set(`lease ${lease}`, { at, seq, refused: 0 });
        if (type === 'grant.ended' && grant !== undefined)
          ended.set(`grant ${grant}`, { at, seq, refused: 0 });
        const refused = told(event, 'lease.refused');
        const isUse = type === 'lease.served' || type === 'lease.handed_out' || type === 'command.started';
        if (!isUse && !refused) return [];
        const keys = type === 'command.started' ? [`grant ${grant}`] : [`lease ${lease}`, `grant ${grant}`];
        const key = keys.find((one) => ended.get(one) !== undefined);
        const over = key === undefined ? undefined : ended.get(key);
        if (key === undefined || !over) return [];
        if (refused) {
          const sum = over.refused + refused.count;
          ended.set(key, { ...over, refused: sum });
          // Told once, when the line is crossed.
          if (over.refused > refusals || sum <= refusals) return [];
          const why = `an ended credential was asked for ${sum} times`;
          return [{ severity: 'medium', why, evidence: [over.seq, seq], about: event }];
        }
        // Uses are told together, up to a minute later.
        if (at - over.at <= grace) return [];
        const what = type === 'command.started' ? 'a command began' : 'a credential was used';
        return [{ why: `${what} after the end of its grant`, evidence: [over.seq, seq], about: event }];
      },
    };
  },
};
