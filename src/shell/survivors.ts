// What goes on after a shell was left, with the grant in its environment. Must not: end it.

import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { holdersOf, nameOf } from './holders.ts';

// A shell that leaves sends SIGHUP to its jobs: give them the time to go.
const pause: Milliseconds = 100;

/** A process that goes on. */
export interface Survivor {
  readonly pid: number;
  readonly name: string;
}

/** Who holds the grant although its shell is gone. */
export async function survivorsOf(grant: string, clock: Clock): Promise<Survivor[]> {
  if (holdersOf(grant).length === 0) return [];
  const stayAlive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    clock.after(pause, resolve);
  });
  clearInterval(stayAlive);
  return holdersOf(grant).flatMap((pid) => {
    const name = nameOf(pid);
    return name === null ? [] : [{ pid, name }];
  });
}
