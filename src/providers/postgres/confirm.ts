// Looks whether the credential of a lease is really gone: no role, and nobody connected by its OID.

import { hasCode } from '../../core/errors.ts';
import type { Presence } from '../provider.ts';
import { type Context, onServer } from './context.ts';
import { search } from './find-role.ts';
import { countSessions } from './sessions.ts';

/** `unknown` when the server does not answer, or refuses to. */
export async function confirmLease(context: Context): Promise<Presence> {
  const { handle } = context;
  try {
    return await onServer(context, async (connection) => {
      const { role, oid } = await search(connection, handle);
      if (role) return 'alive';
      const sessions = oid === null ? 0 : await countSessions(connection, oid);
      return sessions === 0 ? 'gone' : 'alive';
    });
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_TARGET_UNREACHABLE', 'ERR_TARGET_REFUSED', 'ERR_SECRET_UNAVAILABLE'))
      return 'unknown';
    throw thrown;
  }
}
