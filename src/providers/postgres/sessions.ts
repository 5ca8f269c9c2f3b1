// What a role still has going on the server: sessions and prepared transactions. Found by OID, because SET ROLE and
// even DROP ROLE change nothing about who a session belongs to.

import type { Connection } from './connection.ts';
import { type Context, onServer } from './context.ts';
import { failureOf, plain, sqlState, sqlStateOf } from './failure.ts';
import type { FoundRole } from './find-role.ts';
import { quoteIdent, quoteLiteral } from './quote.ts';

/** Number of sessions that logged in as the role. */
export async function countSessions(connection: Connection, oid: number): Promise<number> {
  const [row] = await connection.rows<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usesysid = $1',
    [oid],
  );
  return row?.count ?? 0;
}

/** Signals every session of the role at once, then waits for each up to five seconds. Answers how many there were. */
export async function terminate(connection: Connection, oid: number): Promise<number> {
  const sessions = await connection.rows<{ pid: number }>(
    'SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = $1 AND pid <> pg_backend_pid()',
    [oid],
  );
  if (sessions.length > 0) {
    await connection.rows(
      'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usesysid = $1',
      [oid],
    );
  }
  return sessions.length;
}

/** Rolls back transactions that the role prepared (PREPARE TRANSACTION): they outlive sessions and hold locks. */
export async function endPrepared(context: Context, role: FoundRole): Promise<number> {
  const prepared = await onServer(context, (connection) =>
    connection.rows<{ gid: string; database: string }>(
      'SELECT gid, database FROM pg_prepared_xacts WHERE owner = $1',
      [role.name],
    ),
  );
  for (const { gid, database } of prepared) {
    const rollBack = onServer(
      context,
      async (connection) => {
        // Only its owner may, which the broker can become; and only outside a transaction.
        await connection.run(`SET ROLE ${quoteIdent(role.name)}`);
        await connection.run(`ROLLBACK PREPARED ${quoteLiteral(gid)}`);
      },
      database,
    );
    await rollBack.catch((thrown) => {
      if (sqlStateOf(thrown) !== sqlState.undefinedObject) throw thrown;
    });
  }
  return prepared.length;
}

/** A refusal in words for a finding; a lost connection is thrown on. */
export function refusalText(context: Context, thrown: unknown): string {
  const failure = failureOf(thrown, context.server.address);
  if (failure.code === 'ERR_TARGET_UNREACHABLE') throw failure;
  return plain(failure.message);
}
