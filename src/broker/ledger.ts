// State and audit as the broker writes them. Owns the two rules: nothing is issued unless it is on disk;
// revocation goes on even if it cannot be written, and is written as soon as that is possible again.

import type { AuditEvent } from '../audit/event.ts';
import { hasCode, JitError, toJitError } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/log-file.ts';

/** What one transaction changes. */
export interface Entry {
  readonly grants?: readonly Grant[];
  readonly leases?: readonly Lease[];
  readonly findings?: readonly Finding[];
  readonly events: readonly AuditEvent[];
}

/** Reads and the two kinds of write. */
export interface Ledger {
  readonly store: Store;
  /** Writes all of `entry` durably, or throws `ERR_AUDIT_UNAVAILABLE` and changes nothing. */
  write(entry: Entry): void;
  /** Never throws: what cannot be written now is kept in memory and written later, in order. */
  writeRevocation(entry: Entry): void;
  /** Tries again to write what is kept in memory. True when nothing is left. */
  flush(): boolean;
  /** Entries that wait in memory. */
  readonly unwritten: number;
  grant(id: string): Grant | null;
  lease(id: string): Lease | null;
  /** Leases that may exist on a target. */
  openLeases(): Lease[];
  leasesOf(grant: string): Lease[];
  activeGrants(): Grant[];
}

/** A ledger over `store`; what waits in memory shadows what the store has. */
export function createLedger(store: Store, clock: Clock, log: Logger): Ledger {
  const waiting: Entry[] = [];
  const grants = new Map<string, Grant>();
  const leases = new Map<string, Lease>();

  function commit(entries: readonly Entry[], extra: readonly AuditEvent[], urgent: boolean): void {
    store.commit(
      (tx) => {
        for (const entry of entries) {
          for (const grant of entry.grants ?? []) tx.putGrant(grant);
          for (const lease of entry.leases ?? []) tx.putLease(lease);
          for (const finding of entry.findings ?? []) tx.putFinding(finding);
          for (const event of entry.events) tx.append(event);
        }
        for (const event of extra) tx.append(event);
      },
      { urgent },
    );
  }

  function flush(): boolean {
    if (waiting.length === 0) return true;
    try {
      const late: AuditEvent = {
        type: 'revoke.unaudited',
        at: clock.now(),
        data: { lost: waiting.length, code: 'ERR_AUDIT_UNAVAILABLE' },
      };
      commit(waiting, [late], true);
    } catch (thrown) {
      // An entry that can never be written must not keep all others, and all issuing, waiting for ever.
      if (hasCode(thrown, 'ERR_INTERNAL', 'ERR_CONFLICT')) return dropUnwritable();
      return false;
    }
    log.info(`audit is back: ${waiting.length} entries written late`);
    waiting.length = 0;
    grants.clear();
    leases.clear();
    return true;
  }

  /** Writes what can be written, one by one, and the state without its events of what cannot. */
  function dropUnwritable(): boolean {
    while (waiting.length > 0) {
      const [entry = { events: [] }] = waiting;
      try {
        commit([entry], [], true);
      } catch (thrown) {
        if (!hasCode(thrown, 'ERR_INTERNAL', 'ERR_CONFLICT')) return false;
        log.error('an entry of the audit log is malformed; its state is kept, its events are lost', thrown);
        const data = { lost: entry.events.length, code: 'ERR_INTERNAL' } as const;
        try {
          commit([{ ...entry, events: [{ type: 'revoke.unaudited', at: clock.now(), data }] }], [], true);
        } catch (again) {
          if (!hasCode(again, 'ERR_INTERNAL', 'ERR_CONFLICT')) return false;
        }
      }
      waiting.shift();
    }
    grants.clear();
    leases.clear();
    return true;
  }

  const shadowed = (lease: Lease): Lease => leases.get(lease.id) ?? lease;

  return {
    store,
    get unwritten() {
      return waiting.length;
    },
    write(entry) {
      if (!flush()) {
        throw new JitError('ERR_AUDIT_UNAVAILABLE', 'the audit log cannot be written, so nothing is issued', {
          hint: 'jit doctor',
        });
      }
      commit([entry], [], false);
    },
    writeRevocation(entry) {
      if (flush()) {
        try {
          commit([entry], [], true);
          return;
        } catch (thrown) {
          log.error(`revocation goes on without audit: ${toJitError(thrown).message}`);
        }
      }
      waiting.push(entry);
      for (const grant of entry.grants ?? []) grants.set(grant.id, grant);
      for (const lease of entry.leases ?? []) leases.set(lease.id, lease);
    },
    flush,
    grant: (id) => grants.get(id) ?? store.grant(id),
    lease: (id) => leases.get(id) ?? store.lease(id),
    openLeases: () =>
      store
        .leases({ states: ['intent', 'active', 'revoking', 'overdue'] })
        .map(shadowed)
        .filter((lease) => lease.state !== 'revoked'),
    leasesOf: (grant) => store.leases({ grant }).map(shadowed),
    activeGrants: () =>
      store
        .grants({ states: ['pending', 'active'] })
        .map((grant) => grants.get(grant.id) ?? grant)
        .filter((grant) => grant.state === 'pending' || grant.state === 'active'),
  };
}
