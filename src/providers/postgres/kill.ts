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
 * Reports `accessEnded` at an empty look, so that whoever waits need not wait for the second one, and `accessFound`
 * when there was somebody after all. @throws JitError `ERR_REVOKE_INCOMPLETE` when a session will not end.
 */
export async function kill(context: RevokeContext, oid: number, role: FoundRole | null): Promise<void> {
  const { report } = context;
  let ended = 0;
  let prepared = 0;
  const tell = (sessions: number): void => (sessions === 0 ? report.accessEnded() : report.accessFound());
  for (let round = 1; round <= rounds; round += 1) {
    const left = await onServer(context, async (connection) => {
      const found = await terminate(connection, oid);
      // Also when they are gone a moment later: an earlier attempt may have told that nobody was left.
      if (found > 0) report.accessFound();
      ended += found;
      return countSessions(connection, oid);
    });
    if (role) prepared += await endPrepared(context, role);
    tell(left);
    await wait(context.clock, between, context.signal);
    const again = await onServer(context, (connection) => countSessions(connection, oid));
    if (again > 0) tell(again);
    if (left === 0 && again === 0) {
      report.step('killed', { sessions: ended, prepared });
      return;
    }
  }
  throw new JitError(
    'ERR_REVOKE_INCOMPLETE',
    `a session of role "${context.handle.name}" on target "${context.handle.target}" does not end`,
    { hint: `look at pg_stat_activity for usesysid ${oid}` },
  );
}
