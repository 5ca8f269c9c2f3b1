// Verifies a log file, also while the broker has it open, and a copy of one. Reads only; needs public keys only.

import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { readBody } from '../audit/body.ts';
import { noLeaf } from '../audit/chain.ts';
import type { EventBody, EventData, LogHead } from '../audit/event.ts';
import { lostHeads, missedHeads, notLedTo, notTrusted, readHead } from '../audit/trust.ts';
import type { LogProblem, LogReport } from '../audit/verify.ts';
import { hasCode, JitError, toJitError } from '../core/errors.ts';
import { type Epoch, openEpochs } from './epochs.ts';
import { treeVersion } from './migrations/index.ts';
import { openForReading } from './open-file.ts';
import { checkSchema } from './schema.ts';
import { soundBeginning } from './sound.ts';
import { sqliteCode, toStoreError } from './sqlite-errors.ts';
import { type LogFound, verifyEpoch } from './verify-epoch.ts';
import { createStateCheck } from './verify-state.ts';

/** What else is known about the file. */
export interface VerifyFileOptions {
  /** Keys (vkey) that are trusted; each has to be one of the log's. Without any, the log's own first is taken. */
  readonly keys?: readonly string[];
  /** Signed heads (notes) that are kept elsewhere: the file has to lead to each. */
  readonly heads?: readonly string[];
  /** The file is somebody else's: that a head was lost is believed only if a given key is of the log that says so. */
  readonly isForeign?: boolean;
  /** Called with each event that is as it should be, in order, and how many rows the file has. */
  readonly onEvent?: (body: EventBody, row: number, rows: number) => void;
}

/** What a verification of a file found. */
export interface FileReport extends LogReport {
  readonly path: string;
  /** One log after the other; more than one after a fork. */
  readonly logs: readonly LogFound[];
  /** Heads kept elsewhere that the file leads to. */
  readonly heads: number;
  /** Others that it was compared with: a fork has put on record that they are lost. */
  readonly excused: number;
}

/**
 * Verifies every log in `path`: rows, tree, checkpoints, keys, links, also those after one that is damaged; then that what is derived from them agrees: the
 * columns beside each body and the states of leases and grants. A file that is damaged or changed is an invalid report,
 * not an error.
 * @throws JitError `ERR_AUDIT_UNAVAILABLE` when the file cannot be read; `ERR_UNSUPPORTED` for a newer jit's.
 */
export function verifyFile(path: string, options: VerifyFileOptions = {}): FileReport {
  if (!existsSync(path)) {
    throw new JitError('ERR_AUDIT_UNAVAILABLE', `cannot open the audit log "${path}": no such file`);
  }
  let db: Database | null = null;
  try {
    db = openForReading(path);
    const opened = db;
    // One transaction: one state of the file, whatever the broker writes meanwhile.
    return opened.transaction(() => ({ path, ...verifyDatabase(opened, options) }))();
  } catch (thrown) {
    const error = toStoreError(thrown, `read the audit log "${path}"`);
    if (hasCode(error, 'ERR_AUDIT_INVALID'))
      return {
        path,
        ...nothing,
        problem: { seq: 0, what: isNoDatabase(thrown) ? noDatabase : error.message },
      };
    throw toJitError(error);
  } finally {
    db?.close();
  }
}

const noDatabase = 'the file is no database';
const isNoDatabase = (thrown: unknown): boolean => sqliteCode(thrown) === 'SQLITE_NOTADB';

const nothing = {
  valid: false,
  events: 0,
  head: noLeaf,
  firstAt: null,
  lastAt: null,
  clockSteps: 0,
  logs: [],
  heads: 0,
  excused: 0,
};

function verifyDatabase(db: Database, options: VerifyFileOptions): Omit<FileReport, 'path'> {
  const hasTree = checkSchema(db) >= treeVersion;
  // Not whether every index is complete: nothing here is read through one that could hide a row.
  const damage = db.pragma('quick_check(1)', { simple: true });
  const device = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get();
  const epochs = openEpochs(db, hasTree);
  const rowCount = db.prepare<[], number>('SELECT max(seq) + 1 FROM ev').pluck().get() ?? 0;
  const stored = epochs.all();
  const isBegun = rowCount === 0 || stored[0]?.first === 0;
  const all = isBegun ? stored : [{ number: 1, first: 0 }, ...stored];
  const known = (options.heads ?? []).map(readHead);
  const believed = options.isForeign ? (options.keys ?? []) : null;
  const state = createStateCheck();
  const { onEvent } = options;
  const told = onEvent && ((body: EventBody, row: number): void => onEvent(body, row, rowCount));
  const logs: LogFound[] = [];
  let report: LogReport = { ...nothing, problem: null };
  let previous: LogHead | null = null;
  const done = (what: string | null, seq = report.events): Omit<FileReport, 'path'> => {
    const problem: LogProblem | null = report.problem ?? (what === null ? null : { seq, what });
    const missed = missedHeads(known, logs).length;
    const excused = missed - lostHeads(known, logs, believed).length;
    const heads = known.length - missed;
    return { ...report, valid: problem === null, problem, logs, heads, excused };
  };

  if (!areInOrder(all)) return done('the logs of the file are not in order');
  for (const [at, epoch] of all.entries()) {
    const next = all[at + 1];
    const upTo = next?.first ?? Number.POSITIVE_INFINITY;
    const { found, rows } = verifyEpoch({
      ...{ db, device, epoch, upTo, epochs, hasTree, previous, known, state },
      onEvent: told,
    });
    report = joined(report, isBegun || at > 0 ? rows : invalid(rows, withoutBeginning));
    logs.push(isBegun || at > 0 ? found : invalid(found, withoutBeginning));
    if (next) previous = logs[at]?.problem ? linkOf(db, found.origin, epoch, next) : endOf(found);
  }
  const lost = lostHeads(known, logs, believed);
  const untrusted = notTrusted(options.keys ?? [], logs);
  const what =
    (report.events === 0 ? 'there is no event' : null) ??
    (damage === 'ok' ? null : 'the file is damaged (integrity check)') ??
    (device === undefined ? 'there is no origin' : null) ??
    lost.map((head) => notLedTo(head, logs))[0] ??
    untrusted;
  // Where a damaged log is what is told first, another must not look as if it were well.
  for (const head of lost) blame(logs, head.origin, notLedTo(head, logs));
  if (untrusted !== null) blame(logs, null, untrusted);
  if (what !== null || report.problem) return done(what);
  const problem = state.problem(db, report.events);
  return done(problem?.what ?? null, problem?.seq);
}

const withoutBeginning = 'where the logs of the file begin is missing';

/** With that as what is wrong, unless something else is already. */
function invalid<T extends { readonly events: number; readonly problem: LogProblem | null }>(
  found: T,
  what: string,
): T {
  return { ...found, problem: found.problem ?? { seq: found.events, what } };
}

/** The log of that name, or the newest. */
function blame(logs: LogFound[], origin: string | null, what: string): void {
  const at = logs.findIndex((log) => log.origin === origin);
  const log = logs.at(at);
  if (log) logs[logs.indexOf(log)] = invalid(log, what);
}

function endOf({ origin, events, root }: LogFound): LogHead {
  return { origin, size: events, root };
}

/**
 * What the log after a damaged one has to link to: what it says itself, if the sound beginning of the damaged one leads there,
 * or does not reach so far any more, which is told of the damaged one; otherwise the end of that beginning.
 */
function linkOf(db: Database, origin: string, { first }: Epoch, next: Epoch): LogHead {
  const said = previousOf(db, next);
  const { head, roots } = soundBeginning(db, {
    ...{ origin, first, upTo: next.first },
    sizes: said ? [said.size] : [],
  });
  if (said?.origin !== origin) return head;
  return said.size > head.size || roots.get(said.size) === said.root ? said : head;
}

/** What a log says that it goes on from, before any of it was verified. */
function previousOf(db: Database, { first }: Epoch): LogHead | null {
  const bytes = db.prepare<[number], Buffer>('SELECT body FROM ev WHERE seq = ?').pluck().get(first);
  const body = bytes === undefined ? '' : readBody(bytes);
  return typeof body !== 'string' && body.type === 'log.open'
    ? ((body.data as EventData['log.open']).previous ?? null)
    : null;
}

/** Numbers may be left out: of logs that were lost and are known elsewhere. What a log goes on from, it says itself. */
function areInOrder(epochs: readonly Epoch[]): boolean {
  return epochs.every(({ number, first }, at) => {
    const before = epochs[at - 1];
    return before ? number > before.number && first > before.first : number === 1 && first === 0;
  });
}

/** Two parts of a file, one after the other. */
function joined(before: LogReport, next: LogReport): LogReport {
  return {
    ...next,
    valid: before.valid && next.valid,
    problem: before.problem ?? next.problem,
    events: before.events + next.events,
    head: next.events > 0 ? next.head : before.head,
    firstAt: before.firstAt ?? next.firstAt,
    lastAt: next.lastAt ?? before.lastAt,
    clockSteps: before.clockSteps + next.clockSteps,
  };
}
