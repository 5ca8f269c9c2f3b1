// Revocation, phase 4: what the role left goes to the powerless quarantine role, what it may do or gave away goes.
// Never to a group role: a SECURITY DEFINER function would then run with that role's rights for everybody.

import { JitError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { onServer, type RevokeContext } from './context.ts';
import { sqlState, sqlStateOf } from './failure.ts';
import type { FoundRole } from './find-role.ts';
import { becomeStatement, grantsToOthers, revokeStatement } from './grants.ts';
import type { Inventory } from './inventory.ts';
import { quoteIdent } from './quote.ts';
import { repeat } from './repeat.ts';
import { refusalText } from './sessions.ts';

/**
 * Each database by itself: one that fails does not keep the others from being cleaned.
 * @throws JitError `ERR_REVOKE_INCOMPLETE` that names the databases that could not be cleaned, and why.
 */
export async function clean(context: RevokeContext, role: FoundRole, found: Inventory): Promise<void> {
  const failed: string[] = [];
  let isShut = false;
  for (const database of found.databases) {
    try {
      await onServer(
        context,
        (connection) =>
          repeat(context, () => connection.transaction(() => cleanOne(context, connection, role))),
        database,
      );
    } catch (thrown) {
      // Dropped since it was looked at, and all that was in it.
      if (sqlStateOf(thrown) === sqlState.noSuchDatabase) continue;
      isShut ||= isClosed(thrown);
      failed.push(`"${database}": ${refusalText(context, thrown)}`);
    }
  }
  if (failed.length > 0) {
    throw new JitError(
      'ERR_REVOKE_INCOMPLETE',
      `role "${role.name}" has no access any more, but what it left could not be cleaned in ${failed.join('; ')}`,
      isShut
        ? { hint: `let ${quoteIdent(context.handle.user)} connect to it: jit doctor shows the SQL` }
        : { hint: `as administrator, in that database: DROP OWNED BY ${quoteIdent(role.name)}` },
    );
  }
  context.report.step('cleaned', { databases: found.databases });
}

async function cleanOne(context: RevokeContext, connection: Connection, role: FoundRole): Promise<void> {
  const name = quoteIdent(role.name);
  for (const grant of await grantsToOthers(connection, role.oid)) {
    const statement = revokeStatement(grant);
    if (statement !== null) await tryRevoke(connection, role, statement);
  }
  await connection.run(
    `REASSIGN OWNED BY ${name} TO ${quoteIdent(context.handle.quarantine)}; DROP OWNED BY ${name}`,
  );
}

/** True when the database takes no connection of the broker. */
function isClosed(thrown: unknown): boolean {
  const closed: string[] = [sqlState.notInPrerequisiteState, sqlState.insufficientPrivilege, '28000'];
  return closed.includes(sqlStateOf(thrown) ?? '');
}

/** As the role itself, which alone is sure to count as the grantor. One that fails must not keep the rest. */
async function tryRevoke(connection: Connection, role: FoundRole, statement: string): Promise<void> {
  await connection.run('SAVEPOINT one');
  try {
    await connection.run(`${becomeStatement(role.name)}; ${statement}; RESET ROLE; RELEASE SAVEPOINT one`);
  } catch {
    await connection.run('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one');
  }
}
