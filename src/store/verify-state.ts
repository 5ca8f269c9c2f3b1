// Whether the state tables say what the log says, in the ways that are cheap to ask: what each event has to have left, and
// what each state has to have come from. The log is seen once, event by event; the tables once, at the end.

import type { Database } from 'better-sqlite3';
import type { EventBody } from '../audit/event.ts';
import type { LogProblem } from '../audit/verify.ts';

/** Collects from events, then compares. */
export interface StateCheck {
  event(body: EventBody, row: number): void;
  /** The first disagreement; null when there is none. `events`: rows of the log, where a missing event belongs. */
  problem(db: Database, events: number): LogProblem | null;
}

type Table = 'grants' | 'leases';

interface Rule {
  readonly table: Table;
  readonly type: string;
  /** States that need the event; and those that the event may leave. */
  readonly needed: readonly string[];
  readonly left: readonly string[] | null;
}

const anyLease = ['intent', 'active', 'revoking', 'overdue', 'revoked'];

const rules: readonly Rule[] = [
  { table: 'leases', type: 'lease.intent', needed: anyLease, left: anyLease },
  { table: 'leases', type: 'lease.issued', needed: ['active'], left: null },
  { table: 'leases', type: 'lease.revoked', needed: ['revoked'], left: ['revoked'] },
  { table: 'grants', type: 'grant.approved', needed: ['active'], left: null },
  { table: 'grants', type: 'grant.ended', needed: ['ended'], left: ['ended'] },
];

/** For one file, from its first event. */
export function createStateCheck(): StateCheck {
  /** Per rule: the row of the last such event, by grant or lease. */
  const seen = new Map(rules.map(({ type }) => [type, new Map<string, number>()]));
  return {
    event({ type, grant, lease }, row) {
      const id = type.startsWith('lease.') ? lease : grant;
      if (id !== undefined) seen.get(type)?.set(id, row);
    },
    problem(db, events) {
      const states = { grants: statesOf(db, 'grants'), leases: statesOf(db, 'leases') };
      for (const { table, type, needed } of rules) {
        const told = seen.get(type);
        for (const [id, state] of states[table]) {
          if (!needed.includes(state) || told?.has(id)) continue;
          return { seq: events, what: `${kindOf(table)} "${id}" has a state without its event "${type}"` };
        }
      }
      for (const { table, type, left } of rules) {
        for (const [id, row] of left ? (seen.get(type) ?? []) : []) {
          const state = states[table].get(id);
          if (state !== undefined && left?.includes(state)) continue;
          return { seq: row, what: `event "${type}" of ${kindOf(table)} "${id}" has left no such state` };
        }
      }
      return null;
    },
  };
}

const kindOf = (table: Table): string => (table === 'grants' ? 'grant' : 'lease');

function statesOf(db: Database, table: Table): Map<string, string> {
  return new Map(db.prepare<[], [string, string]>(`SELECT id, state FROM ${table}`).raw().all());
}
