// Revocation, phase 3: what the role leaves behind, in every database of the cluster. Looks and reports; changes nothing.

import type { Finding, FindingKind } from '../../core/finding.ts';
import type { Connection } from './connection.ts';
import { onServer, type RevokeContext } from './context.ts';
import { plain } from './failure.ts';
import type { FoundRole } from './find-role.ts';
import { grantsToOthers, revokeStatement } from './grants.ts';
import { refusalText } from './sessions.ts';

/** A user can make a million tables; past this many per database and kind the rest are counted. */
const shown = 100;

/** Where something of the role is. */
export interface Inventory {
  /** Databases by name, the target's own included when an object that all databases share names the role. */
  readonly databases: readonly string[];
}

/** What pg_shdepend knows of the role: the databases that name it. Readable by any login. */
export async function databasesOf(connection: Connection, oid: number, own: string): Promise<string[]> {
  const rows = await connection.rows<{ name: string | null }>(
    `SELECT DISTINCT d.datname AS name FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
      WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1`,
    [oid],
  );
  return [...new Set(rows.map((row) => row.name ?? own))];
}

/** Looks into each database and reports. What cannot be looked into is left to the clean-up to complain of. */
export async function inventory(context: RevokeContext, role: FoundRole): Promise<Inventory> {
  const own = context.handle.database;
  const databases = await onServer(context, (connection) => databasesOf(connection, role.oid, own));
  let findings = 0;
  for (const database of databases) {
    try {
      const found = await onServer(
        context,
        (connection) => look(context, connection, role, database),
        database,
      );
      for (const finding of found) context.report.finding(finding);
      findings += found.length;
    } catch (thrown) {
      // Throws on when the server is out of reach; a database that says no must not keep the others from being cleaned.
      refusalText(context, thrown);
    }
  }
  context.report.step('inventoried', { databases: databases.map(plain), findings });
  return { databases };
}

async function look(
  context: RevokeContext,
  connection: Connection,
  role: FoundRole,
  database: string,
): Promise<Finding[]> {
  const { handle, clock } = context;
  const findings: Finding[] = [];
  const counts = new Map<FindingKind, number>();
  const add = (kind: FindingKind, where: string, detail: string, action: string): void => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count > shown) return;
    findings.push({
      kind,
      target: handle.target,
      lease: handle.lease,
      where: plain(`${database}/${where}`),
      detail: plain(detail),
      action: plain(action),
      foundAt: clock.now(),
    });
  };
  const moved = `now owned by ${handle.quarantine}`;
  const definers = new Set<string>();
  for (const object of await ownedObjects(connection, role.oid)) {
    if (object.isDropped)
      add('owned-object', object.identity, `${object.type} made by ${role.name}`, 'dropped');
    else if (object.isDefiner) {
      definers.add(object.identity);
      const detail = `function that runs with its owner's rights, made by ${role.name}`;
      add('security-definer', object.identity, detail, `${moved}, nobody else may run it`);
    } else add('owned-object', object.identity, `${object.type} made by ${role.name}`, moved);
  }
  for (const grant of await grantsToOthers(connection, role.oid)) {
    // Told already: PostgreSQL lets everybody run a new function.
    if (grant.grantee === 'PUBLIC' && definers.has(grant.identity)) continue;
    const detail = `${role.name} gave ${grant.privileges} on ${grant.type} to ${grant.grantee}`;
    add('third-party-grant', grant.identity, detail, revokeStatement(grant) === null ? 'kept' : 'revoked');
  }
  for (const [kind, count] of counts) {
    if (count <= shown) continue;
    const action = 'treated like the ones that are named';
    const detail = `${count - shown} more of kind ${kind}`;
    findings.push({
      kind,
      target: handle.target,
      lease: handle.lease,
      where: plain(database),
      detail,
      action,
      foundAt: clock.now(),
    });
  }
  return findings;
}

interface Owned {
  readonly type: string;
  readonly identity: string;
  readonly isDefiner: boolean;
  /** DROP OWNED removes it: it cannot have another owner. */
  readonly isDropped: boolean;
}

function ownedObjects(connection: Connection, oid: number): Promise<Owned[]> {
  return connection.rows<Owned>(
    `SELECT i.type, i.identity, coalesce(p.prosecdef, false) AS "isDefiner",
            s.classid IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass) AS "isDropped"
       FROM pg_shdepend s
       CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, s.objsubid) i
       LEFT JOIN pg_proc p ON s.classid = 'pg_proc'::regclass AND p.oid = s.objid
      WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1 AND s.deptype = 'o' AND i.identity IS NOT NULL
        AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      ORDER BY i.identity`,
    [oid],
  );
}
