// What the broker needs of its store. sqlite.ts is the only implementation that knows SQLite.

import type { AuditEvent, StoredEvent } from '../audit/event.ts';
import type { Finding } from '../core/finding.ts';
import type { Grant, GrantState } from '../core/grant.ts';
import type { Lease, LeaseState } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { UsedToken } from './jobs.ts';

/** What can be done inside one transaction. Reads see its own writes. */
export interface Transaction {
  putGrant(grant: Grant): void;
  putLease(lease: Lease): void;
  putFinding(finding: Finding): void;
  /**
   * Remembers an identity token until it has expired; forgets those that have.
   * @throws JitError `ERR_POLICY_DENIED` when it was used before
   */
  useToken(used: UsedToken, now: Instant): void;
  /** Which run of a pipeline a grant was asked for by. */
  putRun(grant: string, run: string): void;
  /** Appends to the log and answers the stored event. */
  append(event: AuditEvent): StoredEvent;
}

/** Which events to read. All given conditions must hold; names and ids are compared exactly. */
export interface EventQuery {
  readonly grant?: string;
  readonly target?: string;
  readonly principal?: string;
  readonly type?: string;
  /** From here on, this instant included. */
  readonly since?: Instant;
  /** Before this instant. */
  readonly until?: Instant;
  /** Newest this many, told in order of sequence. */
  readonly limit?: number;
  /** Only events after this sequence number. */
  readonly after?: number;
}

/** A role as somebody asks for it. */
export interface AskedRole {
  readonly principal: string;
  readonly target: string;
  readonly role: string;
}

/**
 * State and log in one file. Throws `JitError`: `ERR_AUDIT_UNAVAILABLE` when a write cannot be made
 * durable (disk full, read-only, I/O error), `ERR_AUDIT_INVALID` when the file is not what jit wrote.
 */
export interface Store {
  /** Name of this log, and so of this broker: `jit.<device id>`. */
  readonly origin: string;
  /**
   * Runs `work` in one durable transaction (synchronous=FULL): all of it or nothing. No promises inside.
   * `urgent` is for revocations: on a full disk the ballast is given up and `work` runs once more.
   */
  commit<T>(work: (tx: Transaction) => T, options?: { readonly urgent?: boolean }): T;
  grant(id: string): Grant | null;
  /** In order of request; with a limit, the newest. */
  grants(filter?: { readonly states?: readonly GrantState[]; readonly limit?: number }): Grant[];
  lease(id: string): Lease | null;
  /** In order of creation. */
  leases(filter?: { readonly states?: readonly LeaseState[]; readonly grant?: string }): Lease[];
  /** In order of discovery; with a limit, the newest. The same thing found again is one finding with a new action. */
  findings(filter?: { readonly lease?: string; readonly limit?: number }): Finding[];
  /** Targets that there has ever been a lease on. */
  leasedTargets(): string[];
  /** The reason that this principal gave last for a grant of the role that began; null: none yet. */
  lastReason(role: AskedRole): string | null;
  /** When this principal asked for the grants of the role that began, from `since` on: the newest `limit`, newest first. */
  grantedTimes(role: AskedRole, since: Instant, limit: number): Instant[];
  /** True for an identity token that was used and has not expired since. */
  isTokenUsed(token: string): boolean;
  /** Ids of the grants that this run of a pipeline has asked for. */
  grantsOfRun(run: string): string[];
  events(query?: EventQuery): StoredEvent[];
  /** Number of events and the leaf hash (hex) of the last; 64 zeros for an empty log. */
  head(): { readonly size: number; readonly leaf: string };
  /** True after an I/O error: the file can no longer be trusted to be durable by this process. */
  readonly failed: boolean;
  /**
   * Moves what is in `-wal` into the file itself and empties `-wal`, so that the file alone is a whole copy. Waits
   * for nobody and never throws: false when a reader, another writer or the disk is in the way, and nothing is lost.
   */
  checkpoint(): boolean;
  /** A {@link Store.checkpoint}, then lets go of the file. */
  close(): void;
}
