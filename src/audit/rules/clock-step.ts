// The machine's clock was set: deadlines, and times in the log, hang on it.

import { type Rule, told } from './rule.ts';

export const clockStep: Rule<'clock-step'> = {
  name: 'clock-step',
  severity: 'medium',
  definition: 'The clock of the machine was set forward or back by more than `by`.',
  make({ by }) {
    return {
      see(event) {
        const step = told(event, 'clock.step')?.by_ms ?? 0;
        if (Math.abs(step) <= by) return [];
        const way = step > 0 ? 'forward' : 'back';
        const why = `the clock was set ${way} by ${Math.abs(step) / 1000} seconds`;
        return [{ why, evidence: [event.seq], about: event }];
      },
    };
  },
};
