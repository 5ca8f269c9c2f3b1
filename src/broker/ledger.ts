// State and audit as the broker writes them. Owns the two rules: nothing is issued unless it is on disk;
// revocation goes on even if it cannot be written, and is written as soon as that is possible again.
// What is open is kept in memory as well, so that taking it back needs no read.

import type { AuditEvent } from '../audit/event.ts';
import { JitError, toJitError } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Grant } from '../core/grant.ts';
import { isOpen, type Lease } from '../core/lease.ts';
import type { UsedToken } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/log-file.ts';
import { createBacklog } from './backlog.ts';
import { standInGrant } from './damaged-records.ts';

/** What one transaction changes. */
export interface Entry {
  readonly grants?: readonly Grant[];
  readonly leases?: readonly Lease[];
  readonly findings?: readonly Finding[];
  /** An identity token that must not be taken again. */
  readonly usedToken?: UsedToken;
  /** The run of a pipeline that asked for a grant. */
  readonly run?: { readonly grant: string; readonly run: string };
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
  /** Calls back after each write that reached the disk; the answer ends that. A listener that throws is only told to the log. */
  onWrite(listener: () => void): () => void;
  /** Changes that wait in memory. */
  readonly unwritten: number;
  grant(id: string): Grant | null;
  lease(id: string): Lease | null;
  /** Leases that may exist on a target. */
  openLeases(): Lease[];
  /** Of one grant, without a read. */
  openLeasesOf(grant: string): Lease[];
  leasesOf(grant: string): Lease[];
  activeGrants(): Grant[];
  /** Targets that there has ever been a lease on. */
  leasedTargets(): ReadonlySet<string>;
}

/** A ledger over `store`, which nobody else may write to. */
export function createLedger(store: Store, clock: Clock, log: Logger): Ledger {
  // Everything that is open, and whatever else is not on disk yet.
  const leases = new Map(
    store.leases({ states: ['intent', 'active', 'revoking', 'overdue'] }).map((lease) => [lease.id, lease]),
  );
  const grants = new Map(store.grants({ states: ['pending', 'active'] }).map((grant) => [grant.id, grant]));
  for (const lease of leases.values()) {
    const { grant } = lease;
    grants.set(grant, grants.get(grant) ?? store.grant(grant) ?? standInGrant(store, lease));
  }
  const targets = new Set(store.leasedTargets());
  const backlog = createBacklog(store, clock, log);
  const listeners = new Set<() => void>();

  function written(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (thrown) {
        log.error('telling a write', thrown);
      }
    }
  }

  function remember(entry: Entry): void {
    for (const lease of entry.leases ?? []) {
      leases.set(lease.id, lease);
      targets.add(lease.target);
    }
    for (const grant of entry.grants ?? []) grants.set(grant.id, grant);
    forget();
  }

  /** Drops from memory what is over and on disk. */
  function forget(): void {
    if (backlog.size > 0) return;
    written();
    const needed = new Set<string>();
    for (const lease of leases.values()) {
      if (isOpen(lease)) needed.add(lease.grant);
      else leases.delete(lease.id);
    }
    for (const grant of grants.values()) {
      if (!isActive(grant) && !needed.has(grant.id)) grants.delete(grant.id);
    }
  }

  return {
    store,
    onWrite(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get unwritten() {
      return backlog.size;
    },
    write(entry) {
      if (!backlog.flush()) {
        throw new JitError('ERR_AUDIT_UNAVAILABLE', 'the audit log cannot be written, so nothing is issued', {
          hint: 'jit doctor',
        });
      }
      commit(store, entry, false);
      remember(entry);
    },
    writeRevocation(entry) {
      try {
        if (backlog.flush()) commit(store, entry, true);
        else backlog.add(entry);
      } catch (thrown) {
        log.error(`revocation goes on without audit: ${toJitError(thrown).message}`);
        backlog.add(entry);
      }
      remember(entry);
    },
    flush() {
      const isDone = backlog.flush();
      if (isDone) forget();
      return isDone;
    },
    grant: (id) => grants.get(id) ?? store.grant(id),
    lease: (id) => leases.get(id) ?? store.lease(id),
    openLeases: () => [...leases.values()].filter(isOpen),
    openLeasesOf: (grant) => [...leases.values()].filter((lease) => lease.grant === grant && isOpen(lease)),
    leasesOf: (grant) => store.leases({ grant }).map((lease) => leases.get(lease.id) ?? lease),
    activeGrants: () => [...grants.values()].filter(isActive),
    leasedTargets: () => targets,
  };
}

function isActive({ state }: Grant): boolean {
  return state === 'pending' || state === 'active';
}

/** All of an entry in one durable transaction. */
export function commit(store: Store, entry: Entry, urgent: boolean): void {
  store.commit(
    (tx) => {
      for (const grant of entry.grants ?? []) tx.putGrant(grant);
      for (const lease of entry.leases ?? []) tx.putLease(lease);
      for (const finding of entry.findings ?? []) tx.putFinding(finding);
      for (const event of entry.events) tx.append(event);
      const [first] = entry.events;
      if (entry.usedToken && first) tx.useToken(entry.usedToken, first.at);
      if (entry.run) tx.putRun(entry.run.grant, entry.run.run);
    },
    { urgent },
  );
}
