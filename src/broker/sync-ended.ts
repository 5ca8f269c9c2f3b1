// Logs before the one that is written now, as the sync deals with them: which need no look at each push, which the store
// refuses, and when it is asked about them again.

import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';

/** What is known of them. */
export interface EndedLogs {
  /** Complete at the store, or given up by a fork. */
  readonly settled: Set<string>;
  /** Those that the store said no to, and how. */
  readonly refused: Map<string, unknown>;
  /** Asks about all of them with the next push: whoever wants that may have made good what one was refused for. */
  askAgain(): void;
  /** A push begins. True: those that are settled are looked at as well. */
  begin(): boolean;
  /** It got through. */
  done(): void;
  isLeftOut(origin: string): boolean;
}

/** They change by themselves when somebody at the store changes something. */
const askAfter: Milliseconds = 3_600_000;

/** None is known of yet. */
export function createEndedLogs(clock: Clock): EndedLogs {
  const settled = new Set<string>();
  const refused = new Map<string, unknown>();
  let due: number = clock.sinceBoot() + askAfter;
  let before = 0;
  let isDue = false;
  return {
    settled,
    refused,
    askAgain() {
      due = 0;
    },
    begin() {
      isDue = clock.sinceBoot() >= due;
      if (isDue) refused.clear();
      before = refused.size;
      return isDue;
    },
    done() {
      if (isDue || refused.size > before) due = clock.sinceBoot() + askAfter;
    },
    isLeftOut: (origin) => settled.has(origin) || refused.has(origin),
  };
}
