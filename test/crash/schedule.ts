// What happens in one run, decided by the seed alone.

import { issuePoints, recoveryPoints, revokePoints, storePoints } from './points.ts';
import { pick } from './random.ts';

/** How a grant is brought to its end, if the broker lives that long. */
export type Ending = 'revoke' | 'expire' | 'session-lost' | 'none';

/** A run: where the broker dies, and where its successors die while they recover. */
export interface Schedule {
  readonly ending: Ending;
  /** `<point>#<pass>`; the broker dies there. `external`: SIGKILL from outside at a random moment. */
  readonly point: string;
  /** Milliseconds after the start of the request at which an external kill comes. */
  readonly killAfter: number;
  /** Points at which the successors die, one after the other. */
  readonly recoveries: readonly string[];
  /** Grants asked for at once. */
  readonly grants: number;
}

/** The schedule of run number `run`. Every named point comes up in turn; the rest is random. */
export function scheduleOf(run: number, random: () => number): Schedule {
  const points = [...issuePoints, ...revokePoints, ...storePoints, 'external'];
  const point = points[run % points.length] ?? 'external';
  const isIssue = (issuePoints as readonly string[]).includes(point);
  const ending = point === 'expire.due' ? 'expire' : isIssue ? 'none' : pick(random, endings);
  const grants = 1 + Math.floor(random() * 2);
  const isStore = (storePoints as readonly string[]).includes(point);
  const later = random() < 0.3 && grants > 1 ? '#2' : '';
  // The store is passed a dozen times in a run: any of them may be the last.
  const pass = isStore ? `#${1 + Math.floor(random() * 12)}` : later;
  const recoveries = Array.from({ length: Math.floor(random() * 3) }, () => pick(random, recoveryPoints));
  return { ending, point: `${point}${pass}`, killAfter: Math.floor(random() * 400), recoveries, grants };
}

const endings: readonly Ending[] = ['revoke', 'expire', 'session-lost'];
