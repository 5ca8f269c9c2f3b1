// The policy was changed, and soon after it gave somebody what it had not given before.

import type { Instant } from '../../core/time.ts';
import { isLonger } from './grant-book.ts';
import { createMemory, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

interface Change {
  readonly at: Instant;
  readonly seq: string;
  readonly digest: string;
}

interface Given {
  /** Longest that an earlier policy gave, and the longest that the policy in force gave. */
  readonly before: number;
  readonly now: number;
  /** Since which change: the same policy may come back. */
  readonly since: string;
  /** A grant since that change was told of. */
  readonly isTold: boolean;
}

export const policyChange: Rule<'policy-change'> = {
  name: 'policy-change',
  severity: 'high',
  definition:
    'A principal was granted a role, or for longer than ever (also by extending it), under a policy that had changed `within` a time before, and no earlier policy had given it that. The first policy of a log is no change. Told once per change, principal and role; each time where such a grant is ended.',
  make({ within, mode }) {
    let digest: string | null = null;
    let change: Change | null = null;
    const given = createMemory<Given>();
    /** From when on each grant counts. */
    const begins = createMemory<Instant>();
    return {
      see(event, at, grant) {
        const loaded = told(event, 'policy.load');
        if (loaded) {
          // Each start of the broker loads the policy: only another one is a change.
          const isOther = digest !== null && loaded.digest !== digest;
          if (isOther) change = { at, seq: event.seq, digest: loaded.digest };
          digest = loaded.digest;
        }
        const approved = told(event, 'grant.approved');
        const extended = told(event, 'grant.extended');
        if (!grant || !(approved || extended)) return [];
        if (approved) begins.set(grant.id, Date.parse(approved.deadline) - approved.duration_ms);
        const policy = (approved ?? extended)?.policy ?? '';
        const begin = begins.get(grant.id) ?? at;
        const length = approved ? approved.duration_ms : Date.parse(extended?.deadline ?? '') - begin;
        const key = keyOf(grant.principal, grant.target, grant.role);
        const since = policy === change?.digest ? change.seq : policy;
        const known = given.get(key) ?? { before: 0, now: 0, since, isTold: false };
        const isSame = known.since === since;
        const before = isSame ? known.before : Math.max(known.before, known.now);
        const now = Math.max(isSame ? known.now : 0, length);
        const isNew = change !== null && policy === change.digest && at - change.at <= within;
        const isFound = isNew && isLonger(length, before);
        const wasTold = isSame && known.isTold;
        given.set(key, { before, now, since, isTold: wasTold || isFound });
        // Told is enough for people; what is ended is ended again, or asking twice would do.
        if (change === null || !isFound || (wasTold && mode !== 'revoke')) return [];
        const what = before === 0 ? '' : ' for longer than before';
        const why = `${grant.principal} got ${grant.target}:${grant.role}${what} soon after a change of the policy`;
        return [{ why, evidence: [change.seq, event.seq], about: event }];
      },
    };
  },
};
