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

/**
 * The role of this lease, or null.
 *
 * Ours is what has the OID that issuing told, whatever it is called by now. Without such a one the name
 * decides: if no OID was ever recorded (a crash in between), the name is proof enough, because it was random
 * and on disk before the role was made. If another OID was recorded, the server may have been restored from
 * a dump: then the comment has to name this lease. A role that somebody else made by this name is left alone.
 */
export async function findRole(connection: Connection, handle: PostgresHandle): Promise<FoundRole | null> {
  const found = await connection.rows<FoundRole>(
    `SELECT oid, rolname AS name, rolcanlogin AS "canLogin", shobj_description(oid, 'pg_authid') AS comment
       FROM pg_roles WHERE oid = $1 OR rolname = $2`,
    [handle.oid, handle.name],
  );
  const issued = found.find((role) => role.oid === handle.oid);
  if (issued) return issued;
  const named = found.find((role) => role.name === handle.name);
  if (!named) return null;
  return handle.oid === null || readComment(named.comment)?.lease === handle.lease ? named : null;
}
