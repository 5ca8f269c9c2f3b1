// Access that grows: longer than this role is usually held, extended over and over, or suddenly without a scope.

import { isLonger } from './grant-book.ts';
import { createMemory, keyOf } from './memory.ts';
import { type Rule, type Sign, told } from './rule.ts';

/** Grants that are remembered per role, and scopes per person and role. */
const most = 200;
/** That many grants in a row with a scope make it a habit. */
const scopeHabit = 5;

export const creep: Rule<'creep'> = {
  name: 'creep',
  severity: 'low',
  definition:
    'A grant is longer than 95 % of the past ones of its role (of at least `history`), was extended more than `extensions` times, or has no scope where the five before of this principal and role all had one.',
  make({ extensions, history }) {
    const durations = createMemory<readonly number[]>();
    const scopes = createMemory<readonly boolean[]>();
    return {
      see(event, _at, grant) {
        if (!grant) return [];
        const role = `${grant.target}:${grant.role}`;
        if (event.type === 'grant.extended' && grant.extensions.length === extensions + 1) {
          return [
            { why: `${role} was extended ${extensions + 1} times`, evidence: grant.extensions, about: event },
          ];
        }
        const approved = told(event, 'grant.approved');
        if (!approved) return [];
        const past = durations.get(role) ?? [];
        durations.set(role, [...past, approved.duration_ms].slice(-most));
        const key = keyOf(grant.principal, role);
        const scoped = scopes.get(key) ?? [];
        scopes.set(key, [...scoped, grant.scope !== null].slice(-scopeHabit));
        const signs: Sign[] = [];
        const evidence = [event.seq];
        if (past.length >= history && isLonger(approved.duration_ms, percentile(past, 0.95))) {
          signs.push({ why: `${role} was granted for longer than usual`, evidence, about: event });
        }
        if (grant.scope === null && scoped.length >= scopeHabit && scoped.every(Boolean)) {
          const why = `${role} was granted without the scope that ${grant.principal} used to name`;
          // Shown by the request as well, and so told apart from a length that is unusual.
          signs.push({ why, evidence: [grant.requestedSeq, event.seq], about: event });
        }
        return signs;
      },
    };
  },
};

/** The smallest of `values` that at least `share` of them do not exceed (nearest rank). */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}
