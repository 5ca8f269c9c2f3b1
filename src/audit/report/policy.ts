// The policy in force and its changes, and that each decision was made by one that the log knows.

import { told } from '../rules/rule.ts';
import { createTally } from './distribution.ts';
import type { Seen } from './place.ts';
import type { PolicyHistory, PolicyLoad } from './report.ts';

/** Watches loads and decisions. */
export interface PolicyWatch {
  see(seen: Seen): void;
  result(): PolicyHistory;
}

/** Has seen nothing yet. */
export function createPolicyWatch(): PolicyWatch {
  const changes: PolicyLoad[] = [];
  const known = new Set<string>();
  /** Decided by before anything told of their load. */
  const unknown = new Set<string>();
  const used = createTally();
  let before: PolicyLoad | null = null;
  let last: string | null = null;
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
          if (digest !== last) changes.push(entry);
        }
        last = digest;
      }
      const decided =
        (told(event, 'grant.approved') ?? told(event, 'grant.denied'))?.policy ??
        (told(event, 'grant.extended') ?? told(event, 'grant.extension_denied'))?.policy;
      if (!isIn || decided === undefined) return;
      used.add(decided);
      if (!known.has(decided)) unknown.add(decided);
    },
    result: () => ({
      before,
      changes,
      loads,
      used: used
        .counts()
        .map(({ name, count }) => ({ digest: name, decisions: count, isKnown: !unknown.has(name) })),
    }),
  };
}
