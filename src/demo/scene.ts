// Everything that the demonstration stands on: a temporary folder, a server, a user's environment.
// Owns: making it and taking all of it away again. Must not: touch the real user's files.

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { temporaryRoot } from './account.ts';
import { findBinaries } from './binaries.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { brokerSql, configText, databaseName, groupsSql, ordersSql } from './orders.ts';

/** A prepared place to play in. */
export interface Scene {
  readonly folder: string;
  readonly configFile: string;
  /** The server's own folder: its data, socket and log. */
  readonly serverFolder: string;
  /** Version of the server, e.g. `18.4`. */
  readonly version: string;
  /** What the commands are started with: nothing of the real user but name, terminal and language. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one statement as the superuser. */
  asSuperuser(statement: string): Promise<{ names: string[]; rows: unknown[][] }>;
  /** Stops the server and removes the folder. Idempotent. */
  remove(): Promise<void>;
}

/** Folder that holds bin/ and dist/, from wherever this code runs: source or bundle. */
const packageFolder = ((): string => {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'bin', 'jit.js'))) {
    if (path.dirname(folder) === folder) return import.meta.dirname;
    folder = path.dirname(folder);
  }
  return folder;
})();

/**
 * Builds the scene in about a second.
 * @param settings parameters of the server, over the cluster's own
 * @throws JitError `ERR_UNSUPPORTED` when there is no PostgreSQL server that can run here
 */
export async function buildScene(
  colour: boolean,
  settings: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const folder = mkdtempSync(path.join(temporaryRoot(null), 'jit-demo-'));
  let cluster: Cluster | null = null;
  let admin: pg.Client | null = null;
  const remove = async (): Promise<void> => {
    await admin?.end().catch(() => undefined);
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    cluster = await startCluster({ binaries: findBinaries(), settings });
    admin = await prepare(cluster, folder);
    const superuser = admin;
    return {
      folder,
      configFile: path.join(folder, 'config', 'jit', 'jit.yaml'),
      serverFolder: cluster.dir,
      version: cluster.binaries.version,
      env: environment(folder, colour),
      async asSuperuser(statement) {
        const { fields, rows } = await superuser.query({ text: statement, rowMode: 'array' });
        return { names: fields.map(({ name }) => name), rows };
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Database, accounts, configuration and commands. Answers the superuser's connection. */
async function prepare(cluster: Cluster, folder: string): Promise<pg.Client> {
  const password = randomBytes(24).toString('base64url');
  const connect = async (database: string): Promise<pg.Client> => {
    const { host, port, superuser } = cluster;
    const client = new pg.Client({ ...superuser, host, port, database, ssl: false });
    // The server is stopped under this connection when the demonstration is interrupted.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const first = await connect('postgres');
  await first.query(brokerSql(password));
  await first.query(`CREATE DATABASE ${databaseName}`);
  await first.end();
  const admin = await connect(databaseName);
  await admin.query(ordersSql);
  await admin.query(groupsSql);

  for (const name of ['bin', 'home', 'config/jit', 'state', 'data', 'cache', 'run']) {
    mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
  }
  const passwordFile = path.join(folder, 'broker-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const config = configText({ host: '127.0.0.1', port: cluster.port, passwordFile });
  writeFileSync(path.join(folder, 'config', 'jit', 'jit.yaml'), config, { mode: 0o600 });
  writeCommand(folder, 'jit', path.join(packageFolder, 'bin', 'jit.js'));
  writeCommand(folder, 'sql', path.join(packageFolder, 'dist', 'demo-sql.cjs'));
  return admin;
}

function writeCommand(folder: string, name: string, script: string): void {
  const file = path.join(folder, 'bin', name);
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  writeFileSync(file, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(script)} "$@"\n`);
  chmodSync(file, 0o700);
}

const passedOn = [
  'TERM',
  'COLORTERM',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
];

function environment(folder: string, colour: boolean): Record<string, string> {
  const env: Record<string, string> = {
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    HOME: path.join(folder, 'home'),
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    XDG_STATE_HOME: path.join(folder, 'state'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
    [colour ? 'FORCE_COLOR' : 'NO_COLOR']: '1',
  };
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
