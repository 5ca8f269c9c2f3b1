// Starts a broker when none is on its way, and another one when the first made way for one that then ended.

import type { JitError } from '../core/errors.ts';
import type { Starting, StartOptions } from './start-broker.ts';

/** How long a broker that left because another one runs is taken at its word, in milliseconds. */
const trust = 500;

/** How much a slow start may add to the patience, in milliseconds. */
const longestLead = 20_000;

/** Sees to it that a broker is on its way, and keeps what became of it. */
export interface Starter {
  startUnlessOnItsWay(): Promise<void>;
  /** Milliseconds that the first broker has taken so far, or took until it left; at most 20 s. */
  lead(): number;
  /** Why the broker that was started could not start. */
  failure(): JitError | undefined;
  letGo(): void;
}

/** Starts nothing yet. */
export function createStarter(options: StartOptions): Starter {
  let current: Starting | undefined;
  let leftAt: number | undefined;
  let failed: JitError | undefined;
  let firstStart: number | undefined;
  let firstEnd: number | undefined;
  return {
    async startUnlessOnItsWay() {
      // One that left without a complaint met another broker. If that one was about to end, nobody is on the way.
      if (current && (leftAt === undefined || performance.now() - leftAt < trust)) return;
      current?.letGo();
      leftAt = undefined;
      // Loaded only now: most commands find a broker and need not pay for node:child_process.
      const { startBroker } = await import('./start-broker.ts');
      current = startBroker(options);
      firstStart ??= performance.now();
      void current.ended.then((error) => {
        firstEnd ??= performance.now();
        if (error) failed = error;
        else leftAt = performance.now();
      });
    },
    // On a machine so busy that starting takes seconds, the patience counts from when the start was over.
    lead() {
      if (firstStart === undefined) return 0;
      return Math.min((firstEnd ?? performance.now()) - firstStart, longestLead);
    },
    failure: () => failed,
    letGo: () => current?.letGo(),
  };
}
