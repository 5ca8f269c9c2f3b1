// A program that holds more access at once than anybody would give it knowingly.

import { createMemory } from './memory.ts';
import type { Rule } from './rule.ts';

/** Grants of one agent that are remembered; the line is far below. */
const most = 1_000;

export const agentCrowd: Rule<'agent-crowd'> = {
  name: 'agent-crowd',
  severity: 'high',
  definition: 'An agent holds more than `grants` grants at once.',
  make({ grants }) {
    /** Per agent: grant -> sequence number of its approval. */
    const held = createMemory<ReadonlyMap<string, string>>();
    return {
      see(event, _at, grant) {
        if (!grant?.principal.startsWith('agent:')) return [];
        const mine = new Map(held.get(grant.principal));
        if (event.type === 'grant.ended') mine.delete(grant.id);
        else if (event.type === 'grant.approved' && mine.size < most) mine.set(grant.id, event.seq);
        else return [];
        if (mine.size > 0) held.set(grant.principal, mine);
        else held.delete(grant.principal);
        if (event.type !== 'grant.approved' || mine.size <= grants) return [];
        const why = `${grant.principal} holds ${mine.size} grants at once`;
        return [{ why, evidence: [...mine.values()].slice(-100), about: event }];
      },
    };
  },
};
