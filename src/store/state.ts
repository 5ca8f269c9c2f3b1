// Grants, leases and findings as rows. Owns: their columns and the statements on them.
// What is asked for has a column; what is only kept (handle, session) is JSON text.

import type { Database } from 'better-sqlite3';
import type { Finding } from '../core/finding.ts';
import type { Grant, GrantState } from '../core/grant.ts';
import type { Lease, LeaseState } from '../core/lease.ts';
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
  findings(filter?: { readonly lease?: string; readonly limit?: number }): Finding[];
}

const putFinding = `
INSERT INTO findings (kind, target, lease_id, place, detail, action, found_ms)
VALUES (:kind, :target, :lease_id, :place, :detail, :action, :found_ms)
ON CONFLICT DO UPDATE SET action = excluded.action`;

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
