// The log as rows: append, find, head. What an event is and how it is hashed belongs to audit.

import type { Database } from 'better-sqlite3';
import { noLeaf, placeEvent } from '../audit/chain.ts';
import type { AuditEvent, EventBody, StoredEvent } from '../audit/event.ts';
import { JitError } from '../core/errors.ts';
import type { Clock } from '../system/clock.ts';
import { statements, type Values } from './statements.ts';
import type { EventQuery } from './store.ts';

/** The log of one file. */
export interface Log {
  /** Only inside a transaction. */
  append(event: AuditEvent): StoredEvent;
  events(query?: EventQuery): StoredEvent[];
  head(): { readonly size: number; readonly leaf: string };
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

/** The log in `db`, whose origin is `origin`. */
export function openLog(db: Database, origin: string, clock: Clock): Log {
  const prepare = statements(db);
  const getLast = db.prepare<[], EventRow>(last);
  const addEvent = db.prepare(insert);
  const isAsWritten = db.prepare<[Buffer, Buffer, number], number>(readBack).pluck();

  function head(): { size: number; leaf: string } {
    const row = getLast.get();
    return row ? { size: row.seq + 1, leaf: row.leaf.toString('hex') } : { size: 0, leaf: noLeaf };
  }

  // The end of the log as this connection wrote it. A second writer would meet the primary key.
  let cached: { size: number; leaf: string } | null = null;
  return {
    head,
    forget() {
      cached = null;
    },
    append(event) {
      const { size: seq, leaf: prev } = cached ?? head();
      const placed = placeEvent(event, { origin, seq, prev, boot: clock.bootId, monoMs: clock.sinceBoot() });
      const leaf = Buffer.from(placed.leaf, 'hex');
      const row = lookupRow(seq, placed.body);
      addEvent.run(
        seq,
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
      if (isAsWritten.get(leaf, placed.bytes, seq) !== 1) {
        throw new JitError(
          'ERR_AUDIT_INVALID',
          `cannot write the audit log: event ${seq} reads back changed`,
          {
            hint: 'jit audit verify',
          },
        );
      }
      cached = { size: seq + 1, leaf: placed.leaf };
      return { seq, leaf: placed.leaf, bytes: placed.bytes, body: placed.body };
    },
    events(query = {}) {
      const { sql, values } = select(query);
      return prepare<EventRow>(sql).all(values).reverse().map(toEvent);
    },
  };
}

/** The columns that find an event: derived from its body alone. */
export function lookupRow(seq: number, body: EventBody) {
  return {
    seq,
    ts_ms: Date.parse(body.ts),
    type: body.type as string,
    principal: body.principal ?? null,
    target: body.target ?? null,
    grant_id: body.grant ?? null,
    lease_id: body.lease ?? null,
  };
}

const conditionOf: Record<Exclude<keyof EventQuery, 'limit'>, string> = {
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
    const value = query[field as keyof EventQuery];
    if (value === undefined) continue;
    values[field] = value;
    conditions.push(condition);
  }
  const sql = `SELECT seq, leaf, body FROM ev
    WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT :limit`;
  return { sql, values };
}

function toEvent(row: EventRow): StoredEvent {
  const body = JSON.parse(row.body.toString('utf8')) as EventBody;
  return { seq: row.seq, leaf: row.leaf.toString('hex'), bytes: row.body, body };
}
