// What the shared store had acknowledged and does not have any more. Owns what its answers are compared with, and that each
// loss is put on record once. Sending it again is sync-push.ts.

import type { AuditEvent, EventData } from '../audit/event.ts';
import type { StoreLoss } from '../core/store-loss.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../system/log-file.ts';
import { rowBefore } from './log-reader.ts';
import type { SyncMemory } from './sync-memory.ts';
import type { Tally } from './sync-tally.ts';

/** What is known of a loss. */
export interface KnownLoss extends StoreLoss {
  readonly foundAt: Instant;
}

/** What the watch works with. */
export interface LossTools {
  readonly store: Store;
  readonly tally: Tally;
  readonly log: Logger;
  readonly now: () => Instant;
  readonly memory: () => SyncMemory;
  /** Puts it on record; never throws. */
  readonly write: (event: AuditEvent) => void;
}

/** Compares what the store has with what it had. */
export interface LossWatch {
  /** The store has just said how much of that log it has: to be told before anything else is. True: it lacks events that it had. */
  heard(origin: string, size: number): boolean;
  /** Of the last days; of each log the newest. */
  known(): readonly KnownLoss[];
}

/** After that the log, the report and `jit audit verify --store` tell of it. */
const toldFor: Milliseconds = 7 * 24 * 3_600_000;

/** Has compared nothing yet. */
export function createLossWatch(tools: LossTools): LossWatch {
  const { store, tally, log, now } = tools;
  let losses: KnownLoss[] | null = null;

  function read(): KnownLoss[] {
    const after = rowBefore(store, now() - toldFor);
    return store.events({ type: 'store.rollback_detected', after }).map(({ body }) => ({
      ...(body.data as unknown as EventData['store.rollback_detected']),
      foundAt: Date.parse(body.ts),
    }));
  }

  /** More of a log than is here can only be missed once: it never comes back from here. */
  function hadBeyond(origin: string): number {
    const size = Math.max(tools.memory().ended?.[origin] ?? 0, knownFromStore(store, origin));
    if (size === 0) return 0;
    const isTold = store.events({ type: 'store.rollback_detected' }).some(({ body }) => {
      const told = body.data as unknown as EventData['store.rollback_detected'];
      return told.origin === origin && told.acknowledged >= size;
    });
    return isTold ? 0 : size;
  }

  return {
    heard(origin, found) {
      const kept = store.acknowledgedHead(origin)?.size ?? 0;
      const acknowledged = Math.max(tally.heardOf(origin) ?? 0, kept, hadBeyond(origin));
      if (found >= acknowledged) return false;
      losses ??= read();
      losses.push({ origin, acknowledged, found, foundAt: now() });
      log.warn(
        `the shared store has ${found} of ${acknowledged} events of ${origin} that it had acknowledged`,
      );
      tools.write({
        type: 'store.rollback_detected',
        at: now(),
        data: { origin, acknowledged, found },
      });
      // Only now: what is told twice is better than what is never told.
      tally.heard(origin, found);
      try {
        store.unacknowledge(origin, found);
      } catch (thrown) {
        log.warn('cannot keep how much of the log is acknowledged', thrown);
      }
      return true;
    },
    known() {
      losses ??= read();
      const since = now() - toldFor;
      const newest = new Map(
        losses.filter(({ foundAt }) => foundAt >= since).map((loss) => [loss.origin, loss]),
      );
      return [...newest.values()];
    },
  };
}

/** How many events of a log that has ended the store had, when it had more than there are here; 0: it had not. */
function knownFromStore(store: Store, origin: string): number {
  const logs = store.logs();
  const next = logs[logs.findIndex((one) => one.origin === origin) + 1];
  if (!next || logs[0] === next) return 0;
  const [fork] = store.events({ after: next.first, limit: 1, oldest: true });
  const { known } = (fork?.body.data ?? {}) as Partial<EventData['log.fork']>;
  if (known?.origin !== origin) return 0;
  const sizes = store.events({ type: 'log.rollback_detected' }).map(({ body }) => {
    const told = body.data as unknown as EventData['log.rollback_detected'];
    return told.from === 'store' && told.known.origin === origin ? told.known.size : 0;
  });
  return Math.max(0, ...sizes);
}

/**
 * Keeps in the log's file what the store has acknowledged: `size` events, and perhaps the signed `note`. Only where it is
 * news. @throws what the store throws
 */
export function keepAcknowledged(store: Store, origin: string, size: number, note: string | null): void {
  const newest = store.signedHead();
  const head =
    origin === store.logOrigin
      ? newest && newest.note === note && newest
      : store.handovers(origin).findLast((handover) => handover.size <= size);
  if (!head || head.size <= (store.acknowledgedHead(origin)?.size ?? 0)) return;
  store.acknowledge({ origin, size: head.size, note: head.note });
}
