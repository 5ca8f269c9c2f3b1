// What the broker needs of its store. sqlite.ts is the only implementation that knows SQLite.

import type { AuditEvent, LogHead, StoredEvent } from '../audit/event.ts';
import type { Signer } from '../audit/signer.ts';
import type { JitError } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Grant, GrantState } from '../core/grant.ts';
import type { Lease, LeaseState } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { UsedToken } from './jobs.ts';
import type { Rollback, SignedHead } from './signing.ts';

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
  /** Only events after this row: `StoredEvent.row`, which goes on through all logs of the file. */
  readonly after?: number;
  /** With a limit, the oldest this many instead. */
  readonly oldest?: true;
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
  /** Name of this broker, and of the first log in the file: `jit.<device id>`. Never changes. */
  readonly origin: string;
  /** Name of the log that is written now: {@link Store.origin}, with `/2` and so on after a fork. */
  readonly logOrigin: string;
  /** What the log after a fork would be called: the name that its key has to have. */
  readonly nextOrigin: string;
  /** The key (vkey) that the log names as its own now; null while it has named none. */
  readonly key: string | null;
  /** When the log named it. */
  readonly keySince: Instant | null;
  /** True while commits are signed. */
  readonly signs: boolean;
  /** A head known from elsewhere that this log does not lead to: until a fork only urgent commits are taken, unsigned. */
  readonly behind: Rollback | null;
  /** What is wrong with the log itself, in words: as with `behind`, until a fork. */
  readonly damage: string | null;
  /** Why nothing but urgent commits is taken: `behind` or `damage` in the words of an error; null: the log is in order. */
  readonly stopped: JitError | null;
  /** What was thrown when the newest head could not be kept outside the database; null when it could. */
  readonly unkept: unknown;
  /**
   * Signs from now on, and what is not signed yet. The first key of a log is named by an event.
   * @throws JitError `ERR_AUDIT_INVALID` when the log names another key
   */
  useSigner(signer: Signer): void;
  /**
   * `next` follows the key in force: the checkpoint over `key.rotate` has both signatures, later ones that of `next`.
   * The old private key is of no use afterwards.
   * @throws JitError `ERR_AUDIT_INVALID` when nothing signs
   */
  rotate(next: Signer, why?: 'age' | 'asked'): void;
  /**
   * Goes on in a new log, {@link Store.nextOrigin}, that links to the end of this one; of a damaged one, to the last event
   * up to which all is as it was written. Answers that end. `next` null: unsigned for now.
   */
  fork(reason: string, next: Signer | null): LogHead;
  /** Somebody else knows a head that this log does not lead to: as {@link Store.behind} from then on, on record. */
  distrust(from: Rollback['from'], known: LogHead): void;
  /** True for a head of a lost log that a fork has put on record. */
  isOnRecord(head: LogHead): boolean;
  /** The head of the log that is written now. */
  treeHead(): LogHead;
  /** Its newest checkpoint; null while there is none. What came after it is not signed. */
  signedHead(): SignedHead | null;
  /** RFC 6962 proof that the tree of `old` events is the beginning of that of `size`, 1 <= old <= size. */
  consistency(old: number, size: number): Uint8Array[];
  /** The newest checkpoint that the shared store has acknowledged: of the log that is written now, or of another of the file. */
  acknowledgedHead(origin?: string): SignedHead | null;
  /** Remembers it, and no earlier one of that log. */
  acknowledge(head: Pick<SignedHead, 'origin' | 'size' | 'note'>): void;
  /** The shared store has only `size` events of that log: what it had acknowledged beyond is acknowledged no more. */
  unacknowledge(origin: string, size: number): void;
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
  /** The logs of the file, oldest first: name, row of the first event. The last is the one that is written. */
  logs(): { readonly origin: string; readonly first: number }[];
  /** Checkpoints of one log with which a key handed over to the next, or the log to the next: others need them to follow. */
  handovers(origin: string): { readonly size: number; readonly note: string }[];
  /**
   * The stored bytes of events from row `from` on, oldest first: at most `count`, and no more once they have `size` bytes
   * together.
   */
  bodies(from: number, count: number, size?: number): Uint8Array[];
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
