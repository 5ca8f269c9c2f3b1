// What an auditor reads from the shared store. Hashes and bytes as they are there; judging them is verify.ts.

import type { LogHead } from '../audit/event.ts';
import { hashBytes } from '../audit/merkle.ts';
import { deviceOf, numberOf, originPattern } from '../audit/origin.ts';
import { JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import type { StoreConnection } from './connection.ts';

/** One log as the store describes it. */
export interface StoredLog {
  readonly origin: string;
  readonly registeredBy: string;
  readonly size: number;
  /** Leaf hash (hex) of the last event. */
  readonly head: string;
  readonly previous: LogHead | null;
  readonly checkpoint: string | null;
  readonly lastSeen: Instant;
}

/** One event as it is there. */
export interface StoreRow {
  readonly seq: number;
  readonly leaf: string;
  readonly prev: string;
  readonly bytes: Buffer;
}

/** What is left of the first `size` events of a log, as it is there. */
export interface StoredEdge {
  readonly size: number;
  readonly nodes: readonly (Buffer | null)[];
  readonly vkey: string | null;
  /** Of event `size - 1`. */
  readonly body: Buffer;
}

/** An event that was found, as it is there. */
export interface FoundEvent {
  readonly origin: string;
  readonly seq: string;
  readonly leaf: string;
  readonly body: Buffer;
}

/** Which events to find. All given conditions must hold. */
export interface StoreQuery {
  readonly grant: string | null;
  readonly target: string | null;
  readonly principal: string | null;
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly limit: number;
  /** What all of them may take, at least as much as one event; 64 MiB unless said. */
  readonly bytes?: number;
}

/**
 * One state of the store from here to COMMIT. Months that are taken out after it are gone for it all the same, and their edges
 * would not be there yet: so none is, from before that state on.
 */
export async function beginReading(connection: StoreConnection): Promise<void> {
  await connection.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await connection.run('LOCK TABLE ONLY jit.events IN ACCESS SHARE MODE');
}

/**
 * All logs, each after the one that it goes on from. In what order, and that each is there once, is not left to the database.
 * @throws JitError `ERR_AUDIT_INVALID` when it names a log twice, or by no name of one
 */
export async function readLogs(connection: StoreConnection): Promise<StoredLog[]> {
  const rows = await connection.rows<Record<string, unknown>>(
    'SELECT origin, registered_by, size, head, previous, checkpoint, last_seen FROM jit.logs',
  );
  const logs = rows.map(logOf).toSorted(byName);
  const twice = logs.find(({ origin }, at) => logs[at + 1]?.origin === origin);
  if (twice) throw notOurs(`the log "${twice.origin}" twice`);
  return logs;
}

/** Whatever the columns hold: a broker may have written some of it, and the owner of the database all. */
function logOf(row: Record<string, unknown>): StoredLog {
  const { origin, registered_by: by, size, head, previous, checkpoint, last_seen: seen } = row;
  if (typeof origin !== 'string' || !originPattern.test(origin)) throw notOurs('a log without a name');
  return {
    origin,
    registeredBy: String(by),
    size: countOf(size),
    head: hex(head),
    previous: previous === null ? null : headOf(previous),
    checkpoint: typeof checkpoint === 'string' ? checkpoint : null,
    lastSeen: seen instanceof Date && !Number.isNaN(seen.getTime()) ? seen.getTime() : 0,
  };
}

function countOf(value: unknown): number {
  const count = Number(value);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** What is no head is told as one of no log, which nothing leads to. */
function headOf(value: unknown): LogHead {
  const { origin, size, root } = Object(value) as Record<string, unknown>;
  const isHead = typeof origin === 'string' && typeof size === 'number' && typeof root === 'string';
  return isHead ? { origin, size, root } : { origin: '', size: 0, root: '' };
}

function byName(one: StoredLog, other: StoredLog): number {
  const [device, next] = [deviceOf(one.origin), deviceOf(other.origin)];
  if (device !== next) return device < next ? -1 : 1;
  return numberOf(one.origin) - numberOf(other.origin);
}

function notOurs(what: string): JitError {
  return new JitError('ERR_AUDIT_INVALID', `the shared store has ${what}: somebody else has changed it`);
}

/** The checkpoints of a log that were kept, by size; without the newest of all, which the log itself has. */
export async function readCheckpoints(
  connection: StoreConnection,
  origin: string,
): Promise<{ readonly size: number; readonly note: string }[]> {
  const rows = await connection.rows<{ size: string; note: string }>(
    'SELECT size, note FROM jit.checkpoints WHERE origin = $1 ORDER BY size',
    [origin],
  );
  return rows.map(({ size, note }) => ({ size: Number(size), note: String(note) }));
}

/** What was kept of the first events of a log, up to `size` of them, by size; nothing where nothing ever was (before migration 4). */
export async function readEdges(
  connection: StoreConnection,
  origin: string,
  size: number,
): Promise<StoredEdge[]> {
  const [table] = await connection.rows<{ name: string | null }>("SELECT to_regclass('jit.edges') AS name");
  if (!table?.name) return [];
  const rows = await connection.rows<Omit<StoredEdge, 'size'> & { size: string }>(
    'SELECT size, nodes, vkey, body FROM jit.edges e WHERE origin = $1 AND e.size <= $2 ORDER BY e.size',
    [origin, size],
  );
  return rows.map(({ size: at, nodes, vkey, body }) => ({
    size: Number(at),
    nodes: Array.isArray(nodes) ? nodes.map((node) => (Buffer.isBuffer(node) ? node : null)) : [null],
    vkey,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  }));
}

/** What is read at once: an event may have 64 KiB, and arrives as text of twice its length. */
const pageBytes = 4 * 1024 * 1024;

/** Events of a log in order, from `from` on: at least one where there is one, so many at most, and fewer where they are long. */
export async function readEvents(
  connection: StoreConnection,
  origin: string,
  from: number,
  count: number,
): Promise<StoreRow[]> {
  const rows = await connection.rows<{ seq: string; leaf: Buffer; prev: Buffer; body: Buffer }>(
    `SELECT seq, leaf, prev, body FROM (
       SELECT seq, leaf, prev, body, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before FROM (
         SELECT seq, leaf, prev, body FROM jit.events WHERE origin = $1 AND seq >= $2 ORDER BY seq LIMIT $3
       ) AS wanted
     ) AS page WHERE before < $4 ORDER BY seq`,
    [origin, from, count, pageBytes],
  );
  return rows.map(({ seq, leaf, prev, body }) => ({
    seq: Number(seq),
    leaf: hex(leaf),
    prev: hex(prev),
    bytes: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  }));
}

/** Leaf hashes of events `from` up to `to` of a log, one after the other; null where one of them is not there, or is no hash. */
export async function readLeaves(
  connection: StoreConnection,
  origin: string,
  from: number,
  to: number,
): Promise<Buffer | null> {
  const [row] = await connection.rows<{ leaves: Buffer | null; count: number }>(
    `SELECT string_agg(leaf, ''::bytea ORDER BY seq) AS leaves, count(DISTINCT seq)::int AS count
     FROM jit.events WHERE origin = $1 AND seq >= $2 AND seq < $3`,
    [origin, from, to],
  );
  const isWhole = Buffer.isBuffer(row?.leaves) && row.leaves.length === (to - from) * hashBytes;
  return isWhole && row?.count === to - from ? row.leaves : null;
}

/** The owner of the database may have made another type of the column: that is no hash. */
function hex(bytes: unknown): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('hex') : '';
}

/** Clocks of devices may be ahead of the store's by so much; `since` then still finds their events. */
const skew = 3_600_000;

interface FoundRow {
  readonly origin: string;
  readonly seq: string;
  readonly leaf: Buffer;
  readonly body: Buffer;
  readonly is_last: boolean;
}

const mostBytes = 64 * 1024 * 1024;

/**
 * The newest events that fit, of all logs, in order of their time.
 * @throws JitError `ERR_USAGE` when they are more than memory should hold
 */
export async function findEvents(connection: StoreConnection, query: StoreQuery): Promise<FoundEvent[]> {
  const { grant, target, principal, since, until, limit, bytes = mostBytes } = query;
  const time = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString());
  // What is too much is counted there, and does not come.
  const rows = await connection.rows<FoundRow>(
    `SELECT origin, seq, leaf, body, number = wanted AS is_last FROM (
       SELECT found.*, row_number() OVER newest AS number, count(*) OVER () AS wanted,
         sum(octet_length(body)) OVER newest AS bytes
       FROM (
         SELECT e.origin, e.seq, e.leaf, e.body, said.ts FROM jit.events e,
           json_to_record(jit.said(e.body)) AS said (ts text, principal text, target text, "grant" text)
         WHERE ($1::text IS NULL OR said."grant" = $1)
           AND ($2::text IS NULL OR said.target = $2)
           AND ($3::text IS NULL OR said.principal = $3)
           AND ($4::text IS NULL OR said.ts COLLATE "C" >= $4)
           AND ($5::text IS NULL OR said.ts COLLATE "C" < $5)
           AND ($6::timestamptz IS NULL OR e.received >= $6)
         ORDER BY said.ts COLLATE "C" DESC, e.origin DESC, e.seq DESC LIMIT $7
       ) AS found WINDOW newest AS (ORDER BY ts COLLATE "C" DESC, origin DESC, seq DESC)
     ) AS counted WHERE bytes <= $8 ORDER BY number DESC`,
    [
      ...[grant, target, principal, time(since), time(until)],
      since === null ? null : new Date(since - skew),
      ...[limit, bytes],
    ],
  );
  if (rows[0]?.is_last !== false) {
    return rows.map(({ is_last: _, leaf, body, ...row }) => ({
      ...{ ...row, leaf: hex(leaf) },
      body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    }));
  }
  throw new JitError('ERR_USAGE', 'the events that fit are too many to be shown at once', {
    hint: 'ask for fewer: --limit, --since, --grant',
  });
}
