// The same person takes up the same role again and again. After Microsoft Entra PIM's "roles are activated too often".

import type { KnownGrant } from './grant-book.ts';
import { createMemory, createWindow, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

const keyFor = ({ principal, target, role }: KnownGrant): string => keyOf(principal, target, role);

export const activationBurst: Rule<'activation-burst'> = {
  name: 'activation-burst',
  severity: 'medium',
  definition:
    'The same principal was granted the same role `count` times `within` a time; attempts of which nothing came do not count.',
  make({ count, within }) {
    const window = createWindow(within, count);
    /** Grant -> sequence number of its approval. */
    const approvals = createMemory<string>();
    return {
      recorded: (evidence, _event, grant) => grant && window.settle(keyFor(grant), evidence),
      see(event, at, grant) {
        if (!grant) return [];
        const key = keyFor(grant);
        // A target that was down is tried again and again, and nobody had anything.
        if (told(event, 'grant.ended')?.cause === 'issue-failed')
          window.remove(key, approvals.get(grant.id) ?? '');
        if (event.type !== 'grant.approved') return [];
        approvals.set(grant.id, event.seq);
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
