// Verifies one log of the shared store: its rows, from its first event or from the edge that was kept of those before, and
// everything that the store says about it beside them.

import { noLeaf } from '../audit/chain.ts';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import type { EventBody, LogHead } from '../audit/event.ts';
import { type Beginning, type Follower, followLog } from '../audit/follow.ts';
import { deviceOf } from '../audit/origin.ts';
import type { Judged } from '../audit/trust.ts';
import { type LogProblem, logVerifier } from '../audit/verify.ts';
import type { Instant } from '../core/time.ts';
import type { StoreConnection } from './connection.ts';
import { beginningOf, keysBefore } from './edge.ts';
import {
  readCheckpoints,
  readEdges,
  readEvents,
  type StoredEdge,
  type StoredLog,
  type StoreRow,
} from './reader.ts';

/** What the verification of one log found. */
export interface StoredLogReport extends Judged {
  readonly valid: boolean;
  /** Events that the store has acknowledged. */
  readonly events: number;
  /** The first that is still there. */
  readonly from: number;
  /** When the last of those before it was written; null: all are there, or nothing says. */
  readonly retiredUpTo: string | null;
  /** Events that the newest checkpoint covers. */
  readonly signed: number;
  /** The newest checkpoint (a signed note) that fits; null: there is none. */
  readonly checkpoint: string | null;
  /** Of the Merkle tree, hex; null where its beginning is not there, and no edge of it. */
  readonly root: string | null;
  readonly registeredBy: string;
  readonly lastSeen: string;
  /** What nobody can tell from a loss, though nothing that is there is wrong. */
  readonly note: string | null;
  readonly problem: LogProblem | null;
  /** Roots of the log, hex, at the sizes that others go on from. */
  readonly roots: ReadonlyMap<number, string>;
}

/** What {@link verifyLog} is given. */
export interface LogParts {
  readonly log: StoredLog;
  /** Of the log that it goes on from. */
  readonly predecessor: StoredLogReport | undefined;
  /** At which sizes others go on from this one, or knew it, as they say. */
  readonly leftAt: ReadonlySet<number>;
  /** Heads of this log that are kept elsewhere. */
  readonly known: readonly LogHead[];
  /** Events before this instant may be gone; null: none may. */
  readonly keptSince: Instant | null;
  readonly onProgress: (done: number) => void;
  readonly onEvent?: ((origin: string, body: EventBody, row: StoreRow) => void) | undefined;
}

/** Rows that are read at once. */
const page = 5_000;

/** Clocks of devices may be ahead of the one that `keptSince` was read from by so much. */
const skew = 3_600_000;

/** Reads the rows of one log and judges them. */
export async function verifyLog(connection: StoreConnection, parts: LogParts): Promise<StoredLogReport> {
  const { log, predecessor, leftAt, known, keptSince, onProgress, onEvent } = parts;
  const { origin, size } = log;
  let rows = await readEvents(connection, origin, 0, page);
  const from = rows[0]?.seq ?? size;
  const edges = from === 0 ? [] : await readEdges(connection, origin, from);
  const begin = from === 0 ? null : begins(origin, from, edges.at(-1));
  if (typeof begin === 'string') return { ...unread(log, from), problem: { seq: from, what: begin } };

  const checkpoints = await checkpointsOf(connection, log);
  const follower = followLog({
    ...{ origin, previous: log.previous, known, checkpoints, marks: leftAt },
    ...(begin && { begin }),
  });
  const verifier = logVerifier({
    origin,
    ...(begin && { begin: { seq: from, prev: hex(begin.leaf) } }),
    onEvent(body, row: StoreRow) {
      if (row.prev !== body.prev) return 'a column says something else than the body';
      const what = follower.event(body, Buffer.from(row.leaf, 'hex'));
      if (what === null) onEvent?.(origin, body, row);
      return what;
    },
  });
  let isWell = follower.beginning === null;
  for (; isWell && rows.length > 0; ) {
    for (const row of rows) {
      isWell = verifier.take(row);
      if (!isWell) break;
    }
    const next = (rows.at(-1)?.seq ?? 0) + 1;
    onProgress(next);
    rows = isWell ? await readEvents(connection, origin, next, page) : [];
  }
  const { events, head, problem } = verifier.report();
  const keys = follower.keys.map(({ vkey }) => vkey);
  const what =
    edgeProblem(from, follower.beginning) ??
    otherEnd(log, events, head) ??
    follower.end() ??
    otherPredecessor(log, predecessor, from, follower) ??
    retention(from, begin, keptSince);
  return {
    ...unread(log, from),
    retiredUpTo: begin?.body.ts ?? null,
    signed: follower.signed,
    checkpoint: checkpoints.findLast(({ size: at }) => at > 0 && at === follower.signed)?.note ?? null,
    root: follower.head().root,
    keys: [...keysBefore(origin, keys[0] ?? '', edges.slice(0, -1), checkpoints), ...keys],
    missed: follower.missed,
    fork: follower.fork,
    roots: follower.roots,
    problem: problem ?? (what === null ? null : { seq: events, what }),
    valid: problem === null && what === null,
  };
}

/** What is known of a log without its rows. */
function unread({ origin, size, registeredBy, lastSeen }: StoredLog, from: number): StoredLogReport {
  return {
    ...{ origin, from, registeredBy, events: size, lastSeen: new Date(lastSeen).toISOString() },
    ...{ valid: false, retiredUpTo: null, signed: 0, checkpoint: null, root: null, problem: null },
    ...{ keys: [], missed: [], fork: null, note: null, roots: new Map() },
  };
}

async function checkpointsOf(
  connection: StoreConnection,
  { origin, size: end, checkpoint }: StoredLog,
): Promise<{ size: number; note: string }[]> {
  const newest = checkpoint === null ? [] : [{ size: sizeOf(checkpoint, end), note: checkpoint }];
  const kept = await readCheckpoints(connection, origin);
  return [...kept.filter(({ size }) => size !== newest[0]?.size), ...newest];
}

const gone = (from: number): string =>
  from === 1 ? 'its first event is not there' : `its first ${from} events are not there`;

/** Where the log begins, or why nobody can say. */
function begins(origin: string, from: number, edge: StoredEdge | undefined): Beginning | string {
  if (edge?.size !== from) return `${gone(from)}, and no edge was kept of them (jit.detach_before keeps one)`;
  return beginningOf(origin, edge) ?? `${edgeProblem(from, 'it is none of this log and size')}`;
}

function edgeProblem(from: number, what: string | null): string | null {
  return what === null ? null : `${gone(from)}, and the edge that was kept of them does not fit: ${what}`;
}

function retention(from: number, begin: Beginning | null, keptSince: Instant | null): string | null {
  if (!begin) return null;
  const { ts } = begin.body;
  const what = `${gone(from)} (the last is of ${ts})`;
  if (keptSince === null) return `${what}; say how far back the store keeps them: --kept-since <when>`;
  if (Date.parse(ts) <= keptSince + skew) return null;
  return `${what}, and should be kept since ${new Date(keptSince).toISOString()}`;
}

function otherEnd({ size, head }: StoredLog, events: number, found: string): string | null {
  if (events === size && found === head) return null;
  if (events === size) return `event ${size - 1} is not the one that the store has acknowledged`;
  return `the store has acknowledged ${size} events, and ${events} are there`;
}

/**
 * A device has one first log, and every other goes on from one of the same device that is here, which may have more events
 * there: those that were lost here. Of a log that was set back before the fork (`fork.known`, what was known of it) the
 * store may have another end. Where the fork itself is gone nothing says which, and which log it was is all that is left to ask.
 */
function otherPredecessor(
  { origin, size, previous }: StoredLog,
  found: StoredLogReport | undefined,
  from: number,
  { fork }: Follower,
): string | null {
  const device = deviceOf(origin);
  if (size === 0 || (previous === null && origin === device)) return null;
  if (previous === null) return 'it does not say which log it goes on from';
  if (!found || origin === device || deviceOf(previous.origin) !== device)
    return `it goes on from a log "${previous.origin}" that is not here, or not of this device`;
  const root = found.roots.get(previous.size);
  if (from > 2 || root === undefined || root === previous.root) return null;
  const lost = fork?.known ?? null;
  // Without a checkpoint a store could say how many events it had, and not which (`noLeaf`).
  const isKnown = lost !== null && lost.origin === found.origin && lost.root !== noLeaf;
  const there = isKnown ? found.roots.get(lost.size) : undefined;
  if (lost !== null && deviceOf(lost.origin) === device && (there === undefined || there === lost.root))
    return null;
  return `it goes on from another log "${previous.origin}" than the one that is there`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What cannot be read counts for the end of the log, where it is looked at. */
function sizeOf(note: string, end: number): number {
  return parseCheckpoint(note)?.size ?? end;
}
