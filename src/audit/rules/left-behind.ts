// What outlives a grant: a way back in that was made under it.

import { type Rule, told } from './rule.ts';

const kinds: Readonly<Record<string, string>> = {
  'security-definer': "a function that runs with its owner's rights",
  'third-party-grant': 'a right that was given to somebody else',
};

export const leftBehind: Rule<'left-behind'> = {
  name: 'left-behind',
  severity: 'high',
  definition:
    "Under a grant somebody was given rights, or a function was made that runs with its owner's rights: ways in that could outlive it.",
  make() {
    return {
      see(event) {
        const finding = told(event, 'lease.finding') ?? told(event, 'reconcile.finding');
        const what = kinds[finding?.kind ?? ''];
        if (what === undefined) return [];
        return [
          { why: `${what} was left on ${event.target ?? 'a target'}`, evidence: [event.seq], about: event },
        ];
      },
    };
  },
};
