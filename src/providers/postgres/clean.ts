// Revocation, phase 4: what the role left goes to the powerless quarantine role, what it may do or gave away goes.
// Never to a group role: a SECURITY DEFINER function would then run with that role's rights for everybody.

import { JitError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { onServer, type RevokeContext } from './context.ts';
import { plain, sqlState, sqlStateOf } from './failure.ts';
import type { FoundRole } from './find-role.ts';
import { grantsToOthers, revokeStatement } from './grants.ts';
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
      failed.push(`"${plain(database)}": ${refusalText(context, thrown)}`);
    }
  }
  if (failed.length > 0) {
    throw new JitError(
      'ERR_REVOKE_INCOMPLETE',
      `role "${plain(role.name)}" has no access any more, but what it left could not be cleaned in ${failed.join('; ')}`,
      isShut
        ? { hint: `let ${plain(quoteIdent(context.handle.user))} connect to it: jit doctor shows the SQL` }
        : { hint: `as administrator, in that database: DROP OWNED BY ${plain(quoteIdent(role.name))}` },
    );
  }
  context.report.step('cleaned', { databases: found.databases.map(plain) });
}

async function cleanOne(context: RevokeContext, connection: Connection, role: FoundRole): Promise<void> {
  const { handle } = context;
  const [name, quarantine] = [quoteIdent(role.name), quoteIdent(handle.quarantine)];
  for (const grant of await grantsToOthers(connection, role.oid)) {
    const statement = revokeStatement(grant);
    if (statement !== null) await attempt(connection, asRole(role, statement));
  }
  const reassign = `REASSIGN OWNED BY ${name} TO ${quarantine}`;
  const refusal = await attempt(connection, reassign);
  if (refusal !== null) {
    if (sqlStateOf(refusal) !== sqlState.insufficientPrivilege) throw refusal;
    // The new owner of a function needs the right to create where the function is. Lent within this transaction,
    // so nobody else ever sees the quarantine role with a right.
    for (const group of handle.groups) await attempt(connection, `GRANT ${quoteIdent(group)} TO ${name}`);
    await connection.run(`GRANT ${name} TO ${quarantine}; ${reassign}; REVOKE ${name} FROM ${quarantine}`);
  }
  await connection.run(`DROP OWNED BY ${name}`);
}

/** True when the database takes no connection of the broker. */
function isClosed(thrown: unknown): boolean {
  const closed: string[] = [sqlState.notInPrerequisiteState, sqlState.insufficientPrivilege, '28000'];
  return closed.includes(sqlStateOf(thrown) ?? '');
}

/** As the role itself, which alone is sure to count as the one who gave a right. */
function asRole(role: FoundRole, statement: string): string {
  return `SET LOCAL ROLE ${quoteIdent(role.name)}; ${statement}; RESET ROLE`;
}

/** Runs inside a savepoint: a refusal is the answer and undoes nothing else. */
async function attempt(connection: Connection, statements: string): Promise<unknown> {
  await connection.run('SAVEPOINT attempt');
  try {
    await connection.run(`${statements}; RELEASE SAVEPOINT attempt`);
    return null;
  } catch (thrown) {
    await connection.run('ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt');
    return thrown;
  }
}
