// Verifies a log from its rows alone: order, links, bytes, hashes, schemas. Pure; reading rows is the store's.

import { readBody } from './body.ts';
import { maxBodyBytes } from './canonical.ts';
import { leafHash, noLeaf } from './chain.ts';
import type { EventBody } from './event.ts';

/** One stored row, nothing derived. */
export interface LogRow {
  readonly seq: number;
  /** Lower-case hex. */
  readonly leaf: string;
  /** The body as it is stored; text only if all of it is ASCII. */
  readonly bytes: Uint8Array | string;
}

/** The first thing that is wrong: where (sequence number) and what, in words. */
export interface LogProblem {
  readonly seq: number;
  readonly what: string;
}

/** What a verification found. */
export interface LogReport {
  readonly valid: boolean;
  /** Events that were found in order before the end or the first problem. */
  readonly events: number;
  /** Leaf hash (hex) of the last of them. */
  readonly head: string;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** Events whose wall clock is behind that of the event before; legal, and worth a look. */
  readonly clockSteps: number;
  readonly problem: LogProblem | null;
}

/** What else is known about the log, and what to do with each good event. */
export interface VerifyOptions<Row extends LogRow = LogRow> {
  /** The log that this has to be; otherwise the first event says. */
  readonly origin?: string;
  /** Where the rows begin, when not with the first event; `prev`: the leaf hash before. */
  readonly begin?: { readonly seq: number; readonly prev: string };
  /** Called per good event, in order; a text that it answers is a problem at that event. */
  readonly onEvent?: (body: EventBody, row: Row) => string | null;
}

/** Takes rows as they come. */
export interface LogVerifier<Row extends LogRow = LogRow> {
  /** The next row in order. False: it is wrong, and nothing after it counts. */
  take(row: Row): boolean;
  report(): LogReport;
}

/**
 * Reads `rows` in the order given and stops at the first that is wrong. A cut tail cannot be seen from
 * the rows: that takes a head kept elsewhere.
 */
export function verifyLog<Row extends LogRow>(
  rows: Iterable<Row>,
  options: VerifyOptions<Row> = {},
): LogReport {
  const verifier = logVerifier(options);
  for (const row of rows) if (!verifier.take(row)) break;
  return verifier.report();
}

/** As {@link verifyLog}, for rows that do not come all at once. */
export function logVerifier<Row extends LogRow>(options: VerifyOptions<Row> = {}): LogVerifier<Row> {
  const begin = options.begin ?? { seq: 0, prev: noLeaf };
  let events = begin.seq;
  let head = begin.prev;
  let problem: string | null = null;
  let origin = options.origin;
  let firstAt: string | null = null;
  let lastAt: string | null = null;
  let clockSteps = 0;
  const report = (what: string): boolean => {
    problem = what;
    return false;
  };

  function take(row: Row): boolean {
    if (row.seq !== events) return report(`sequence has ${row.seq} where ${events} should be`);
    if (row.bytes.length > maxBodyBytes) return report('body is longer than any event');
    if (row.leaf !== leafHash(row.bytes)) return report('leaf hash does not match the body');
    const body = readBody(row.bytes);
    if (typeof body === 'string') return report(body);
    if (body.seq !== String(events)) return report(`body says sequence ${body.seq}`);
    if (body.prev !== head) return report('previous hash does not match the event before');
    if (body.origin !== (origin ?? body.origin)) return report('origin is another log');
    if ((body.type === 'log.open') !== (events === 0))
      return report('"log.open" is not the first event alone');
    const objection = options.onEvent?.(body, row) ?? null;
    if (objection !== null) return report(objection);
    if (lastAt !== null && body.ts < lastAt) clockSteps += 1;
    origin = body.origin;
    firstAt ??= body.ts;
    lastAt = body.ts;
    head = row.leaf;
    events += 1;
    return true;
  }

  return {
    take,
    report: () => ({
      valid: problem === null,
      events,
      head,
      firstAt,
      lastAt,
      clockSteps,
      problem: problem === null ? null : { seq: events, what: problem },
    }),
  };
}
