// Moves the end of a role on the server. Never brings back one that is being revoked.

import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import { withDeadline } from './comment.ts';
import { type Context, onServer } from './context.ts';
import { findRole } from './find-role.ts';
import { quoteIdent, quoteLiteral } from './quote.ts';
import { repeat } from './repeat.ts';

/** @throws JitError `ERR_TARGET_REFUSED` when the role is gone or fenced. */
export async function renewLease(context: Context, deadline: Instant): Promise<{ hardDeadline: Instant }> {
  const { handle } = context;
  await onServer(context, (connection) =>
    repeat(context, () =>
      connection.transaction(async () => {
        const role = await findRole(connection, handle);
        if (!role?.canLogin) {
          const why = role ? 'is being revoked' : 'does not exist';
          throw new JitError(
            'ERR_TARGET_REFUSED',
            `role "${handle.name}" of target "${handle.target}" ${why}`,
          );
        }
        const name = quoteIdent(role.name);
        await connection.run(
          `ALTER ROLE ${name} VALID UNTIL ${quoteLiteral(new Date(deadline).toISOString())}`,
        );
        const comment = withDeadline(role.comment, deadline);
        if (comment !== null) await connection.run(`COMMENT ON ROLE ${name} IS ${quoteLiteral(comment)}`);
      }),
    ),
  );
  return { hardDeadline: deadline };
}
