// An emergency entitlement was used. Never wrong, always worth a look.

import { type Rule, told } from './rule.ts';

export const breakGlass: Rule<'break-glass'> = {
  name: 'break-glass',
  severity: 'high',
  definition: 'A grant came by one of the `entitlements` that are for emergencies.',
  make({ entitlements }) {
    return {
      see(event) {
        const by = told(event, 'grant.approved')?.entitlement;
        if (by === undefined || !entitlements.includes(by)) return [];
        const who = event.principal ?? 'somebody';
        const why = `${who} got access to ${event.target ?? 'a target'} by the emergency entitlement ${by}`;
        return [{ why, evidence: [event.seq], about: event }];
      },
    };
  },
};
