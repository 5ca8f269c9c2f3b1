// Somebody tries what the policy denies until something gives.

import { isLonger } from './grant-book.ts';
import { createMemory, createWindow, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

interface Denied {
  readonly at: number;
  readonly seq: string;
  readonly scope: string | null;
  readonly duration: number | null;
}

/** Denials of one role that are remembered. */
const most = 20;

/** Answers of the policy or of a person; that an approval is still missing is no refusal. */
const refusals: readonly string[] = ['ERR_POLICY_DENIED', 'ERR_APPROVER_DENIED'];

export const denialShopping: Rule<'denial-shopping'> = {
  name: 'denial-shopping',
  severity: 'medium',
  definition:
    'A principal was denied `count` times `within` a time, or was granted a role within that time of a denial of it for longer, or with a wider scope, than was denied.',
  make({ count, within }) {
    const window = createWindow(within, count);
    const denied = createMemory<readonly Denied[]>();
    return {
      recorded: (evidence, event, grant) =>
        window.settle(grant?.principal ?? event.principal ?? '', evidence),
      see(event, at, grant) {
        if (!grant) return [];
        const key = keyOf(grant.principal, grant.target, grant.role);
        const before = (denied.get(key) ?? []).filter((one) => at - one.at <= within);
        if (refusals.includes(told(event, 'grant.denied')?.code ?? '')) {
          const one = { at, seq: event.seq, scope: grant.scope, duration: grant.duration };
          denied.set(key, [...before, one].slice(-most));
          const marks = window.add(grant.principal, { at, seq: event.seq });
          if (marks.length < count) return [];
          window.clear(grant.principal);
          const why = `${grant.principal} was denied ${count} times in a short time`;
          return [{ why, evidence: marks.map(({ seq }) => seq), about: event }];
        }
        if (event.type !== 'grant.approved') return [];
        // Of each denial: one for much longer since does not make less of it.
        const isMore = ({ duration }: Denied) => duration !== null && isLonger(grant.duration ?? 0, duration);
        const isWider = ({ scope }: Denied) => scope !== null && grant.scope === null;
        const last = before.findLast((one) => isMore(one) || isWider(one));
        if (!last) return [];
        const how = isMore(last) ? 'for longer' : 'with a wider scope';
        const why = `${grant.target}:${grant.role} was denied to ${grant.principal}, then granted ${how}`;
        return [{ why, evidence: [last.seq, event.seq], about: event }];
      },
    };
  },
};
