// Somebody tries what the policy denies until something gives.

import { createMemory, createWindow, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

interface Denied {
  readonly at: number;
  readonly seq: string;
  readonly scope: string | null;
  readonly duration: number | null;
}

/** Answers of the policy or of a person; that an approval is still missing is no refusal. */
const refusals: readonly string[] = ['ERR_POLICY_DENIED', 'ERR_APPROVER_DENIED'];

export const denialShopping: Rule<'denial-shopping'> = {
  name: 'denial-shopping',
  severity: 'medium',
  definition:
    'A principal was denied `count` times `within` a time, or was granted a role within that time of a denial of it for longer, or with a wider scope, than was denied.',
  make({ count, within }) {
    const window = createWindow(within, count);
    const denied = createMemory<Denied>();
    return {
      see(event, at, grant) {
        if (!grant) return [];
        const key = keyOf(grant.principal, grant.target, grant.role);
        if (refusals.includes(told(event, 'grant.denied')?.code ?? '')) {
          denied.set(key, { at, seq: event.seq, scope: grant.scope, duration: grant.duration });
          const marks = window.add(grant.principal, { at, seq: event.seq });
          if (marks.length < count) return [];
          window.clear(grant.principal);
          const why = `${grant.principal} was denied ${count} times in a short time`;
          return [{ why, evidence: marks.map(({ seq }) => seq), about: event }];
        }
        if (event.type !== 'grant.approved') return [];
        const before = denied.get(key);
        if (!before || at - before.at > within) return [];
        const isLonger = before.duration !== null && (grant.duration ?? 0) > before.duration;
        const isWider = before.scope !== null && grant.scope === null;
        if (!isLonger && !isWider) return [];
        const how = isLonger ? 'for longer' : 'with a wider scope';
        const why = `${grant.target}:${grant.role} was denied to ${grant.principal}, then granted ${how}`;
        return [{ why, evidence: [before.seq, event.seq], about: event }];
      },
    };
  },
};
