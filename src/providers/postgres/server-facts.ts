// What the broker has to know of a server before it makes anything there: one question.

import type { Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';
import type { Connection } from './connection.ts';

export interface ServerFacts {
  /** `server_version_num`, e.g. 150018. */
  readonly version: number;
  /** The server's clock, milliseconds since the epoch. */
  readonly now: number;
  /** True when the broker may set log_statement for a role. */
  readonly maySetLogging: boolean;
}

/** Asks. Works on versions that jit does not serve, too, so that it can say so. */
export async function serverFacts(connection: Connection): Promise<ServerFacts> {
  const [facts] = await connection.rows<{ version: number; now: number }>(
    `SELECT current_setting('server_version_num')::int AS version,
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
  );
  const { version = 0, now = 0 } = facts ?? {};
  if (version < 150_000) return { version, now, maySetLogging: false };
  const [may] = await connection.rows<{ may: boolean }>(
    `SELECT has_parameter_privilege('log_statement', 'SET') AS may`,
  );
  return { version, now, maySetLogging: may?.may ?? false };
}

/** How far the server's clock is ahead of ours. */
export function skewOf(facts: ServerFacts, clock: Clock): Milliseconds {
  return Math.round(facts.now - clock.now());
}
