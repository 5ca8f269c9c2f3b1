// What happens in one run, decided by the seed alone.

import { firstPoints, type Points } from './points.ts';
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
  /** The role that they are for. */
  readonly role: string;
  /** Whether a later end is asked for first. */
  readonly extends: boolean;
}

/** What a schedule has to know of a target. */
export interface Choices {
  readonly points: Points;
  /** Roles that a grant may be for; the first one passes every point. */
  readonly roles: readonly string[];
  /** Points that are passed only when a grant of the first role ends before its time. */
  readonly early: readonly string[];
}

/**
 * The schedule of run number `run`. Every named point comes up in turn; in the first round nothing that is random keeps a
 * broker from reaching it.
 */
export function scheduleOf(run: number, random: () => number, { points, roles, early }: Choices): Schedule {
  const all = firstPoints(points);
  const point = all[run % all.length] ?? 'external';
  const isFirstRound = run < all.length;
  const isExtend = points.extend.includes(point);
  const isIssue = isExtend || points.issue.includes(point);
  const isEarly = early.includes(point);
  const ending =
    point === 'expire.due' ? 'expire' : isIssue ? 'none' : pick(random, isEarly ? earlyEndings : endings);
  const grants = 1 + Math.floor(random() * 2);
  const later = random() < 0.3 && grants > 1 && !isFirstRound ? '#2' : '';
  // The store is passed a dozen times in a run: any of them may be the last.
  const passes = isFirstRound ? 5 : 12;
  const pass = points.store.includes(point) ? `#${1 + Math.floor(random() * passes)}` : later;
  const anywhere = [...points.recovery, ...points.revoke.slice(1, -1)];
  const recoveries = Array.from({ length: Math.floor(random() * 3) }, () => pick(random, anywhere));
  const own = points.recovery[run % points.recovery.length];
  if (isFirstRound && isIssue && own !== undefined) recoveries[0] = own;
  const isFree = !isEarly && !(isFirstRound && points.revoke.includes(point));
  const role = (isFree ? pick(random, roles) : roles[0]) ?? '';
  const killAfter = Math.floor(random() * 400);
  // Not where time is short, or the first round would be left to chance.
  const extendsIt = isExtend || (!isFirstRound && random() < 0.25);
  return { ending, point: `${point}${pass}`, killAfter, recoveries, grants, role, extends: extendsIt };
}

const earlyEndings: readonly Ending[] = ['revoke', 'session-lost'];
const endings: readonly Ending[] = [...earlyEndings, 'expire'];
