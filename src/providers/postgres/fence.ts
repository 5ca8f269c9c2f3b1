// Revocation, phase 1: nobody can log in as the role any more. A transaction of its own, committed before the rest.

import { JitError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { onServer, type RevokeContext } from './context.ts';
import { failureOf, plain, sqlState, sqlStateOf } from './failure.ts';
import { type FoundRole, type Search, search } from './find-role.ts';
import { quoteIdent } from './quote.ts';
import { isCollision } from './repeat.ts';
import { endPrepared, terminate } from './sessions.ts';

const attempts = 40;

/** What was found, fenced; nothing to fence when it is already gone. @throws JitError `ERR_TARGET_REFUSED` when the server says no. */
export async function fence(context: RevokeContext): Promise<Search> {
  for (let attempt = 1; ; attempt += 1) {
    const { refusal, ...found } = await tryFence(context);
    if (found.role === null || refusal === null) return found;
    if (!isHeld(refusal) || attempt === attempts) throw failureOf(refusal, context.server.address);
    await endPrepared(context, found.role);
  }
}

function tryFence(context: RevokeContext): Promise<Search & { refusal: unknown }> {
  return onServer(context, async (connection) => {
    const found = await search(connection, context.handle);
    const { role } = found;
    if (!role) return { ...found, refusal: null };
    const refusal = await lockOut(connection, role);
    if (refusal !== null) return { ...found, refusal };
    await dismissMembers(context, connection, role);
    context.report.step('fenced', { role: plain(role.name), oid: role.oid });
    return { ...found, refusal };
  });
}

/**
 * A session that changed its own password and has not committed holds the row of the role: so the wait for that
 * lock is short, and its holder is ended before the next attempt.
 */
async function lockOut(connection: Connection, role: FoundRole): Promise<unknown> {
  await connection.run(`SET lock_timeout = '250ms'`);
  try {
    await connection.run(
      `ALTER ROLE ${quoteIdent(role.name)} NOLOGIN CONNECTION LIMIT 0 PASSWORD NULL VALID UNTIL '1970-01-01'`,
    );
    await connection.run(`SET lock_timeout = '5s'`);
    return null;
  } catch (thrown) {
    // Even when the server refuses the fence, what is connected now can be ended.
    await terminate(connection, role.oid).catch(() => undefined);
    return thrown;
  }
}

function isHeld(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  // Dropped by somebody else in between: the next look finds it gone.
  return state === sqlState.lockNotAvailable || state === sqlState.undefinedObject || isCollision(thrown);
}

/**
 * Somebody who administers roles may have made others members of it. They go before anything else is done, because
 * a DROP that has to wait would leave them the rights.
 */
async function dismissMembers(
  context: RevokeContext,
  connection: Connection,
  role: FoundRole,
): Promise<void> {
  const { handle, report, clock, server } = context;
  const members = await connection.rows<{ name: string }>(
    `SELECT DISTINCT m.rolname AS name FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
      WHERE a.roleid = $1 AND m.rolname <> current_user`,
    [role.oid],
  );
  for (const { name } of members) {
    let action = 'membership revoked';
    try {
      await connection.run(`REVOKE ${quoteIdent(role.name)} FROM ${quoteIdent(name)}`);
    } catch (thrown) {
      if (failureOf(thrown, server.address).code === 'ERR_TARGET_UNREACHABLE') throw thrown;
      action = 'ends when the role is dropped';
    }
    report.finding({
      kind: 'third-party-grant',
      target: handle.target,
      lease: handle.lease,
      where: plain(handle.database),
      detail: `role ${plain(quoteIdent(name))} was made a member of ${plain(role.name)}`,
      action,
      foundAt: clock.now(),
    });
  }
}

/** Takes the rights away without dropping: for a role that cannot be cleaned up yet. Does what it can. */
export function strip(context: RevokeContext, role: FoundRole): Promise<void> {
  return onServer(context, async (connection) => {
    const groups = await connection.rows<{ name: string }>(
      `SELECT DISTINCT g.rolname AS name FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid WHERE a.member = $1`,
      [role.oid],
    );
    for (const { name } of groups) {
      await connection.run(`REVOKE ${quoteIdent(name)} FROM ${quoteIdent(role.name)}`).catch(() => undefined);
    }
  }).catch((thrown) => {
    if (!(thrown instanceof JitError)) throw thrown;
  });
}
