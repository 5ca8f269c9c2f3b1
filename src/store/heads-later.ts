// Keeps heads outside the database at the end of the turn in which they were committed: of several commits of one turn only
// the newest head counts. The database is always ahead of what is kept, so a process that dies in between loses nothing.

import type { HeadKeeper } from './head-keeper.ts';

/**
 * As `keeper`, a little later. Whoever asks what is kept is told what waits, too; what could not be kept is said by
 * {@link HeadKeeper.failure}.
 * @param later runs its argument once the present turn is over
 */
export function keepLater(keeper: HeadKeeper, later: (work: () => void) => unknown): HeadKeeper {
  const waiting = new Map<string, string>();
  let failure: unknown = null;
  let isPlanned = false;

  function flush(): void {
    isPlanned = false;
    for (const [origin, note] of waiting) {
      try {
        keeper.keep(origin, note);
        failure = null;
      } catch (thrown) {
        failure = thrown;
      }
    }
    waiting.clear();
  }

  return {
    known() {
      flush();
      return keeper.known();
    },
    keep(origin, note) {
      waiting.set(origin, note);
      if (isPlanned) return;
      isPlanned = true;
      later(flush);
    },
    settle(origin) {
      flush();
      keeper.settle(origin);
    },
    flush,
    get failure() {
      return failure;
    },
  };
}
