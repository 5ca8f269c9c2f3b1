// What every step of the provider is given. A type only.

import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import type { RevokeReport } from '../provider.ts';
import type { Connection, Server } from './connection.ts';
import type { PostgresHandle } from './handle.ts';

/** One lease on one server, and the world around it. */
export interface Context {
  readonly server: Server;
  readonly handle: PostgresHandle;
  readonly clock: Clock;
  readonly random: Random;
  /** Names this broker in the comment of the roles that it makes. */
  readonly origin: string;
  readonly signal: AbortSignal;
}

/** The same while revoking. */
export interface RevokeContext extends Context {
  readonly report: RevokeReport;
}

/** A connection for revoking; `database` default: the target's own. */
export function onServer<T>(
  context: Context,
  work: (connection: Connection) => Promise<T>,
  database?: string,
): Promise<T> {
  const { server, signal } = context;
  return server.use({ signal, lane: 'revoke', ...(database === undefined ? {} : { database }) }, work);
}
