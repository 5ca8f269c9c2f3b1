// Keeps what endpoints serve from expiring inside a grant: asks the provider in time, one call at a time,
// never beyond the deadline. What cannot be refreshed is served until its expiry, and status says why.

import { JitError, toJitError } from '../core/errors.ts';
import { type Lease, moveLease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { ErrorReply } from '../protocol/routes.ts';
import type { Refreshed, RefreshRecord } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker } from './broker.ts';
import { isDue } from './due.ts';
import { type Attempt, isoTime } from './intent.ts';
import { retryDelay } from './retry.ts';
import { endGrant, placeOf, tellChange } from './revocation.ts';

/** The schedule of one lease. Nothing here throws or rejects, unless it says so. */
export interface Refreshing {
  /** Starts a refresh if one is due. */
  look(): void;
  /** Refreshes whatever the schedule says; settles when that was tried once. */
  now(): Promise<void>;
  /** Runs `work` while nobody refreshes, with the means to make the credential for another record of the lease. @throws what `work` throws */
  alone<T>(work: (make: (lease: Lease) => Promise<Refresh>) => Promise<T>): Promise<T>;
  /** Why the last refresh failed; null when it did not. */
  failure(): ErrorReply['error'] | null;
  /** Aborts what is under way and plans nothing more. */
  stop(): void;
}

/** Timers stand still while a machine sleeps: the clock is looked at this often. */
const longestWait = 30_000;
/** A provider that wants it sooner than this again is mistaken. */
const shortestPause = 1_000;

/** What a refresh answers. */
type Refresh = Refreshed<Lease['handle']>;

/**
 * Registers a schedule with the broker, if the provider can refresh.
 * @param refreshAt null: only when asked, because the credential lasts as long as the lease
 */
export function keepFresh(broker: Broker, attempt: Attempt, refreshAt: Instant | null): void {
  const { clock, ledger } = broker;
  const {
    lease: { id },
    plan,
    provider,
  } = attempt;
  if (!provider.refresh) return;
  const stopped = new AbortController();
  let due: Instant | null = refreshAt;
  let failures = 0;
  let failure: ErrorReply['error'] | null = null;
  let underWay: Promise<void> | null = null;
  let cancel = (): void => undefined;

  /** The lease while there is something to refresh for. */
  function current(): Lease | null {
    const lease = ledger.lease(id);
    if (stopped.signal.aborted || lease?.state !== 'active' || isDue(lease, clock)) return null;
    return lease;
  }

  function look(): void {
    cancel();
    const lease = current();
    if (lease === null || underWay !== null || due === null || due >= lease.deadline) return;
    const left = due - clock.now();
    if (left > 0) cancel = clock.after(Math.min(left, longestWait), look);
    else void now();
  }

  function now(): Promise<void> {
    underWay ??= refresh().finally(() => {
      underWay = null;
      look();
    });
    return underWay;
  }

  async function refresh(): Promise<void> {
    const lease = current();
    if (lease === null) return;
    try {
      record(await call(lease));
    } catch (thrown) {
      fail(toJitError(thrown));
    }
  }

  /** While this is under way, a revocation waits for it as for an issue: it could not find what is about to be made. */
  async function call(lease: Lease): Promise<Refresh> {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(broker.timing.call)]);
    const request = { ...plan, now: clock.now(), deadline: lease.deadline };
    const answer = Promise.resolve(provider.refresh?.(lease.handle, request, signal, keepOnDisk));
    broker.issuing.set(
      id,
      answer.then(
        () => undefined,
        () => undefined,
      ),
    );
    try {
      const refreshed = await answer;
      if (refreshed) return refreshed;
      throw new JitError('ERR_UNSUPPORTED', 'the provider cannot refresh');
    } finally {
      broker.issuing.delete(id);
    }
  }

  /** A lease that is being taken back takes along what was made for it meanwhile, but nothing new is begun under it. */
  const keepOnDisk: RefreshRecord<Lease['handle']> = ({ handle, hardDeadline, step }) => {
    const lease = ledger.lease(id);
    if (!lease || lease.state === 'revoked') throw new JitError('ERR_CONFLICT', 'the lease is over');
    const changed = { ...lease, handle, hardDeadline: Math.max(lease.hardDeadline, hardDeadline) };
    const data = { step, facts: provider.describe(handle).facts };
    const place = { ...placeOf(ledger.grant(lease.grant)), lease: id };
    ledger.write({
      leases: [changed],
      events: [{ type: 'lease.step', at: clock.now(), ...place, data }],
    });
  };

  async function alone<T>(work: (make: (lease: Lease) => Promise<Refresh>) => Promise<T>): Promise<T> {
    while (underWay !== null) await underWay;
    const working = work(async (lease) => {
      const refreshed = await call(lease);
      planNext(refreshed);
      return refreshed;
    });
    underWay = working
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        underWay = null;
        look();
      });
    return working;
  }

  function planNext({ refreshAt: next }: Refresh): void {
    failures = 0;
    due = next === null ? null : Math.max(next, clock.now() + shortestPause);
    if (failure === null) return;
    failure = null;
    tellChange(broker, plan.grant);
  }

  function record(refreshed: Refresh): void {
    failpoint('refresh.answered');
    const lease = current();
    planNext(refreshed);
    // Ended meanwhile: the revocation that waits takes this one along.
    if (lease === null) return;
    const hardDeadline = Math.max(lease.hardDeadline, refreshed.expiresAt);
    const data = { deadline: isoTime(lease.deadline), hard_deadline: isoTime(hardDeadline) };
    const place = { ...placeOf(ledger.grant(lease.grant)), lease: id };
    try {
      ledger.write({
        leases: [
          moveLease(lease, 'active', {
            handle: refreshed.handle ?? lease.handle,
            hardDeadline,
            lastError: null,
          }),
        ],
        events: [{ type: 'lease.renewed', at: clock.now(), ...place, data }],
      });
    } catch (thrown) {
      broker.log.error(`a refresh of lease ${id} cannot be recorded`, thrown);
      void endGrant(broker, lease.grant, 'audit-failed');
    }
  }

  function fail(error: JitError): void {
    const lease = current();
    if (lease === null) return;
    failures += 1;
    const fraction = broker.random.bytes(1).readUInt8() / 255;
    due = clock.now() + retryDelay(failures, 'ERR_TARGET_REFUSED', fraction);
    const { code, message, hint } = error;
    failure = { code, message, ...(hint !== undefined && { hint }) };
    // Every attempt may fail in the same way; one line and one event tell it.
    if (lease.lastError === code) return;
    broker.log.warn(`lease ${id} is not refreshed: ${message}`, error.cause);
    const data = { step: 'not-refreshed', facts: { code } };
    const place = { ...placeOf(ledger.grant(lease.grant)), lease: id };
    ledger.writeRevocation({
      leases: [moveLease(lease, 'active', { lastError: code })],
      events: [{ type: 'lease.step', at: clock.now(), ...place, data }],
    });
    tellChange(broker, lease.grant);
  }

  broker.refreshing.set(id, {
    look,
    now,
    alone,
    failure: () => failure,
    stop() {
      stopped.abort();
      cancel();
      broker.refreshing.delete(id);
    },
  });
  look();
}
