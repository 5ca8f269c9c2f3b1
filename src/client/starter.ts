// Starts a broker when none is on its way, and another one when the first made way for one that then ended. Of several
// clients at once, one starts it and the others wait for a while (start-lock.ts).

import type { JitError } from '../core/errors.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import type { Starting, StartOptions } from './start-broker.ts';
import type { StartLock } from './start-lock.ts';

/** How long a broker that left because another one runs is taken at its word, in milliseconds. */
const trust = 500;

/** How much a slow start may add to the patience, in milliseconds. */
const longestLead = 20_000;

/**
 * How many starts of others are waited for. What kept those from succeeding may be theirs alone, such as their
 * configuration; or nobody succeeds, and then each has to learn why.
 */
const mostOthers = 2;

/** What a {@link Starter} is told. */
export interface StarterOptions extends StartOptions {
  /** The folder of the socket. */
  readonly runDir: string;
  /** How long others who are starting one are waited for, in milliseconds. */
  readonly longestWait: number;
}

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
export function createStarter(options: StarterOptions): Starter {
  let current: Starting | undefined;
  let leftAt: number | undefined;
  let failed: JitError | undefined;
  let firstStart: number | undefined;
  let firstEnd: number | undefined;
  let lock: StartLock | undefined;
  const others = new Set<string>();
  let hasLookedAgain = false;

  /** True while somebody else starts one who is worth waiting for. */
  async function isLeftToOthers(): Promise<boolean> {
    if (lock !== undefined) return false;
    const { takeStartLock } = await import('./start-lock.ts');
    ensurePrivateDirectory(options.runDir);
    const found = takeStartLock(`${options.runDir}/start.lock`);
    if (typeof found === 'string') {
      others.add(found);
      if (others.size <= mostOthers && performance.now() - (firstStart ?? 0) < options.longestWait)
        return true;
    } else {
      lock = found;
    }
    // The other one let go of it because its broker answers, perhaps, which nobody has looked at since.
    if (others.size === 0 || hasLookedAgain) return false;
    hasLookedAgain = true;
    return true;
  }

  return {
    async startUnlessOnItsWay() {
      // One that left without a complaint met another broker. If that one was about to end, nobody is on the way.
      if (current && (leftAt === undefined || performance.now() - leftAt < trust)) return;
      firstStart ??= performance.now();
      if (!current && (await isLeftToOthers())) return;
      current?.letGo();
      leftAt = undefined;
      // Loaded only now: most commands find a broker and need not pay for node:child_process.
      const { startBroker } = await import('./start-broker.ts');
      current = startBroker(options);
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
    letGo() {
      lock?.release();
      current?.letGo();
    },
  };
}
