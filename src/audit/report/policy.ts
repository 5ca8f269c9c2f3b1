// The policy in force and its changes, and that each decision was made by one that the log knows. Every device has its own.

import { told } from '../rules/rule.ts';
import { createTally, type Tally } from './distribution.ts';
import type { Seen } from './place.ts';
import type { PolicyHistory, PolicyLoad, SharedPolicy } from './report.ts';

/** Watches loads and decisions on one device. */
export interface PolicyWatch {
  see(seen: Seen): void;
  result(): PolicyHistory;
  /** In force at the end. */
  last(): PolicyLoad | null;
}

/** Has seen nothing yet. */
export function createPolicyWatch(): PolicyWatch {
  const changes: PolicyLoad[] = [];
  const known = new Set<string>();
  /** Decisions before anything told of the load of their policy. */
  const early = createTally();
  const used = createTally();
  let before: PolicyLoad | null = null;
  let last: PolicyLoad | null = null;
  let loads = 0;
  return {
    see({ event, at, isIn, name }) {
      const load = told(event, 'policy.load');
      if (load) {
        const { digest, path, targets, entitlements } = load;
        const entry = { at, event: name(), digest, path, targets, entitlements };
        known.add(digest);
        if (!isIn) before = entry;
        else {
          loads += 1;
          if (digest !== last?.digest) changes.push(entry);
        }
        last = entry;
      }
      const decided =
        (told(event, 'grant.approved') ?? told(event, 'grant.denied'))?.policy ??
        (told(event, 'grant.extended') ?? told(event, 'grant.extension_denied'))?.policy;
      if (!isIn || decided === undefined) return;
      (known.has(decided) ? used : early).add(decided);
    },
    last: () => last,
    result: () => ({
      before,
      changes,
      loads,
      used: [...decisionsOf(used, true), ...decisionsOf(early, false)],
    }),
  };
}

const decisionsOf = (tally: Tally, isKnown: boolean): PolicyHistory['used'] =>
  tally.counts().map(({ name, count }) => ({ digest: name, decisions: count, isKnown }));

/** The history of a file, or of all devices of a shared store. */
export function policiesOf(watches: readonly PolicyWatch[], isStore: boolean): PolicyHistory {
  const each = watches.map((watch) => watch.result());
  const [one] = each;
  if (!isStore && one) return one;
  const changes = each.flatMap((device) => device.changes).sort(inTime);
  // A load on one device is none on another: the same digest may stand here twice.
  const tallies = { known: createTally(), unknown: createTally() };
  for (const { digest, decisions, isKnown } of each.flatMap((device) => device.used)) {
    tallies[isKnown ? 'known' : 'unknown'].add(digest, decisions);
  }
  const used = [...decisionsOf(tallies.known, true), ...decisionsOf(tallies.unknown, false)];
  const before = each.flatMap((device) => device.before ?? []);
  const after = watches.flatMap((watch) => watch.last() ?? []);
  const loads = each.reduce((sum, device) => sum + device.loads, 0);
  return { before: null, policies: policiesIn(before, changes, after), changes, loads, used };
}

const inTime = (one: PolicyLoad, other: PolicyLoad): number => one.at - other.at;

function policiesIn(
  before: readonly PolicyLoad[],
  changes: readonly PolicyLoad[],
  after: readonly PolicyLoad[],
): SharedPolicy[] {
  const firsts = new Map<string, PolicyLoad>();
  for (const load of [...before, ...changes].sort(inTime)) {
    if (!firsts.has(load.digest)) firsts.set(load.digest, load);
  }
  const count = (loads: readonly PolicyLoad[], digest: string): number =>
    loads.filter((load) => load.digest === digest).length;
  return [...firsts].map(([digest, first]) => ({
    digest,
    devicesBefore: count(before, digest),
    devicesAfter: count(after, digest),
    first,
  }));
}
