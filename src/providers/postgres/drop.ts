// Revocation, phase 5: the role goes. Looks by OID whether it really went.

import { JitError } from '../../core/errors.ts';
import { onServer, type RevokeContext } from './context.ts';
import { plain, sqlState, sqlStateOf } from './failure.ts';
import type { FoundRole } from './find-role.ts';
import { databasesOf } from './inventory.ts';
import { quoteIdent } from './quote.ts';
import { repeat } from './repeat.ts';

/** @throws JitError `ERR_REVOKE_INCOMPLETE` while something on the server still names the role. */
export function drop(context: RevokeContext, role: FoundRole): Promise<void> {
  const { handle, report } = context;
  return onServer(context, async (connection) => {
    try {
      await repeat(context, () => connection.run(`DROP ROLE IF EXISTS ${quoteIdent(role.name)}`));
    } catch (cause) {
      if (sqlStateOf(cause) !== sqlState.dependentObjects) throw cause;
      const where = (await databasesOf(connection, role.oid, handle.database))
        .map((name) => `"${plain(name)}"`)
        .join(', ');
      throw new JitError(
        'ERR_REVOKE_INCOMPLETE',
        `role "${plain(role.name)}" has no access any more, but is still named in database ${where}`,
        { hint: `as administrator, in that database: DROP OWNED BY ${plain(quoteIdent(role.name))}`, cause },
      );
    }
    const left = await connection.rows('SELECT 1 FROM pg_roles WHERE oid = $1', [role.oid]);
    if (left.length > 0)
      throw new JitError('ERR_REVOKE_INCOMPLETE', `role "${plain(role.name)}" is there after its drop`);
    report.step('dropped', { role: plain(role.name), oid: role.oid });
  });
}
