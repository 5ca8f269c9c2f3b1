// Revocation, phase 2: what is connected ends. Done at two empty looks in a row, at least a second apart, because a
// login that was under way during the fence shows up late.

import { JitError } from '../../core/errors.ts';
import { onServer, type RevokeContext } from './context.ts';
import type { FoundRole } from './find-role.ts';
import { countSessions, endPrepared, terminate } from './sessions.ts';
import { wait } from './wait.ts';

const between = 1000;
const rounds = 10;

/**
 * Ends everything of `oid`. `role` is null when the role itself is gone already: its sessions may live on.
 * Reports `accessEnded` at the first empty look. @throws JitError `ERR_REVOKE_INCOMPLETE` when a session will not end.
 */
export async function kill(context: RevokeContext, oid: number, role: FoundRole | null): Promise<void> {
  let ended = 0;
  let prepared = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const left = await onServer(context, async (connection) => {
      ended += await terminate(connection, oid);
      return countSessions(connection, oid);
    });
    if (role) prepared += await endPrepared(context, role);
    if (left === 0) context.report.accessEnded();
    await wait(context.clock, between, context.signal);
    const again = await onServer(context, (connection) => countSessions(connection, oid));
    if (left === 0 && again === 0) {
      context.report.step('killed', { sessions: ended, prepared });
      return;
    }
  }
  throw new JitError(
    'ERR_REVOKE_INCOMPLETE',
    `a session of role "${context.handle.name}" on target "${context.handle.target}" does not end`,
    { hint: `look at pg_stat_activity for usesysid ${oid}` },
  );
}
