// One push: asks the shared store where it stands with each log of the file, and sends what it does not have. Knows nothing
// of connections and schedules; throws what the calls throw.

import { leafHash, noLeaf } from '../audit/chain.ts';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import type { LogHead } from '../audit/event.ts';
import { JitError } from '../core/errors.ts';
import { contradictions, isRefusal } from '../shared-store/failure.ts';
import type { StoreHead, StoreWriter } from '../shared-store/writer.ts';
import type { Store } from '../store/store.ts';
import { sqlStateOf } from '../system/postgres-failure.ts';

/** The store has another log under this name than the one that is here. */
export class Contradiction extends JitError {
  readonly known: LogHead;

  constructor(known: LogHead, why: string) {
    super('ERR_AUDIT_INVALID', `the shared store has another log "${known.origin}" than this one: ${why}`, {
      hint: 'jit audit fork --reason "…"; if another machine uses a copy of this one, stop it first',
    });
    this.known = known;
  }

  /** The one that is inherited knows every JitError. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof JitError && 'known' in value;
  }
}

/** What a push works with. */
export interface Push {
  readonly store: Store;
  readonly writer: StoreWriter;
  /** Logs that need no look any more: complete, or given up by a fork. Filled by the push. */
  readonly settled: Set<string>;
  /** Logs before the one that is written now that the store said no to, and how: left out until somebody takes them out. */
  readonly refused?: Map<string, unknown>;
  /** Looks at those that are settled, too. */
  readonly again?: boolean;
  /** Told what the store says it has of a log, before anything else is made of it. */
  onFound?(origin: string, size: number): void;
  /** A log that has ended is another one there; `size`: how much of it the store has. */
  onOther?(origin: string, size: number): void;
  /** Told as soon as the store has answered. `note`: the newest checkpoint that it has. */
  onAcknowledged(origin: string, size: number, note: string | null): void;
}

/** A call of this much costs the server some hundredth of a second, and both sides little memory. */
const batch = { events: 2_000, bytes: 4 * 1024 * 1024 };

/**
 * Sends everything that is committed by the time it is reached. What is wrong with a log that has ended keeps no other back.
 * @throws Contradiction for the log that is written now
 */
export async function pushLogs(push: Push): Promise<void> {
  const { store, settled, refused = new Map<string, unknown>() } = push;
  for (const log of store.logs()) {
    if ((settled.has(log.origin) && push.again !== true) || refused.has(log.origin)) continue;
    const isComplete = store.logOrigin !== log.origin;
    try {
      await pushLog(push, log);
    } catch (thrown) {
      if (store.logOrigin === log.origin) throw thrown;
      // Why it was given up, perhaps just now: its end is lost here, or the store's is another.
      if (!(thrown instanceof Contradiction)) {
        if (!isRefusal(thrown)) throw thrown;
        refused.set(log.origin, thrown);
        continue;
      }
      push.onOther?.(log.origin, thrown.known.size);
    }
    if (isComplete) settled.add(log.origin);
  }
}

interface OneLog {
  readonly origin: string;
  readonly first: number;
}

/** How many events the log has now: a fork, which ends it, may come at any moment that something is waited for. */
function sizeOf(store: Store, { origin, first }: OneLog): number {
  if (store.logOrigin === origin) return store.head().size;
  const next = store.logs().find((log) => log.first > first);
  return (next?.first ?? first) - first;
}

async function pushLog({ store, writer, onFound, onAcknowledged }: Push, log: OneLog): Promise<void> {
  const { origin, first } = log;
  await writer.register(origin);
  const found = await writer.head(origin);
  if (!found) throw new JitError('ERR_TARGET_REFUSED', `the shared store does not know the log "${origin}"`);
  onFound?.(origin, found.size);
  check(store, log, found);
  let size = found.size;
  let noted = found.checkpoint === null ? 0 : (parseCheckpoint(found.checkpoint)?.size ?? 0);
  onAcknowledged(origin, size, found.checkpoint);

  const read = (from: number, to: number): Uint8Array[] =>
    from >= to ? [] : store.bodies(first + from, Math.min(batch.events, to - from), batch.bytes);
  for (;;) {
    const newest = store.signedHead();
    const signed =
      store.handovers(origin).find((handover) => handover.size > noted) ??
      (newest?.origin === origin ? newest : null);
    // Up to the next checkpoint first: it goes with the last event that it covers.
    const end = signed && signed.size > size ? signed.size : sizeOf(store, log);
    let bodies = read(size, end);
    if (bodies.length === 0) {
      if (!signed || signed.size <= noted || signed.size > size) return;
      await send([], signed.note);
      noted = signed.size;
      continue;
    }
    for (; bodies.length > 0; ) {
      const upTo = size + bodies.length;
      const note = signed?.size === upTo ? signed.note : null;
      const sent = send(bodies, note);
      // Read while the server works. A failure is told by the wait below.
      sent.catch(() => undefined);
      bodies = read(upTo, end);
      await sent;
      if (note) noted = upTo;
    }
  }

  async function send(bodies: readonly Uint8Array[], note: string | null): Promise<void> {
    try {
      const answer = await writer.append(origin, size, bodies, note);
      const expected = size + bodies.length;
      if (answer !== expected) {
        check(store, log, (await writer.head(origin)) ?? found ?? nothing);
      }
      size = expected;
      onAcknowledged(origin, size, note);
    } catch (thrown) {
      if (!contradictions.has(sqlStateOf(thrown) ?? '')) throw thrown;
      const head = (await writer.head(origin)) ?? nothing;
      throw new Contradiction(knownHead(origin, head), (thrown as Error).message);
    }
  }
}

const nothing: StoreHead = { size: 0, leaf: noLeaf, checkpoint: null };

/** @throws Contradiction unless the store's log is the beginning of this one */
function check(store: Store, log: OneLog, head: StoreHead): void {
  const { origin, first } = log;
  const size = sizeOf(store, log);
  if (head.size > size) {
    throw new Contradiction(
      knownHead(origin, head),
      `it has ${head.size} events, here there are ${size}; this one was set back, or has a copy elsewhere`,
    );
  }
  if (head.size === 0) return;
  const [last] = store.bodies(first + head.size - 1, 1);
  if (last && leafHash(last) === head.leaf) return;
  throw new Contradiction(knownHead(origin, head), `event ${head.size - 1} is another one there`);
}

/** With the root that was signed where there is one; of what is not signed the store knows none. */
function knownHead(origin: string, { size, checkpoint }: StoreHead): LogHead {
  const signed = checkpoint === null ? null : parseCheckpoint(checkpoint);
  return signed?.origin === origin
    ? { origin, size: signed.size, root: signed.root }
    : { origin, size, root: noLeaf };
}
