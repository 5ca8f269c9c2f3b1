// Reads the logs of the shared store, each from a place of its own on, log after log and a page at a time: memory stays as it
// is. All of it is one state of the store: a month is not taken out before it ends. A log that holds something wrong is read up
// to there, and keeps nothing of the others back.

import { readBody } from '../audit/body.ts';
import { leafHash, noLeaf } from '../audit/chain.ts';
import type { EventBody } from '../audit/event.ts';
import type { Position } from '../audit/export/cursor.ts';
import type { ExportEvent } from '../audit/export/format.ts';
import { deviceOf } from '../audit/origin.ts';
import { JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import { type AskedBook, askedIn } from './asked.ts';
import type { StoreConnection } from './connection.ts';
import { beginReading, readEvents, readLogs, type StoredLog, type StoreRow } from './reader.ts';
import { firstReceived } from './span.ts';

/** Which events to read. */
export interface StoreExportQuery {
  /** Of each log that is named only events after this one; of the others, from the first that is there on. */
  readonly after: readonly Position[];
  /** From here on, this instant included; null: whenever. */
  readonly since: Instant | null;
  /** Before this instant. */
  readonly until: Instant | null;
  /** A log ends at its first event that is not before `until`: none after it is read, whatever its time. */
  readonly isGoingOn: boolean;
}

/** Events of one log in order, and what is wrong after them. */
export interface StoreExportPage {
  readonly origin: string;
  readonly events: readonly ExportEvent[];
  /** How many events of `total` have been looked at, those of other logs included. */
  readonly done: number;
  readonly problem: string | null;
}

/** A store that is open for an export. */
export interface StoreExport {
  /** How many events there are after the positions; those at other times are among them. */
  readonly total: number;
  readonly logs: number;
  /** Log after log, as {@link readLogs} has them, each up to the event that was its last when this began. */
  pages(): AsyncIterable<StoreExportPage>;
}

const pageSize = 500;

/** @throws JitError `ERR_CONFLICT` for a position in a log that the store does not have */
export async function openStoreExport(
  connection: StoreConnection,
  query: StoreExportQuery,
): Promise<StoreExport> {
  await beginReading(connection);
  const logs = await readLogs(connection);
  const after = new Map(query.after.map((position) => [position.origin, position]));
  const unknown = query.after.find(({ origin }) => !logs.some((log) => log.origin === origin));
  if (unknown) {
    throw new JitError('ERR_CONFLICT', `the cursor is of a store that has the log "${unknown.origin}"`, {
      hint: 'use one cursor file per shared store',
    });
  }
  const left = ({ origin, size }: StoredLog): number =>
    Math.max(0, size - (after.get(origin)?.seq ?? -1) - 1);
  return {
    total: logs.reduce((sum, log) => sum + left(log), 0),
    logs: logs.length,
    async *pages() {
      let before = 0;
      let device = '';
      let book: AskedBook | null = null;
      for (const [index, log] of logs.entries()) {
        if (deviceOf(log.origin) !== device || !book) {
          device = deviceOf(log.origin);
          const own = logs.slice(0, index + 1).filter(({ origin }) => deviceOf(origin) === device);
          book = askedIn(
            connection,
            own.map(({ origin }) => origin),
          );
        } else book.next(log.origin);
        const position = after.get(log.origin) ?? null;
        for await (const { done, ...page } of pagesOf(connection, log, position, query, book)) {
          yield { ...page, done: before + Math.min(done, left(log)) };
        }
        before += left(log);
      }
      await connection.run('COMMIT');
    },
  };
}

async function* pagesOf(
  connection: StoreConnection,
  log: StoredLog,
  position: Position | null,
  query: StoreExportQuery,
  book: AskedBook,
): AsyncGenerator<StoreExportPage> {
  const { origin, size } = log;
  const begin = position === null ? 0 : position.seq + 1;
  const page = (events: ExportEvent[], seq: number, problem: string | null): StoreExportPage => ({
    ...{ origin, events, done: seq - begin, problem },
  });
  if (begin > size) return yield page([], begin, `it ends before event ${begin - 1}, the cursor`);
  const from =
    position === null && query.since !== null ? await firstReceived(connection, origin, query.since) : begin;
  let place: Place | null = position === null ? null : { seq: begin, prev: position.leaf ?? noLeaf };
  for (let next = from ?? size; next < size; ) {
    const rows = (await readEvents(connection, origin, next, pageSize)).filter(({ seq }) => seq < size);
    if (rows.length === 0) break;
    const good: { row: StoreRow; body: EventBody }[] = [];
    let problem: string | null = null;
    for (const row of rows) {
      // Where nothing was read before, the log begins with what is there: the rest is past its retention.
      const body = bodyOf(origin, row, place ?? { seq: row.seq, prev: row.seq === 0 ? noLeaf : row.prev });
      if (typeof body === 'string') {
        problem = body;
        break;
      }
      place = { seq: row.seq + 1, prev: row.leaf };
      if (query.isGoingOn && query.until !== null && Date.parse(body.ts) >= query.until) {
        next = size;
        break;
      }
      good.push({ row, body });
    }
    const asked = await book.of(
      rows[0]?.seq ?? 0,
      good.map(({ body }) => body),
    );
    const events = good.flatMap(({ row: { seq, leaf, bytes }, body }, index) =>
      isWithin(body, query) ? [{ seq, leaf, bytes, body, asked: asked[index] ?? null }] : [],
    );
    const end = place?.seq ?? next;
    yield page(events, end, problem);
    if (problem !== null || next === size) return;
    next = end;
  }
  const problem = endProblem(log, place);
  yield page([], size, problem);
}

/** Where the next event has to be, and which one it has to go on from. */
interface Place {
  readonly seq: number;
  readonly prev: string;
}

/** The event in `row`, or what is wrong with it. */
function bodyOf(origin: string, row: StoreRow, place: Place): EventBody | string {
  const { seq, leaf, prev, bytes } = row;
  if (seq !== place.seq) {
    const which = seq === place.seq + 1 ? `event ${place.seq} is` : `events ${place.seq} to ${seq - 1} are`;
    return `${which} not there`;
  }
  if (leafHash(bytes) !== leaf) return `event ${seq} does not match its hash`;
  const body = readBody(bytes);
  if (typeof body === 'string') return `event ${seq} is no event: ${body}`;
  const isHere = body.origin === origin && body.seq === String(seq) && body.prev === prev;
  if (isHere && prev === place.prev) return body;
  return `event ${seq} does not go on from the one before`;
}

/** What is wrong with where the rows end; those of a log may all be past their retention. */
function endProblem({ size, head }: StoredLog, place: Place | null): string | null {
  if (place === null || (place.seq === size && place.prev === head)) return null;
  if (place.seq === size) return `event ${size - 1} is not the one that the store has acknowledged`;
  return `the store has acknowledged ${size} events, and ${place.seq} are there`;
}

function isWithin({ ts }: EventBody, { since, until }: StoreExportQuery): boolean {
  const at = Date.parse(ts);
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (until ?? Number.POSITIVE_INFINITY);
}
