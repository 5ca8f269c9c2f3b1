// Connections to the shared store: one per piece of work, closed after it. Loads the driver when first needed.

import type { Client } from 'pg';
import type { Secret } from '../core/secret.ts';
import type { StoreAddress } from '../core/store-settings.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { driverLogin, ignoreEnvironment } from '../system/postgres-login.ts';
import { tlsOptions } from '../system/postgres-tls.ts';
import { failureOf } from './failure.ts';

/** Who connects, and what for. */
export interface ConnectOptions {
  readonly address: StoreAddress;
  readonly user: string;
  /** null: the server asks for none. */
  readonly password: Secret | null;
  readonly clock: Clock;
  /** Breaks off whatever is under way. */
  readonly signal: AbortSignal;
}

/** One open connection. */
export interface StoreConnection {
  rows<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Statements without parameters. */
  run(text: string): Promise<void>;
}

// A lock that somebody else holds must not keep the broker for ever; it tries again.
const session = `SET search_path = pg_catalog, pg_temp; SET client_min_messages = error;
SET statement_timeout = '60s'; SET lock_timeout = '20s'`;

/** Longer than the server's own limit: for a server that has stopped answering. */
const silence: Milliseconds = 70_000;
/** How long the server gets to close a connection that is no longer needed. */
const goodbye: Milliseconds = 2_000;

/**
 * Opens a connection, gives it to `work`, closes it.
 * @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_AUDIT_INVALID`, and what `work` throws
 */
export async function withStore<T>(
  { address, user, password, clock, signal }: ConnectOptions,
  work: (connection: StoreConnection) => Promise<T>,
): Promise<T> {
  let client: Client | null = null;
  const cut = (): void => {
    (client as unknown as { connection?: { stream: { destroy(): void } } }).connection?.stream.destroy();
  };
  let isWell = false;
  try {
    signal.throwIfAborted();
    const { host, port, database } = address;
    // Asks for another driver, which is not there.
    delete process.env['NODE_PG_FORCE_NATIVE'];
    const { default: pg } = await import('pg');
    client = ignoreEnvironment(
      new pg.Client({
        ...driverLogin({ host, port, database, user, password: password?.reveal() ?? null }),
        ssl: await tlsOptions(address.sslmode, address.sslRootCert),
        application_name: 'jit',
        connectionTimeoutMillis: address.connectTimeout,
        query_timeout: silence,
        keepAlive: true,
      }),
    );
    // Unheard, an error between two statements would end the process; the next statement fails anyway.
    client.on('error', () => undefined);
    signal.addEventListener('abort', cut, { once: true });
    await client.connect();
    const connected = client;
    await connected.query(session);
    const result = await work({
      rows: async <R>(text: string, values: readonly unknown[] = []) =>
        (await connected.query(text, [...values])).rows as R[],
      run: async (text) => void (await connected.query(text)),
    });
    isWell = true;
    return result;
  } catch (thrown) {
    throw failureOf(thrown, address);
  } finally {
    signal.removeEventListener('abort', cut);
    if (isWell && client && !signal.aborted) await sayGoodbye(client, clock, cut);
    else if (client) cut();
  }
}

/** Never throws and never waits for ever: the work is done, whatever becomes of the connection. */
async function sayGoodbye(client: Client, clock: Clock, cut: () => void): Promise<void> {
  const cancel = clock.after(goodbye, cut);
  await client.end().catch(() => undefined);
  cancel();
}
