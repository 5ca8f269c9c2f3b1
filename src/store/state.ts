// Grants, leases and findings as rows. Owns: their columns and the statements on them.
// What is asked for has a column; what is only kept (handle, session) is JSON text.

import type { Database } from 'better-sqlite3';
import type { Finding } from '../core/finding.ts';
import type { Grant, GrantState } from '../core/grant.ts';
import type { Lease, LeaseState } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import {
  type FindingRow,
  findingRow,
  type GrantRow,
  grantRow,
  type LeaseRow,
  leaseRow,
  toFinding,
  toGrant,
  toLease,
} from './rows.ts';
import { statements, type Values } from './statements.ts';
import type { AskedRole } from './store.ts';

/** Reads and writes of state; inside a transaction or not. */
export interface State {
  putGrant(grant: Grant): void;
  putLease(lease: Lease): void;
  putFinding(finding: Finding): void;
  grant(id: string): Grant | null;
  grants(filter?: { readonly states?: readonly GrantState[]; readonly limit?: number }): Grant[];
  lease(id: string): Lease | null;
  leases(filter?: { readonly states?: readonly LeaseState[]; readonly grant?: string }): Lease[];
  leasedTargets(): string[];
  lastReason(role: AskedRole): string | null;
  grantedTimes(role: AskedRole, since: Instant, limit: number): Instant[];
  findings(filter?: { readonly lease?: string; readonly limit?: number }): Finding[];
}

const putFinding = `
INSERT INTO findings (kind, target, lease_id, place, detail, action, found_ms)
VALUES (:kind, :target, :lease_id, :place, :detail, :action, :found_ms)
ON CONFLICT DO UPDATE SET action = excluded.action`;

// Both are answered from the index `grants_given`, whose condition they repeat so that SQLite takes it.
/** Newest reason that somebody gave for a role and got it. */
export const lastReason = `
SELECT reason FROM grants
WHERE principal = :principal AND target = :target AND role = :role
  AND started_ms IS NOT NULL AND reason IS NOT NULL
ORDER BY requested_ms DESC LIMIT 1`;

/** When somebody asked for a role and got it, newest first. */
export const grantedTimes = `
SELECT requested_ms FROM grants
WHERE principal = :principal AND target = :target AND role = :role
  AND started_ms IS NOT NULL AND requested_ms >= :since
ORDER BY requested_ms DESC LIMIT :limit`;

/** The state in `db`. */
export function openState(db: Database): State {
  const prepare = statements(db);
  const upserts = new Map<string, string>();
  function put(table: 'grants' | 'leases', row: Values): void {
    const sql = upserts.get(table) ?? upsert(table, Object.keys(row));
    upserts.set(table, sql);
    prepare(sql).run(row);
  }
  return {
    putGrant: (grant) => put('grants', grantRow(grant)),
    putLease: (lease) => put('leases', leaseRow(lease)),
    putFinding: (finding) => void prepare(putFinding).run(findingRow(finding)),
    grant(id) {
      const row = prepare<GrantRow>('SELECT * FROM grants WHERE id = :id').get({ id });
      return row ? toGrant(row) : null;
    },
    grants({ states, limit } = {}) {
      const where = states ? 'WHERE state IN (SELECT value FROM json_each(:states))' : '';
      const newest = prepare<GrantRow>(
        `SELECT * FROM grants ${where} ORDER BY requested_ms DESC, id DESC LIMIT :limit`,
      );
      return newest
        .all({ limit: limit ?? -1, ...(states && { states: JSON.stringify(states) }) })
        .reverse()
        .map(toGrant);
    },
    lease(id) {
      const row = prepare<LeaseRow>('SELECT * FROM leases WHERE id = :id').get({ id });
      return row ? toLease(row) : null;
    },
    leases({ states, grant } = {}) {
      const conditions = ['TRUE'];
      if (states) conditions.push('state IN (SELECT value FROM json_each(:states))');
      if (grant !== undefined) conditions.push('grant_id = :grant');
      return prepare<LeaseRow>(
        `SELECT * FROM leases WHERE ${conditions.join(' AND ')} ORDER BY created_ms, id`,
      )
        .all({ ...(states && { states: JSON.stringify(states) }), ...(grant !== undefined && { grant }) })
        .map(toLease);
    },
    leasedTargets: () =>
      prepare<string>('SELECT DISTINCT target FROM leases ORDER BY target').pluck().all({}),
    lastReason: (role) =>
      prepare<string>(lastReason)
        .pluck()
        .get({ ...role }) ?? null,
    grantedTimes: (role, since, limit) =>
      prepare<number>(grantedTimes)
        .pluck()
        .all({ ...role, since, limit }),
    findings({ lease, limit } = {}) {
      const where = lease === undefined ? '' : 'WHERE lease_id = :lease';
      return prepare<FindingRow>(`SELECT * FROM findings ${where} ORDER BY id DESC LIMIT :limit`)
        .all({ limit: limit ?? -1, ...(lease !== undefined && { lease }) })
        .reverse()
        .map(toFinding);
    },
  };
}

function upsert(table: string, columns: readonly string[]): string {
  const values = columns.map((column) => `:${column}`).join(', ');
  const changes = columns.map((column) => `${column} = excluded.${column}`).join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values}) ON CONFLICT (id) DO UPDATE SET ${changes}`;
}
