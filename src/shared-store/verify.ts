// Verifies every log in the shared store, from what an auditor can read: rows, chain, tree, checkpoints, keys. One state of
// the store, whatever is appended meanwhile.

import type { EventBody, LogHead } from '../audit/event.ts';
import { followLog } from '../audit/follow.ts';
import { deviceOf } from '../audit/origin.ts';
import { logVerifier } from '../audit/verify.ts';
import type { StoreConnection } from './connection.ts';
import { readCheckpoints, readEvents, readLogs, type StoredLog, type StoreRow } from './reader.ts';

/** What the verification of one log found. */
export interface StoredLogReport {
  readonly origin: string;
  readonly valid: boolean;
  /** Events that the store has acknowledged. */
  readonly events: number;
  /** The first that is still there: those before it are past their retention. */
  readonly from: number;
  /** Events that the newest checkpoint covers; 0 where the tree cannot be computed, and so no signature be checked. */
  readonly signed: number;
  /** Of the Merkle tree, hex; null where its beginning is not there any more. */
  readonly root: string | null;
  readonly keys: readonly string[];
  readonly registeredBy: string;
  readonly lastSeen: string;
  readonly problem: { readonly seq: number; readonly what: string } | null;
}

/** What to do while a store is verified. */
export interface VerifyStoreOptions {
  /** Told how many events of how many were verified. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called with each event that is as it should be, log after log, in order; each log after the one that it goes on from. */
  readonly onEvent?: (origin: string, body: EventBody, row: StoreRow) => void;
}

/** Rows that are read at once. */
const page = 5_000;

/** Verifies all logs of the store, in the order of {@link readLogs}. */
export async function verifyStore(
  connection: StoreConnection,
  options: VerifyStoreOptions = {},
): Promise<StoredLogReport[]> {
  await connection.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const logs = await readLogs(connection);
  const total = logs.reduce((sum, { size }) => sum + size, 0);
  const reports: StoredLogReport[] = [];
  let before = 0;
  for (const log of logs) {
    const predecessor = reports.find(({ origin }) => origin === log.previous?.origin);
    const onProgress = (done: number): void => options.onProgress?.(before + done, total);
    reports.push(await verifyOne(connection, log, predecessor, onProgress, options));
    before += log.size;
  }
  await connection.run('COMMIT');
  return reports;
}

async function verifyOne(
  connection: StoreConnection,
  log: StoredLog,
  predecessor: StoredLogReport | undefined,
  onProgress: (done: number) => void,
  { onEvent }: VerifyStoreOptions,
): Promise<StoredLogReport> {
  const { origin, size } = log;
  let rows = await readEvents(connection, origin, 0, page);
  const from = rows[0]?.seq ?? size;
  const kept = await readCheckpoints(connection, origin);
  const newest = log.checkpoint === null ? [] : [{ size: sizeOf(log.checkpoint), note: log.checkpoint }];
  const checkpoints = [...kept.filter((one) => one.size !== newest[0]?.size), ...newest];
  // Without its beginning a log has its chain left, and checkpoints that nobody here can compute again.
  const follower = from === 0 ? followLog({ origin, previous: log.previous, checkpoints, known: [] }) : null;
  const verifier = logVerifier({
    origin,
    ...(from > 0 && rows[0] && { begin: { seq: from, prev: rows[0].prev } }),
    onEvent(body, row: StoreRow) {
      const what = follower?.event(body, Buffer.from(row.leaf, 'hex')) ?? null;
      if (what === null) onEvent?.(origin, body, row);
      return what;
    },
  });
  let isWell = true;
  for (; isWell && rows.length > 0; ) {
    for (const row of rows) {
      isWell = verifier.take(row);
      if (!isWell) break;
    }
    const next = (rows.at(-1)?.seq ?? 0) + 1;
    onProgress(next);
    rows = isWell && rows.length === page ? await readEvents(connection, origin, next, page) : [];
  }
  const report = verifier.report();
  const end = Math.max(report.events, from);
  const ended = follower && size > 0 ? follower.end() : null;
  const what =
    report.problem === null
      ? (otherEnd(log, rowsEnd(report.events, report.head, from, log)) ??
        ended ??
        otherPredecessor(log, predecessor, follower?.fork?.known ?? null))
      : null;
  const problem = report.problem ?? (what === null ? null : { seq: end, what });
  return {
    origin,
    valid: problem === null,
    events: size,
    from,
    signed: follower?.signed ?? 0,
    root: follower?.head().root ?? null,
    keys: follower?.keys.map(({ vkey }) => vkey) ?? [],
    registeredBy: log.registeredBy,
    lastSeen: new Date(log.lastSeen).toISOString(),
    problem,
  };
}

/** Where the rows end; with no row left, where the log says. */
function rowsEnd(events: number, head: string, from: number, log: StoredLog): { size: number; head: string } {
  return from === log.size ? { size: log.size, head: log.head } : { size: events, head };
}

function otherEnd({ size, head }: StoredLog, found: { size: number; head: string }): string | null {
  if (found.size === size && found.head === head) return null;
  return `the store has acknowledged ${size} events, and ${found.size} are there`;
}

/**
 * A device has one first log, and every other goes on from one of the same device that is here. Of a log that was set back
 * before the fork (`lost`, what was known of it) the store may have another end.
 */
function otherPredecessor(
  { origin, size, previous }: StoredLog,
  found: StoredLogReport | undefined,
  lost: LogHead | null,
): string | null {
  const device = deviceOf(origin);
  if (size === 0 || (previous === null && origin === device)) return null;
  if (previous === null) return 'it does not say which log it goes on from';
  if (!found || origin === device || deviceOf(previous.origin) !== device)
    return `it goes on from a log "${previous.origin}" that is not here, or not of this device`;
  if (found.root === null || found.events !== previous.size || found.root === previous.root) return null;
  if (lost !== null && deviceOf(lost.origin) === device) return null;
  return `it goes on from another log "${previous.origin}" than the one that is there`;
}

function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}
