// The store on one open database: transactions, and what happens when one cannot be made durable.
// Opening, checking and migrating the file is open.ts.

import type { Database } from 'better-sqlite3';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import { consistencyProof } from '../audit/merkle.ts';
import { originOf } from '../audit/origin.ts';
import type { Signer } from '../audit/signer.ts';
import { hasCode, JitError } from '../core/errors.ts';
import type { Clock } from '../system/clock.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Ballast } from './ballast.ts';
import { damageText } from './damage.ts';
import type { Epochs } from './epochs.ts';
import type { Jobs } from './jobs.ts';
import type { Log } from './log.ts';
import type { Signing } from './signing.ts';
import { isFatal, isFull, toStoreError, translating } from './sqlite-errors.ts';
import type { State } from './state.ts';
import type { Store, Transaction } from './store.ts';
import { createSuccession } from './succession.ts';
import type { FileFate } from './watched-file.ts';

/** What a store is made of. */
export interface StoreParts {
  readonly db: Database;
  readonly origin: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly epochs: Epochs;
  readonly signing: Signing;
  readonly signer: Signer | null;
  /** What is wrong with the log; null: nothing that is known. */
  readonly damage: string | null;
  readonly state: State;
  readonly jobs: Jobs;
  readonly ballast: Ballast;
  /** What became of the database's files since they were opened. */
  readonly fate: () => FileFate;
  readonly readOnly: boolean;
}

/** A store made of `parts`; closing it closes the database. */
export function createStore(parts: StoreParts): Store {
  const { db, origin, clock, log, epochs, signing, signer, damage, state, jobs, ballast } = parts;
  const { fate, readOnly } = parts;
  let failed = false;
  let lost: FileFate = 'same';
  const tx: Transaction = {
    putGrant: state.putGrant,
    putLease: state.putLease,
    putFinding: state.putFinding,
    useToken: jobs.useToken,
    putRun: jobs.putRun,
    append(event) {
      if (!structural.has(event.type)) return log.append(event);
      throw new JitError('ERR_INTERNAL', `event "${event.type}" is not written by itself`);
    },
  };

  const inTransaction = db.transaction((work: (tx: Transaction) => unknown, seal: () => void) => {
    const done = work(tx);
    seal();
    // Last thing before COMMIT: what is committed into an unlinked file is lost.
    lost = fate();
    if (lost !== 'same') throw lostError(lost);
    failpoint('store-before-commit');
    return done;
  });

  /** One transaction. Every failure that leaves the file in doubt is remembered. */
  function attempt<T>(work: (tx: Transaction) => T, seal = () => signing.seal()): T {
    try {
      const answer = inTransaction.immediate(work, seal) as T;
      signing.committed();
      failpoint('store-after-commit');
      return answer;
    } catch (thrown) {
      log.forget();
      signing.forget();
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
    if (!urgent && signing.stopped) throw signing.stopped;
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

  /** Which log of the file has that name; null: none. */
  function numberOf(name: string): number | null {
    return reading(() => epochs.all()).find((one) => originOf(origin, one.number) === name)?.number ?? null;
  }

  /** Writes what is no event. Of a log that is not of this file there is nothing to write. */
  function noting(name: string, work: (epoch: number) => void): void {
    refuseIfClosed();
    refuseUnlessWritable(true);
    const number = numberOf(name);
    if (number !== null) translating('write the audit log', () => attempt(() => work(number)));
  }

  const succession = createSuccession({
    device: origin,
    log,
    epochs,
    signing,
    clock,
    run(work, seal) {
      refuseIfClosed();
      // Also when the log is behind a known head: that is what a fork is for.
      refuseUnlessWritable(true);
      if (!signing.stopped) ballast.ensure();
      translating('write the audit log', () => attempt(work, seal));
    },
  });

  /** True when the log turns out to be damaged only now: revocations are then written without its tree. */
  function noticeDamage(thrown: unknown): boolean {
    const error = toStoreError(thrown, 'write the audit log');
    if (!hasCode(error, 'ERR_AUDIT_INVALID') || signing.damage !== null) return false;
    // Those end the process: what is on disk is for the next one to see.
    if (failed || lost !== 'same') return false;
    succession.damaged(damageText(error));
    return true;
  }

  const store: Store = {
    origin,
    get key() {
      return reading(() => epochs.key(log.epoch.number));
    },
    get keySince() {
      return reading(() => log.timeOf(epochs.keySize(log.epoch.number)));
    },
    get logOrigin() {
      return reading(() => succession.origin());
    },
    get nextOrigin() {
      return reading(() => succession.nextOrigin());
    },
    get behind() {
      return signing.behind;
    },
    get damage() {
      return signing.damage;
    },
    get stopped() {
      return signing.stopped;
    },
    get signs() {
      return signing.signer !== null && signing.stopped === null;
    },
    get unkept() {
      return signing.unkept;
    },
    useSigner: (signer) => succession.useSigner(signer),
    rotate: (next, why) => succession.rotate(next, why),
    fork: (reason, next) => succession.fork(reason, next),
    distrust: (from, known) => succession.distrust(from, known),
    isOnRecord: (head) => reading(() => signing.isOnRecord(head)),
    treeHead: () => reading(() => log.treeHead()),
    signedHead: () => reading(() => signing.newest()),
    consistency(old, size) {
      try {
        return reading(() => consistencyProof(log.tree.node, old, size));
      } catch (thrown) {
        noticeDamage(thrown);
        throw thrown;
      }
    },
    acknowledgedHead(name = succession.origin()) {
      const number = numberOf(name);
      const row = number === null ? null : reading(() => epochs.kept(number, 'acknowledged'));
      const head = row && parseCheckpoint(row.note);
      return row && head ? { origin: head.origin, size: head.size, root: head.root, note: row.note } : null;
    },
    acknowledge({ origin: name, size, note }) {
      noting(name, (epoch) => epochs.keep({ epoch, size, note }, 'acknowledged'));
    },
    unacknowledge(name, size) {
      noting(name, (epoch) => epochs.lowerAcknowledged(epoch, size));
    },
    commit(work, { urgent = false } = {}) {
      refuseIfClosed();
      refuseUnlessWritable(urgent);
      // Nothing is issued unless there is room left to write its revocation.
      if (!urgent) ballast.ensure();
      try {
        try {
          return attempt(work);
        } catch (thrown) {
          if (noticeDamage(thrown)) {
            if (!urgent) throw signing.stopped;
          } else if (!urgent || !isFull(thrown) || !ballast.drop()) throw thrown;
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
    logs: () =>
      reading(() => epochs.all().map((epoch) => ({ ...epoch, origin: originOf(origin, epoch.number) }))),
    handovers(name) {
      const number = numberOf(name);
      return number === null ? [] : reading(() => epochs.handovers(number));
    },
    bodies: (from, count, size) => reading(() => log.bodies(from, count, size)),
    head: () => reading(() => log.head()),
    get failed() {
      return failed;
    },
    checkpoint,
    close() {
      signing.close();
      checkpoint();
      db.close();
    },
  };
  if (!readOnly) succession.start(signer, damage);
  return store;
}

/** Written only together with what they change. */
const structural: ReadonlySet<string> = new Set([
  'log.open',
  'log.fork',
  'key.rotate',
  'log.rollback_detected',
  'log.damaged',
]);

function lostError(fate: FileFate): JitError {
  if (fate === 'replaced') {
    return new JitError('ERR_AUDIT_INVALID', 'cannot write the audit log: its file was replaced', {
      hint: 'jit audit verify',
    });
  }
  return new JitError('ERR_AUDIT_UNAVAILABLE', 'cannot write the audit log: its file was removed');
}
