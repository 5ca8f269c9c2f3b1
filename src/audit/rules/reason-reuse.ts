// A reason that says nothing: the same one again and again, or one without a word in it.

import { createWindow, keyOf } from './memory.ts';
import { type Rule, told } from './rule.ts';

/** Beyond this texts are taken as the same. */
const longest = 500;

export const reasonReuse: Rule<'reason-reuse'> = {
  name: 'reason-reuse',
  severity: 'low',
  definition:
    'A principal gave the same reason `count` times `within` a time (case, blanks and signs aside), or one without a single word; what the configuration offers as a reason is none of it.',
  make({ count, within, offered }) {
    const window = createWindow(within, count);
    const exempt = new Set(offered.map(normalised));
    return {
      recorded: (evidence, { principal }, grant) =>
        window.settle(keyOf(principal, normalised(grant?.reason ?? '')), evidence),
      see(event, at) {
        const reason = told(event, 'grant.requested')?.reason ?? null;
        if (reason === null) return [];
        const words = normalised(reason);
        if (exempt.has(words)) return [];
        const who = event.principal ?? 'somebody';
        if (!/\p{L}{2}|\p{N}/u.test(words)) {
          return [{ why: `${who} gave a reason without a word`, evidence: [event.seq], about: event }];
        }
        const key = keyOf(event.principal, words);
        const marks = window.add(key, { at, seq: event.seq });
        if (marks.length < count) return [];
        window.clear(key);
        const why = `${who} gave the same reason ${count} times`;
        return [{ why, evidence: marks.map(({ seq }) => seq), about: event }];
      },
    };
  },
};

function normalised(reason: string): string {
  const words =
    reason
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.join(' ').slice(0, longest);
}
