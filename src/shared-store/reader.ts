// What an auditor reads from the shared store. Hashes and bytes as they are there; judging them is verify.ts.

import type { LogHead } from '../audit/event.ts';
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

interface LogRow {
  readonly origin: string;
  readonly registered_by: string;
  readonly size: string;
  readonly head: Buffer;
  readonly previous: LogHead | null;
  readonly checkpoint: string | null;
  readonly last_seen: Date;
}

/** All logs, each after the one that it goes on from. */
export async function readLogs(connection: StoreConnection): Promise<StoredLog[]> {
  const rows = await connection.rows<LogRow>(
    `SELECT origin, registered_by, size, head, previous, checkpoint, last_seen FROM jit.logs
     ORDER BY device, split_part(origin || '/1', '/', 2)::int`,
  );
  return rows.map((row) => ({
    origin: row.origin,
    registeredBy: row.registered_by,
    size: Number(row.size),
    head: row.head.toString('hex'),
    previous: row.previous,
    checkpoint: row.checkpoint,
    lastSeen: row.last_seen.getTime(),
  }));
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
  return rows.map(({ size, note }) => ({ size: Number(size), note }));
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
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
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
    leaf: leaf.toString('hex'),
    prev: prev.toString('hex'),
    bytes: body,
  }));
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
    return rows.map(({ is_last: _, leaf, ...row }) => ({ ...row, leaf: leaf.toString('hex') }));
  }
  throw new JitError('ERR_USAGE', 'the events that fit are too many to be shown at once', {
    hint: 'ask for fewer: --limit, --since, --grant',
  });
}
