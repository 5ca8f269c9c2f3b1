// Access under jit's name that no grant stands behind. The one alert that Microsoft Entra PIM calls high.

import { type Rule, told } from './rule.ts';

export const outsideGrant: Rule<'outside-grant'> = {
  name: 'outside-grant',
  severity: 'high',
  definition: 'A credential with the name of jit was found on a target, and no lease knows it.',
  make() {
    return {
      see(event) {
        const finding = told(event, 'reconcile.finding') ?? told(event, 'lease.finding');
        if (finding?.kind !== 'credential-without-lease') return [];
        const why = `a credential that no lease knows is on ${event.target ?? 'a target'}`;
        return [{ why, evidence: [event.seq], about: event }];
      },
    };
  },
};
