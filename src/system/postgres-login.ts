// What a PostgreSQL driver is told, so that nothing of it comes from the environment: PGOPTIONS, PGPASSWORD, ~/.pgpass and
// their like are about other programs. Where a server is and who logs in there is said by the configuration alone.

import { JitError } from '../core/errors.ts';

/** Where to, and as whom. */
export interface PostgresLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** null: the server asks for none. */
  readonly password: string | null;
}

/**
 * The driver's settings for `login`. What it would look up elsewhere when it is empty is there, or a function.
 * @throws JitError `ERR_CONFIG` for an empty name
 */
export function driverLogin({ host, port, database, user, password }: PostgresLogin) {
  for (const [name, value] of Object.entries({ host, database, user })) {
    if (value === '') throw new JitError('ERR_CONFIG', `the address of the server has an empty "${name}"`);
  }
  return {
    ...{ host, port, database, user },
    // A function is asked for an empty password, too; a string would give way to PGPASSWORD and ~/.pgpass.
    password: (): string => password ?? (undefined as unknown as string),
    client_encoding: 'UTF8',
    sslnegotiation: 'postgres' as const,
  };
}

/** Takes from a client that is not connected yet what no setting keeps out: PGOPTIONS and PGREPLICATION. */
export function ignoreEnvironment<Client extends object>(client: Client): Client {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> };
  connectionParameters['options'] = undefined;
  connectionParameters['replication'] = undefined;
  return client;
}
