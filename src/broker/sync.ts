// Keeps the shared store up to date in the background: after commits, again when that failed, and when asked to. Owns how
// far the log may be ahead of it. Nothing here delays a grant, unless the policy says so or the limits are reached.

import type { AuditEvent } from '../audit/event.ts';
import { JitError, toJitError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { StoreSettings } from '../core/store-settings.ts';
import type { Milliseconds } from '../core/time.ts';
import { withStore } from '../shared-store/connection.ts';
import { failureOf } from '../shared-store/failure.ts';
import { storeWriter } from '../shared-store/writer.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/log-file.ts';
import type { Random } from '../system/random.ts';
import type { Ledger } from './ledger.ts';
import type { PolicyHolder } from './policy-holder.ts';
import { createEndedLogs } from './sync-ended.ts';
import { notSynced, overLimit, type Unsynced } from './sync-limit.ts';
import { createLossWatch, keepAcknowledged } from './sync-loss.ts';
import { knownContradiction, readSyncMemory, type SyncMemory, writeSyncMemory } from './sync-memory.ts';
import { Contradiction, pushLogs } from './sync-push.ts';
import type { RefusedLog, Sync } from './sync-state.ts';
import { createTally } from './sync-tally.ts';

/** What the sync works with. */
export interface SyncTools {
  readonly ledger: Ledger;
  readonly policy: PolicyHolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly resolveSecret: (reference: string) => Promise<Secret>;
  /** Where {@link SyncMemory} is kept. */
  readonly file: string;
}

/** Events come in groups: a grant has half a dozen. */
const debounce: Milliseconds = 500;
/** What a request waits for a store that may be there after all. */
const requestPatience: Milliseconds = 10_000;
/** Unacknowledged for longer than this is worth an event. */
const behindAfter: Milliseconds = 5 * 60_000;

/** Starts the sync; contacts nobody before something is committed, or was before. */
export function startSync(tools: SyncTools): Sync {
  const { ledger, policy, clock, random, log, file } = tools;
  const { store } = ledger;
  const stopped = new AbortController();
  const ended = createEndedLogs(clock);
  const remembered = readSyncMemory(file);
  let memory: SyncMemory = remembered ?? {
    origin: store.logOrigin,
    size: 0,
    behind: false,
    contradiction: null,
  };
  const now = (): number => clock.now();
  const tally = createTally(store, remembered, now);
  const write = (event: AuditEvent): void => ledger.writeRevocation({ events: [event] });
  const losses = createLossWatch({ store, tally, log, now, memory: () => memory, write });
  let failures = 0;
  let left = 0;
  let failure: JitError | null = null;
  let underWay: Promise<void> | null = null;
  let cancel: (() => void) | null = null;

  const known = knownContradiction(store, memory);
  if (known) store.distrust('store', known);
  ledger.onWrite(touch);
  // A store was in use: there may be something to send, and the configuration says where to.
  if (remembered) void policy.config().then(touch, () => undefined);

  function remember(changes: Partial<SyncMemory>): void {
    memory = { ...memory, ...changes };
    writeSyncMemory(file, memory);
  }

  const settingsNow = (): StoreSettings | null => {
    const settings = policy.latest?.store ?? null;
    return settings?.writer ? settings : null;
  };

  /** Also of logs before the one that is written: a fork makes nothing acknowledged. Not of those that are refused. */
  function unsynced(): Unsynced {
    return tally.missing(ended.isLeftOut);
  }

  function plan(delay: Milliseconds): void {
    cancel?.();
    cancel = clock.after(delay, () => {
      cancel = null;
      // Told by the state; the next attempt is planned.
      if (settingsNow()) run().catch(() => undefined);
    });
  }

  function touch(): void {
    // Without a store there is nothing to plan; a configuration that names one is told of here, too.
    if (settingsNow() === null) return;
    if (!stopped.signal.aborted && cancel === null && underWay === null) plan(debounce);
  }

  function run(): Promise<void> {
    underWay ??= pushOnce().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  async function pushOnce(): Promise<void> {
    cancel?.();
    cancel = null;
    try {
      await push();
      failures = 0;
      failure = null;
      const { size } = store.head();
      if (memory.behind && tally.has(store.logOrigin, size))
        tell({ type: 'sync.caught_up', at: clock.now(), data: { size } }, false);
    } catch (thrown) {
      failure = toJitError(thrown);
      failures += 1;
      log.warn(`cannot sync the log: ${failure.message}`, failure.cause);
      if (thrown instanceof Contradiction) {
        remember({ contradiction: thrown.known });
        store.distrust('store', thrown.known);
      }
      tellBehind(failure);
    }
    if (!stopped.signal.aborted && (failure || unsynced().events > 0)) plan(failure ? backoff() : debounce);
    if (failure) throw failure;
  }

  async function push(): Promise<void> {
    const settings = settingsNow();
    if (!settings?.writer) {
      throw new JitError('ERR_CONFIG', 'the configuration names no shared store to sync with', {
        hint: 'docs/configuration.md, section "store"',
      });
    }
    // Until a fork nothing that is added here can be told from a lie.
    if (store.stopped) throw notSynced();
    const { address, writer } = settings;
    const password = await tools.resolveSecret(writer.password);
    const options = { address, user: writer.user, password, clock, signal: stopped.signal };
    const again = ended.begin();
    await withStore(options, async (connection) =>
      pushLogs({
        ...{ store, again, settled: ended.settled, refused: ended.refused },
        writer: storeWriter(connection),
        onFound(origin, size) {
          if (losses.heard(origin, size)) ended.settled.delete(origin);
        },
        onOther(origin, size) {
          if (memory.ended?.[origin] !== size) remember({ ended: { ...memory.ended, [origin]: size } });
        },
        onAcknowledged(origin, size, note) {
          tally.heard(origin, size);
          acknowledge(origin, size, note);
          if (origin === store.logOrigin) remember({ origin, size, contradiction: null });
        },
      }),
    );
    ended.done();
  }

  function refusedLogs(): RefusedLog[] {
    const address = settingsNow()?.address;
    if (!address) return [];
    return [...ended.refused].map(([origin, thrown]) => ({
      origin,
      events: tally.missingOf(origin),
      failure: failureOf(thrown, address),
    }));
  }

  function acknowledge(origin: string, size: number, note: string | null): void {
    try {
      keepAcknowledged(store, origin, size, note);
    } catch (thrown) {
      // Of no weight: what the store has is asked again before anything is sent.
      log.warn('cannot keep the acknowledged checkpoint', thrown);
    }
  }

  function tellBehind({ code }: JitError): void {
    const { events, since } = unsynced();
    if (memory.behind || since === null || clock.now() - since < behindAfter) return;
    tell(
      { type: 'sync.behind', at: clock.now(), data: { events, since: new Date(since).toISOString(), code } },
      true,
    );
  }

  function tell(event: AuditEvent, behind: boolean): void {
    remember({ behind });
    write(event);
  }

  function backoff(): Milliseconds {
    const longest = failure?.code === 'ERR_TARGET_UNREACHABLE' ? 60_000 : 300_000;
    const fraction = random.bytes(1)[0] ?? 0;
    return Math.min(longest, 1_000 * 2 ** Math.min(failures - 1, 20)) * (0.5 + fraction / 512);
  }

  /** As long as it takes, but no longer than `limit`. @throws JitError why the store does not have it */
  async function until(isThere: () => boolean, limit: Milliseconds): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancelLate = clock.after(limit, () =>
      reject(failure ?? new JitError('ERR_TARGET_UNREACHABLE', 'the shared store does not answer in time')),
    );
    try {
      for (let attempt = 0; !isThere(); attempt += 1) {
        // One may be under way that began before the last commit.
        const running = underWay;
        await Promise.race([running ? running.catch(() => undefined) : run(), late]);
        if (attempt > 100) throw failure ?? notSynced();
      }
    } finally {
      cancelLate();
    }
  }

  const has = (origin: string, size: number) => (): boolean =>
    tally.has(origin, size) && memory.contradiction === null;

  return {
    touch,
    get isBusy() {
      return settingsNow() !== null && !store.stopped && failures === 0 && unsynced().events > 0;
    },
    state() {
      const { size } = store.head();
      const origin = store.logOrigin;
      return {
        ...unsynced(),
        ...{ settings: settingsNow(), origin, size, failure },
        acknowledged: tally.acknowledged(),
        isHeard: tally.isHeard(origin),
        refused: refusedLogs(),
        lost: losses.known().map((loss) => ({ ...loss, has: tally.heardOf(loss.origin) })),
        isRunning: underWay !== null,
      };
    },
    async now() {
      await policy.config();
      // One may be under way that began before the last commit.
      await underWay?.catch(() => undefined);
      ended.askAgain();
      await run();
    },
    async withinLimits() {
      const settings = settingsNow();
      if (!settings || overLimit(unsynced(), settings.maxUnsynced, clock.now()) === null) return false;
      await until(
        () => overLimit(unsynced(), settings.maxUnsynced, clock.now()) === null,
        requestPatience,
      ).catch(() => undefined);
      const why = overLimit(unsynced(), settings.maxUnsynced, clock.now());
      if (why === null) return true;
      throw new JitError(
        'ERR_AUDIT_UNAVAILABLE',
        `nothing is issued: ${why}${failure ? `; ${failure.message}` : ''}`,
        {
          hint: 'jit audit sync --now',
        },
      );
    },
    async anchor() {
      try {
        await until(has(store.logOrigin, store.head().size), requestPatience);
      } catch (thrown) {
        const cause = toJitError(thrown);
        if (cause.code === 'ERR_AUDIT_INVALID') throw cause;
        throw new JitError(
          'ERR_AUDIT_UNAVAILABLE',
          `nothing is issued: the shared store has to acknowledge it first, and has not: ${cause.message}`,
          { hint: 'jit audit sync --now', cause },
        );
      }
    },
    async close(patience) {
      const settings = settingsNow();
      if (settings && !store.stopped && failures === 0 && unsynced().events > 0) {
        const all = has(store.logOrigin, store.head().size);
        await until(all, patience ?? settings.endTimeout).catch(() => undefined);
      }
      stopped.abort();
      cancel?.();
      // Broken off by now; whoever closes the database next must not be met by it.
      await underWay?.catch(() => undefined);
      cancel?.();
      left = settings ? unsynced().events : 0;
    },
    get left() {
      return left;
    },
  };
}
