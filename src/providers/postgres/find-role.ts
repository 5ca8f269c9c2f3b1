// Finds the role of a lease on the server. Decides what is ours and what only has the name.

import { readComment } from './comment.ts';
import type { Connection } from './connection.ts';
import type { PostgresHandle } from './handle.ts';

/** A role as the server has it now. */
export interface FoundRole {
  readonly oid: number;
  readonly name: string;
  readonly canLogin: boolean;
  readonly comment: string | null;
}

/** What became of a lease's role. */
export interface Search {
  readonly role: FoundRole | null;
  /** The OID that sessions of the role carry, dropped or not; null when there can be none. */
  readonly oid: number | null;
}

/**
 * Looks for the role of this lease.
 *
 * Ours is what has the OID that issuing told, also when it was renamed; but the name or the comment has to speak
 * for it, too: on a server that was restored from a dump the same number may be anybody's. Without such a role the
 * name decides. If no OID was ever recorded (a crash in between), the name is proof enough, because it was random
 * and on disk before the role was made; otherwise the comment has to name this lease. What somebody else made by
 * this name is left alone.
 */
export async function search(connection: Connection, handle: PostgresHandle): Promise<Search> {
  const found = await connection.rows<FoundRole>(
    `SELECT oid, rolname AS name, rolcanlogin AS "canLogin", shobj_description(oid, 'pg_authid') AS comment
       FROM pg_roles WHERE oid = $1 OR rolname = $2`,
    [handle.oid, handle.name],
  );
  const isTold = (role: FoundRole): boolean => readComment(role.comment)?.lease === handle.lease;
  const byOid = found.find((role) => role.oid === handle.oid);
  const byName = found.find((role) => role.name === handle.name);
  if (byOid && (byOid.name === handle.name || isTold(byOid))) return { role: byOid, oid: byOid.oid };
  if (byName && (handle.oid === null || isTold(byName))) return { role: byName, oid: byName.oid };
  return { role: null, oid: byOid ? null : handle.oid };
}

/** The role of this lease, or null. */
export async function findRole(connection: Connection, handle: PostgresHandle): Promise<FoundRole | null> {
  return (await search(connection, handle)).role;
}
