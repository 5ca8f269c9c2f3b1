// The broker's own connections: one per piece of work, closed after it. Owns the driver; nothing else loads it.

import type { Client } from 'pg';
import type { Secret } from '../../core/secret.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';
import { driverLogin, ignoreEnvironment } from '../../system/postgres-login.ts';
import { tlsOptions } from '../../system/postgres-tls.ts';
import type { ProviderTools } from '../provider.ts';
import { failureOf } from './failure.ts';
import { enter, type Lane } from './gate.ts';
import type { ServerAddress } from './handle.ts';

/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** One open connection. */
export interface Connection {
  /** Rows of one statement with parameters, or none. @throws as the driver does; {@link Server.use} maps it. */
  rows<R = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Statements without parameters, in one round trip. Several make one implicit transaction. */
  run(text: string): Promise<void>;
  /** `work` between BEGIN and COMMIT; ROLLBACK when it throws. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}

/** A server that the broker can log in to. */
export interface Server {
  readonly address: ServerAddress;
  /**
   * Opens a connection, gives it to `work`, closes it.
   * @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_SECRET_UNAVAILABLE`.
   */
  use<T>(how: UseOptions, work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** Which connection. */
export interface UseOptions {
  readonly signal: AbortSignal;
  readonly lane: Lane;
  /** Default: the database of the address. */
  readonly database?: string;
}

// A role left behind may have made functions: only PostgreSQL's own names are looked up unqualified. The limits
// keep a lock of somebody else from holding the broker for ever; it tries again later.
const session = `SET search_path = pg_catalog, pg_temp; SET client_min_messages = error;
SET statement_timeout = '30s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'`;

/** How long the server gets to close a connection that is no longer needed. */
const goodbye: Milliseconds = 2000;

/** The server at `address`; contacts nobody yet. */
export function openServer(
  address: ServerAddress,
  { clock, resolveSecret }: Pick<ProviderTools, 'clock' | 'resolveSecret'>,
): Server {
  return {
    address,
    async use(how, work) {
      const leave = await enter(`${address.host}:${address.port}`, how.lane, how.signal);
      try {
        const password = await resolveSecret(address.password);
        const client = await newClient(address, how.database ?? address.database, password);
        return await useClient(client, clock, how.signal, work);
      } catch (thrown) {
        throw failureOf(thrown, address);
      } finally {
        leave();
      }
    },
  };
}

async function newClient(address: ServerAddress, database: string, password: Secret): Promise<Client> {
  const { default: pg } = await import('pg');
  const { host, port, user } = address;
  return ignoreEnvironment(
    new pg.Client({
      ...driverLogin({ host, port, user, database, password: password.reveal() }),
      ssl: await tlsOptions(address.sslmode, address.ssl_root_cert),
      application_name: 'jit broker',
      connectionTimeoutMillis: address.connect_timeout_ms,
      // Longer than the server's own limit: only for a server that has stopped answering.
      query_timeout: 40_000,
      keepAlive: true,
    }),
  );
}

async function useClient<T>(
  client: Client,
  clock: Clock,
  signal: AbortSignal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const cut = (): void => {
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
  // Unheard, an error between two statements would end the process; the next statement fails anyway.
  client.on('error', () => undefined);
  signal.addEventListener('abort', cut, { once: true });
  let isWell = false;
  try {
    signal.throwIfAborted();
    await client.connect();
    const connection = describe(client);
    await connection.run(session);
    const result = await work(connection);
    isWell = true;
    return result;
  } finally {
    if (isWell && !signal.aborted) await sayGoodbye(client, clock, cut);
    else cut();
    signal.removeEventListener('abort', cut);
  }
}

/**
 * A polite goodbye, which settles only when the server closes the connection: a server that has gone silent would be
 * waited for until the kernel gives up. Never throws: the work is done, whatever becomes of the connection.
 */
async function sayGoodbye(client: Client, clock: Clock, cut: () => void): Promise<void> {
  const cancel = clock.after(goodbye, cut);
  await client.end().catch(() => undefined);
  cancel();
}

function describe(client: Client): Connection {
  const run = async (text: string): Promise<void> => {
    await client.query(text);
  };
  return {
    run,
    async rows<R>(text: string, values: readonly unknown[] = []) {
      const { rows } = await client.query(text, [...values]);
      return rows as R[];
    },
    async transaction(work) {
      await run('BEGIN');
      try {
        const result = await work();
        await run('COMMIT');
        return result;
      } catch (thrown) {
        await run('ROLLBACK').catch(() => undefined);
        throw thrown;
      }
    },
  };
}
