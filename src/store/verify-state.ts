// Whether the state tables say what the log says, in the ways that are cheap to ask. Reads only.

import type { Database } from 'better-sqlite3';
import type { LogProblem } from '../audit/verify.ts';

/** Rows that should not exist, and what they mean. A null `seq`: an event is missing, at the end at the earliest. */
interface Question {
  readonly sql: string;
  readonly what: (id: string) => string;
}

/** A state that must have its event. */
function stateNeedsEvent(table: 'grants' | 'leases', states: string, type: string): Question {
  const kind = table === 'grants' ? 'grant' : 'lease';
  return {
    sql: `SELECT id, NULL AS seq FROM ${table} WHERE state IN (${states}) AND id NOT IN
      (SELECT ${kind}_id FROM ev WHERE type = '${type}' AND ${kind}_id IS NOT NULL) LIMIT 1`,
    what: (id) => `${kind} "${id}" has a state without its event "${type}"`,
  };
}

/** An event that must have left its state. */
function eventNeedsState(table: 'grants' | 'leases', type: string, states: string): Question {
  const kind = table === 'grants' ? 'grant' : 'lease';
  return {
    sql: `SELECT ${kind}_id AS id, seq FROM ev
      WHERE type = '${type}' AND ${kind}_id NOT IN (SELECT id FROM ${table} WHERE state IN (${states})) LIMIT 1`,
    what: (id) => `event "${type}" of ${kind} "${id}" has left no such state`,
  };
}

const anyLease = `'intent', 'active', 'revoking', 'overdue', 'revoked'`;

const questions: readonly Question[] = [
  stateNeedsEvent('leases', anyLease, 'lease.intent'),
  stateNeedsEvent('leases', `'active'`, 'lease.issued'),
  stateNeedsEvent('leases', `'revoked'`, 'lease.revoked'),
  stateNeedsEvent('grants', `'active'`, 'grant.approved'),
  stateNeedsEvent('grants', `'ended'`, 'grant.ended'),
  eventNeedsState('leases', 'lease.intent', anyLease),
  eventNeedsState('leases', 'lease.revoked', `'revoked'`),
  eventNeedsState('grants', 'grant.ended', `'ended'`),
];

/** The first disagreement; null when there is none. `events`: length of the log, where a missing event belongs. */
export function stateProblem(db: Database, events: number): LogProblem | null {
  for (const { sql, what } of questions) {
    const row = db.prepare<[], { id: string; seq: number | null }>(sql).get();
    if (row) return { seq: row.seq ?? events, what: what(row.id) };
  }
  return null;
}
