// An emergency entitlement was used. Never wrong, always worth a look.

import { type Rule, told } from './rule.ts';

export const breakGlass: Rule<'break-glass'> = {
  name: 'break-glass',
  severity: 'high',
  definition: 'A grant, or more time for it, came by one of the `entitlements` that are for emergencies.',
  make({ entitlements }) {
    return {
      see(event) {
        const extended = told(event, 'grant.extended');
        const by = (told(event, 'grant.approved') ?? extended)?.entitlement;
        if (by === undefined || !entitlements.includes(by)) return [];
        const who = event.principal ?? 'somebody';
        const why = `${who} got ${extended ? 'more ' : ''}access to ${event.target ?? 'a target'} by the emergency entitlement ${by}`;
        return [{ why, evidence: [event.seq], about: event }];
      },
    };
  },
};
