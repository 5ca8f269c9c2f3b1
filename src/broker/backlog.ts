// What revocations could not write. Holds the newest state of each grant and lease and every event, until the
// store takes them; one that can never be written loses its events, and keeps nothing else waiting.

import { noLeaf, placeEvent } from '../audit/chain.ts';
import type { AuditEvent } from '../audit/event.ts';
import { hasCode } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/log-file.ts';
import { commit, type Entry } from './ledger.ts';

/** Changes that wait for the store. */
export interface Backlog {
  readonly size: number;
  add(entry: Entry): void;
  /** Writes everything in one transaction. True when nothing is left. Never throws. */
  flush(): boolean;
}

/** An empty backlog before `store`. */
export function createBacklog(store: Store, clock: Clock, log: Logger): Backlog {
  const grants = new Map<string, Grant>();
  const leases = new Map<string, Lease>();
  const findings: Finding[] = [];
  const events: AuditEvent[] = [];
  const size = (): number => grants.size + leases.size + findings.length + events.length;

  function clear(): void {
    grants.clear();
    leases.clear();
    findings.length = 0;
    events.length = 0;
  }

  function write(told: readonly AuditEvent[], lost: number): void {
    const data = { lost, code: 'ERR_AUDIT_UNAVAILABLE' } as const;
    const late: AuditEvent = { type: 'revoke.unaudited', at: clock.now(), data };
    const state = { grants: [...grants.values()], leases: [...leases.values()], findings };
    commit(store, { ...state, events: [...told, late] }, true);
  }

  return {
    get size() {
      return size();
    },
    add(entry) {
      for (const grant of entry.grants ?? []) grants.set(grant.id, grant);
      for (const lease of entry.leases ?? []) leases.set(lease.id, lease);
      findings.push(...(entry.findings ?? []));
      events.push(...entry.events);
    },
    flush() {
      if (size() === 0) return true;
      const count = events.length;
      try {
        write(events, count);
      } catch (thrown) {
        if (!hasCode(thrown, 'ERR_INTERNAL')) return false;
        // One of the events is malformed and would block all others, and all issuing, for ever.
        const sound = events.filter(isWritable);
        log.error(`${count - sound.length} malformed events of the audit log are lost`, thrown);
        try {
          write(sound, count);
        } catch {
          return false;
        }
      }
      log.info(`audit is back: ${count} events written late`);
      clear();
      return true;
    },
  };
}

/** Whether the log could ever take an event, whatever its place. */
function isWritable(event: AuditEvent): boolean {
  try {
    placeEvent(event, { origin: '', seq: 0, prev: noLeaf, boot: '', monoMs: 0 });
    return true;
  } catch {
    return false;
  }
}
