// The log as rows: append, find, head. What an event is and how it is hashed belongs to audit.

import type { Database } from 'better-sqlite3';
import { noLeaf, placeEvent } from '../audit/chain.ts';
import type { AuditEvent, EventBody, LogHead, StoredEvent } from '../audit/event.ts';
import { type Frontier, rootAt } from '../audit/merkle.ts';
import { originOf } from '../audit/origin.ts';
import { JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Epoch, Epochs } from './epochs.ts';
import { type Sound, soundBeginning } from './sound.ts';
import { statements, type Values } from './statements.ts';
import type { EventQuery } from './store.ts';
import { openTree, type Tree } from './tree.ts';

/** The newest log of one file; those before it can be read. */
export interface Log {
  /** Only inside a transaction. */
  append(event: AuditEvent): StoredEvent;
  events(query?: EventQuery): StoredEvent[];
  bodies(from: number, count: number, size?: number): Uint8Array[];
  head(): { readonly size: number; readonly leaf: string };
  /** The same as what is signed. Of a log {@link Log.withoutTree}, that of its sound beginning. */
  treeHead(): LogHead;
  /** The events before the first that is not as it was written, and the roots at these sizes up to there; reads all of the log. */
  sound(sizes?: readonly number[]): Sound;
  /** The root when there were `size` events, hex. */
  rootAt(size: number): string;
  readonly epoch: Epoch;
  readonly tree: Tree;
  /** When the last of the first `size` events was written; null for no size. */
  timeOf(size: number | null): Instant | null;
  /** From now on this log, whose tree or end is damaged, is written without looking at either. The next one has a tree again. */
  withoutTree(): void;
  /** Begins the next log, with a number that is higher than that of this one. Only inside a transaction. */
  begin(number: number): void;
  /** To be called when a transaction was rolled back: what was appended in it is not there. */
  forget(): void;
}

interface EventRow {
  readonly seq: number;
  readonly leaf: Buffer;
  readonly body: Buffer;
}

// Bound by position: these run once per event, and names cost a look-up each.
const last = 'SELECT seq, leaf FROM ev ORDER BY seq DESC LIMIT 1';
const insert = `
INSERT INTO ev (seq, leaf, body, ts_ms, type, principal, target, grant_id, lease_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const readBack = 'SELECT leaf = ? AND body = ? FROM ev WHERE seq = ?';

/** The end of the log as this connection wrote it. A second writer would meet the primary key. */
interface End {
  readonly epoch: Epoch;
  readonly origin: string;
  readonly tree: Tree;
  /** null: it is written without. */
  readonly frontier: Frontier | null;
  size: number;
  leaf: string;
}

/** The log in `db`, of the broker `device`. */
export function openLog(db: Database, device: string, clock: Clock, epochs: Epochs): Log {
  const prepare = statements(db);
  const getLast = db.prepare<[], EventRow>(last);
  const addEvent = db.prepare(insert);
  const getBodies = db
    .prepare<[number, number], Buffer>('SELECT body FROM ev WHERE seq >= ? ORDER BY seq LIMIT ?')
    .pluck();
  const isAsWritten = db.prepare<[Buffer, Buffer, number], number>(readBack).pluck();

  let cached: End | null = null;
  let treeless: number | null = null;
  const end = (): End => {
    // Another process writes while this one reads.
    if (cached && !db.readonly) return cached;
    cached = readEnd(epochs.current() ?? { number: 1, first: 0 });
    return cached;
  };
  function readEnd(epoch: Epoch): End {
    const row = getLast.get();
    const size = row ? Math.max(0, row.seq + 1 - epoch.first) : 0;
    const tree = cached?.epoch.number === epoch.number ? cached.tree : openTree(db, epoch);
    const leaf = row && size > 0 ? row.leaf.toString('hex') : noLeaf;
    const frontier = epoch.number === treeless ? null : tree.frontier(size);
    return { epoch, origin: originOf(device, epoch.number), tree, frontier, size, leaf };
  }
  function sound(sizes: readonly number[] = []): Sound {
    const { epoch, origin } = end();
    return soundBeginning(db, { origin, first: epoch.first, sizes });
  }

  return {
    head: () => {
      const row = getLast.get();
      const { first } = epochs.current() ?? { first: 0 };
      const size = row ? Math.max(0, row.seq + 1 - first) : 0;
      return row && size > 0 ? { size, leaf: row.leaf.toString('hex') } : { size: 0, leaf: noLeaf };
    },
    treeHead() {
      const { origin, frontier } = end();
      if (!frontier) return sound().head;
      return { origin, size: frontier.size, root: frontier.root().toString('hex') };
    },
    sound,
    rootAt: (size) => rootAt(end().tree.node, size).toString('hex'),
    get epoch() {
      return end().epoch;
    },
    get tree() {
      return end().tree;
    },
    timeOf(size) {
      const row = end().epoch.first + (size ?? 0) - 1;
      const [body] = size === null ? [] : getBodies.all(row, 1);
      return body ? Date.parse(readable(row, body).ts) : null;
    },
    withoutTree() {
      treeless = (epochs.current() ?? { number: 1 }).number;
      cached = null;
    },
    begin(number) {
      const { epoch, size } = end();
      const next = { number, first: epoch.first + size };
      epochs.add(next);
      cached = readEnd(next);
    },
    forget() {
      cached = null;
    },
    append(event) {
      const log = end();
      const { origin, size: seq, leaf: prev } = log;
      const placed = placeEvent(event, { origin, seq, prev, boot: clock.bootId, monoMs: clock.sinceBoot() });
      const leaf = Buffer.from(placed.leaf, 'hex');
      const row = lookupRow(log.epoch.first + seq, placed.body);
      addEvent.run(
        row.seq,
        leaf,
        placed.bytes,
        row.ts_ms,
        row.type,
        row.principal,
        row.target,
        row.grant_id,
        row.lease_id,
      );
      // Compare with what the file now says: a trigger or a damaged page would show here.
      if (isAsWritten.get(leaf, placed.bytes, row.seq) !== 1) {
        throw new JitError(
          'ERR_AUDIT_INVALID',
          `cannot write the audit log: event ${seq} reads back changed`,
          {
            hint: 'jit audit verify',
          },
        );
      }
      log.frontier?.append(leaf);
      log.size += 1;
      log.leaf = placed.leaf;
      return { seq, row: row.seq, leaf: placed.leaf, bytes: placed.bytes, body: placed.body };
    },
    bodies(from, count, size = Number.POSITIVE_INFINITY) {
      const found: Uint8Array[] = [];
      let bytes = 0;
      for (const body of getBodies.iterate(from, count)) {
        found.push(body);
        bytes += body.length;
        if (bytes >= size) break;
      }
      return found;
    },
    events(query = {}) {
      const { sql, values } = select(query);
      const rows = prepare<EventRow>(sql).all(values);
      return (query.oldest ? rows : rows.reverse()).map(toEvent);
    },
  };
}

/** The columns that find an event: derived from its body alone, and from its row. */
function lookupRow(row: number, body: EventBody) {
  return {
    seq: row,
    ts_ms: Date.parse(body.ts),
    type: body.type as string,
    principal: body.principal ?? null,
    target: body.target ?? null,
    grant_id: body.grant ?? null,
    lease_id: body.lease ?? null,
  };
}

const conditionOf: Record<Exclude<keyof EventQuery, 'limit' | 'oldest'>, string> = {
  grant: 'grant_id = :grant',
  target: 'target = :target',
  principal: 'principal = :principal',
  type: 'type = :type',
  since: 'ts_ms >= :since',
  until: 'ts_ms < :until',
  after: 'seq > :after',
};

function select(query: EventQuery): { sql: string; values: Values } {
  const values: Values = { limit: query.limit ?? -1 };
  const conditions = ['TRUE'];
  for (const [field, condition] of Object.entries(conditionOf)) {
    const value = query[field as keyof typeof conditionOf];
    if (value === undefined) continue;
    values[field] = value;
    conditions.push(condition);
  }
  const sql = `SELECT seq, leaf, body FROM ev
    WHERE ${conditions.join(' AND ')} ORDER BY seq ${query.oldest ? 'ASC' : 'DESC'} LIMIT :limit`;
  return { sql, values };
}

function toEvent(row: EventRow): StoredEvent {
  const body = readable(row.seq, row.body);
  return { seq: Number(body.seq), row: row.seq, leaf: row.leaf.toString('hex'), bytes: row.body, body };
}

/** What no jit has written keeps nothing else from being read: it is an event of no known type, of no known time. */
function readable(row: number, bytes: Buffer): EventBody {
  try {
    const body = JSON.parse(bytes.toString('utf8')) as EventBody;
    if (typeof body.type === 'string' && typeof body.data === 'object' && !Number.isNaN(Date.parse(body.ts)))
      return body;
  } catch {
    // Not even JSON.
  }
  const type = 'unreadable' as EventBody['type'];
  const ts = new Date(0).toISOString();
  return { v: 1, origin: '', seq: String(row), prev: noLeaf, ts, boot: '', mono_ms: '0', type, data: {} };
}
