// Verifies every log in the shared store, from what an auditor can read: rows, chain, tree, checkpoints, keys. One state of
// the store, whatever is appended meanwhile. Then holds them against what is known from elsewhere.

import { readBody } from '../audit/body.ts';
import type { EventBody, EventData, LogHead } from '../audit/event.ts';
import { deviceOf } from '../audit/origin.ts';
import { lostHeads, notLedTo, notTrusted, readHead } from '../audit/trust.ts';
import type { Instant } from '../core/time.ts';
import type { StoreConnection } from './connection.ts';
import { beginReading, readEdges, readEvents, readLogs, type StoredLog, type StoreRow } from './reader.ts';
import { type StoredLogReport, verifyLog } from './verify-log.ts';

export type { StoredLogReport } from './verify-log.ts';

/** What is known from elsewhere. */
export interface KnownElsewhere {
  /** Keys (vkey) that are trusted: the logs of the brokers that they are of have to be theirs. */
  readonly keys?: readonly string[];
  /** Signed heads (notes) that the logs have to lead to. */
  readonly heads?: readonly string[];
}

/** How to verify a store, and what to do meanwhile. */
export interface VerifyStoreOptions extends KnownElsewhere {
  /** Events before this instant may be past their retention; without it none may be gone. */
  readonly keptSince?: Instant | null;
  /** Told how many events of how many were verified. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called with each event that is as it should be, log after log, in order; each log after the one that it goes on from. */
  readonly onEvent?: (origin: string, body: EventBody, row: StoreRow) => void;
}

/** Verifies all logs of the store, in the order of {@link readLogs}. @throws JitError `ERR_USAGE` for a head that is none */
export async function verifyStore(
  connection: StoreConnection,
  options: VerifyStoreOptions = {},
): Promise<StoredLogReport[]> {
  const { onEvent, keptSince = null } = options;
  const known = (options.heads ?? []).map(readHead);
  await beginReading(connection);
  const logs = await readLogs(connection);
  const total = logs.reduce((sum, { size }) => sum + size, 0);
  const reports: StoredLogReport[] = [];
  let before = 0;
  const named = await namedHeads(connection, logs);
  for (const log of logs) {
    const { origin, size, previous } = log;
    const report = await verifyLog(connection, {
      ...{ log, keptSince, onEvent },
      leftAt: new Set(named.filter((head) => head.origin === origin).map((head) => head.size)),
      predecessor: reports.find((other) => other.origin === previous?.origin),
      known: known.filter((head) => head.origin === origin),
      onProgress: (done) => options.onProgress?.(before + done, total),
    });
    reports.push(report);
    before += size;
    options.onProgress?.(before, total);
  }
  await connection.run('COMMIT');
  return judge(reports, options);
}

/** Where logs say that others ended, or what was known of them: compared once those were read. Believed by nobody yet. */
async function namedHeads(connection: StoreConnection, logs: readonly StoredLog[]): Promise<LogHead[]> {
  const heads: LogHead[] = [];
  for (const { origin, previous } of logs) {
    if (previous === null) continue;
    const known = (await forkOf(connection, origin))?.known;
    heads.push(previous, ...(known ? [known] : []));
  }
  return heads;
}

/** The second event of a log that goes on from another; null: it is gone, or none. */
async function forkOf(connection: StoreConnection, origin: string): Promise<EventData['log.fork'] | null> {
  const [row] = await readEvents(connection, origin, 1, 1);
  const isThere = row?.seq === 1;
  const bytes = isThere
    ? row.bytes
    : (await readEdges(connection, origin, 2)).find(({ size }) => size === 2)?.body;
  const body = bytes ? readBody(bytes) : '';
  return typeof body !== 'string' && body.type === 'log.fork' ? (body.data as EventData['log.fork']) : null;
}

/**
 * What the fork of a log names that the store does not have: the events were lost, or never came here. Whether they were here is
 * shown by what the store still says of them, a checkpoint or how many it acknowledged, and that is a problem of their log.
 */
function lacking({ fork }: StoredLogReport, reports: readonly StoredLogReport[]): string | null {
  const [wanted] = [fork?.previous, fork?.known]
    .flatMap((head) => head ?? [])
    .toSorted((one, other) => other.size - one.size)
    .filter(({ origin, size }) => size > storedOf(reports, origin));
  if (!wanted) return null;
  const { origin, size } = wanted;
  return `the store has ${storedOf(reports, origin)} events of ${origin}, and its fork names ${size}`;
}

function storedOf(reports: readonly StoredLogReport[], name: string): number {
  return reports.find(({ origin }) => origin === name)?.events ?? 0;
}

/** With what is wrong beside the store's own words; each log keeps the first thing that was found. */
function judge(reports: readonly StoredLogReport[], elsewhere: KnownElsewhere): StoredLogReport[] {
  return reports.map((found) => {
    const report = { ...found, note: lacking(found, reports) };
    const own = sameDevice(reports, report.origin);
    const keys = (elsewhere.keys ?? []).filter((vkey) => deviceOf(nameOf(vkey)) === deviceOf(report.origin));
    const [lost] = lostHeads([], own, keys).filter(({ origin }) => origin === report.origin);
    const what =
      (lost && (lost.size < report.from ? tooOld(lost.size, report.from) : notLedTo(lost, own))) ??
      // Told once: of the newest log, which has to be of a trusted key.
      (own.at(-1) === found ? notTrusted(keys, own) : null);
    if (report.problem !== null || what === null) return report;
    return { ...report, valid: false, problem: { seq: report.events, what } };
  });
}

/** Names of logs that are known elsewhere, by a head or a key, and that the store does not have at all. */
export function missingLogs(
  reports: readonly StoredLogReport[],
  { keys = [], heads = [] }: KnownElsewhere,
): string[] {
  const lost = heads.map(readHead).flatMap((head) => {
    const own = sameDevice(reports, head.origin);
    if (own.some(({ origin }) => origin === head.origin)) return [];
    return lostHeads([head], own, keys).some((found) => found === head) ? [head.origin] : [];
  });
  const unknown = keys.map(nameOf).filter((name) => sameDevice(reports, name).length === 0);
  return [...new Set([...lost, ...unknown])];
}

function sameDevice(reports: readonly StoredLogReport[], origin: string): StoredLogReport[] {
  return reports.filter((report) => deviceOf(report.origin) === deviceOf(origin));
}

function nameOf(vkey: string): string {
  return vkey.split('+')[0] ?? '';
}

function tooOld(size: number, from: number): string {
  return `the head at ${size} that is kept elsewhere is of events that are not there any more; give one of at least ${from}`;
}
