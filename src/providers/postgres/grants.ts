// Rights that a role gave to somebody else, in one database: read from the access lists, by who gave them.

import type { Connection } from './connection.ts';

/** One right on one object, given to one grantee. */
export interface GrantToOther {
  /** As REVOKE writes the kind of object; null for kinds that DROP OWNED takes care of. */
  readonly keyword: string | null;
  readonly type: string;
  readonly identity: string;
  /** Quoted name of the column; null for the whole object. */
  readonly column: string | null;
  /** `PUBLIC`, or a quoted name. */
  readonly grantee: string;
  readonly privileges: string;
}

const accessLists = `
  SELECT 'pg_class'::regclass AS classid, oid AS objid, 0 AS objsubid, relacl AS acl, relowner AS owner,
         CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS keyword FROM pg_class
  UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, attacl, c.relowner, 'TABLE'
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attacl IS NOT NULL
  UNION ALL SELECT 'pg_proc'::regclass, oid, 0, CASE WHEN prosecdef THEN coalesce(proacl, acldefault('f', proowner)) ELSE proacl END,
         proowner, 'ROUTINE' FROM pg_proc
  UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl, nspowner, 'SCHEMA' FROM pg_namespace
  UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl, typowner, 'TYPE' FROM pg_type
  UNION ALL SELECT 'pg_database'::regclass, oid, 0, datacl, datdba, 'DATABASE' FROM pg_database
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0, srvacl, srvowner, 'FOREIGN SERVER' FROM pg_foreign_server
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, 0, lomacl, lomowner, NULL FROM pg_largeobject_metadata`;

/**
 * Every right that `oid` gave, except to itself. A function that runs with its owner's rights counts as given to
 * everybody from the start, as PostgreSQL does it.
 */
export function grantsToOthers(connection: Connection, oid: number): Promise<GrantToOther[]> {
  return connection.rows<GrantToOther>(
    `SELECT CASE WHEN l.owner = $1 THEN l.keyword END AS keyword, i.type,
            o.identity, CASE WHEN l.objsubid > 0 THEN quote_ident(t.attname) END AS "column",
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
            string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
       FROM (${accessLists}) l
       CROSS JOIN LATERAL aclexplode(l.acl) a
       CROSS JOIN LATERAL pg_identify_object(l.classid, l.objid, l.objsubid) i
       CROSS JOIN LATERAL pg_identify_object(l.classid, l.objid, 0) o
       LEFT JOIN pg_attribute t ON l.objsubid > 0 AND t.attrelid = l.objid AND t.attnum = l.objsubid
      WHERE a.grantor = $1 AND a.grantee <> $1 AND i.identity IS NOT NULL
      GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 4, 5`,
    [oid],
  );
}

/** The REVOKE that takes it back, to be run as the one who gave it; null when DROP OWNED does it or nothing can. */
export function revokeStatement(grant: GrantToOther): string | null {
  if (grant.keyword === null) return null;
  const what = grant.column === null ? 'ALL' : `ALL (${grant.column})`;
  return `REVOKE ${what} ON ${grant.keyword} ${grant.identity} FROM ${grant.grantee} CASCADE`;
}
