// The store on one open database: transactions, and what happens when one cannot be made durable.
// Opening, checking and migrating the file is open.ts.

import type { Database } from 'better-sqlite3';
import { JitError } from '../core/errors.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Ballast } from './ballast.ts';
import type { Jobs } from './jobs.ts';
import type { Log } from './log.ts';
import { isFatal, isFull, toStoreError, translating } from './sqlite-errors.ts';
import type { State } from './state.ts';
import type { Store, Transaction } from './store.ts';
import type { FileFate } from './watched-file.ts';

/** What a store is made of. */
export interface StoreParts {
  readonly db: Database;
  readonly origin: string;
  readonly log: Log;
  readonly state: State;
  readonly jobs: Jobs;
  readonly ballast: Ballast;
  /** What became of the database's files since they were opened. */
  readonly fate: () => FileFate;
  readonly readOnly: boolean;
}

/** A store made of `parts`; closing it closes the database. */
export function createStore({ db, origin, log, state, jobs, ballast, fate, readOnly }: StoreParts): Store {
  let failed = false;
  let lost: FileFate = 'same';
  const tx: Transaction = {
    putGrant: state.putGrant,
    putLease: state.putLease,
    putFinding: state.putFinding,
    useToken: jobs.useToken,
    putRun: jobs.putRun,
    append: log.append,
  };

  const inTransaction = db.transaction((work: (tx: Transaction) => unknown) => {
    const done = work(tx);
    // Last thing before COMMIT: what is committed into an unlinked file is lost.
    lost = fate();
    if (lost !== 'same') throw lostError(lost);
    failpoint('store-before-commit');
    return done;
  });

  /** One transaction. Every failure that leaves the file in doubt is remembered. */
  function attempt<T>(work: (tx: Transaction) => T): T {
    try {
      const answer = inTransaction.immediate(work) as T;
      failpoint('store-after-commit');
      return answer;
    } catch (thrown) {
      log.forget();
      if (isFatal(thrown) || lost !== 'same') failed = true;
      throw thrown;
    }
  }

  function refuseUnlessWritable(urgent: boolean): void {
    if (readOnly)
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'cannot write the audit log: it is open for reading');
    if (db.inTransaction) throw new JitError('ERR_INTERNAL', 'cannot begin a transaction inside another');
    if (lost !== 'same') throw lostError(lost);
    if (failed && !urgent) {
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'cannot write the audit log: an earlier write failed', {
        hint: 'check the disk, then: jit broker stop',
      });
    }
  }

  function refuseIfClosed(): void {
    if (!db.open) throw new JitError('ERR_AUDIT_UNAVAILABLE', 'cannot use the audit log: it is closed');
  }

  /** Never waits: the broker does nothing else meanwhile. */
  function checkpoint(): boolean {
    if (!db.open || db.inTransaction || readOnly || failed || lost !== 'same') return false;
    const patience = db.pragma('busy_timeout', { simple: true });
    try {
      db.pragma('busy_timeout = 0');
      return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
    } catch (thrown) {
      if (isFatal(thrown)) failed = true;
      return false;
    } finally {
      db.pragma(`busy_timeout = ${patience}`);
    }
  }

  function reading<T>(work: () => T): T {
    refuseIfClosed();
    return translating('read the audit log', work);
  }

  return {
    origin,
    commit(work, { urgent = false } = {}) {
      refuseIfClosed();
      refuseUnlessWritable(urgent);
      // Nothing is issued unless there is room left to write its revocation.
      if (!urgent) ballast.ensure();
      try {
        try {
          return attempt(work);
        } catch (thrown) {
          if (!urgent || !isFull(thrown) || !ballast.drop()) throw thrown;
          return attempt(work);
        }
      } catch (thrown) {
        throw toStoreError(thrown, 'write the audit log');
      }
    },
    grant: (id) => reading(() => state.grant(id)),
    grants: (filter) => reading(() => state.grants(filter)),
    lease: (id) => reading(() => state.lease(id)),
    leases: (filter) => reading(() => state.leases(filter)),
    leasedTargets: () => reading(() => state.leasedTargets()),
    lastReason: (role) => reading(() => state.lastReason(role)),
    grantedTimes: (role, since, limit) => reading(() => state.grantedTimes(role, since, limit)),
    findings: (filter) => reading(() => state.findings(filter)),
    isTokenUsed: (token) => reading(() => jobs.isTokenUsed(token)),
    grantsOfRun: (run) => reading(() => jobs.grantsOfRun(run)),
    events: (query) => reading(() => log.events(query)),
    head: () => reading(() => log.head()),
    get failed() {
      return failed;
    },
    checkpoint,
    close() {
      checkpoint();
      db.close();
    },
  };
}

function lostError(fate: FileFate): JitError {
  if (fate === 'replaced') {
    return new JitError('ERR_AUDIT_INVALID', 'cannot write the audit log: its file was replaced', {
      hint: 'jit audit verify',
    });
  }
  return new JitError('ERR_AUDIT_UNAVAILABLE', 'cannot write the audit log: its file was removed');
}
