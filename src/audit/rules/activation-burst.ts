// The same person takes up the same role again and again. After Microsoft Entra PIM's "roles are activated too often".

import { createWindow, keyOf } from './memory.ts';
import type { Rule } from './rule.ts';

export const activationBurst: Rule<'activation-burst'> = {
  name: 'activation-burst',
  severity: 'medium',
  definition: 'The same principal was granted the same role `count` times `within` a time.',
  make({ count, within }) {
    const window = createWindow(within, count);
    return {
      see(event, at, grant) {
        if (event.type !== 'grant.approved' || !grant) return [];
        const key = keyOf(grant.principal, grant.target, grant.role);
        const marks = window.add(key, { at, seq: event.seq });
        if (marks.length < count) return [];
        // The next burst begins after this one: a long evening is not told at every further step.
        window.clear(key);
        const why = `${grant.target}:${grant.role} was granted to ${grant.principal} ${count} times in a short time`;
        return [{ why, evidence: marks.map(({ seq }) => seq), about: event }];
      },
    };
  },
};
