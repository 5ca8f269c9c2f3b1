// One user of jit for a test: own folders, own configuration, the real command line and broker beside a real
// PostgreSQL. Everything is gone after `remove`.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import { type Paths, resolvePaths } from '../../src/system/paths.ts';
import { isAlive, sessionOf } from '../../src/system/process-info.ts';
import type { PostgresServer } from './postgres.ts';
import { withoutProgress } from './progress.ts';

/** The OS user's principal-free name for configs. */
export const me = `user:${os.userInfo().username}`;

const root = path.join(import.meta.dirname, '..', '..');

/** Password of the broker's login on test servers: planted, so that it can be looked for. */
export const brokerPassword = 'planted-broker-password-9f2c';

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user of jit. */
export interface World {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  /** Runs `jit` to its end, without a terminal. */
  jit(...args: string[]): Promise<Ran>;
  /** Starts `jit` and leaves it running. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Starts a broker by hand, e.g. one that dies at a failpoint. */
  startBroker(env?: NodeJS.ProcessEnv): ChildProcess;
  client(options?: { start?: boolean }): Promise<Client>;
  writeConfig(text: string): void;
  /** Stops the broker and removes the folders. */
  remove(): Promise<void>;
}

/**
 * Makes the folders and the configuration.
 * @param build `dist-test` has failpoints
 */
export function createWorld(config: string, build: 'dist' | 'dist-test' = 'dist'): World {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'jit-'));
  for (const name of ['run', 'state', 'config', 'home']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: path.join(dir, 'home'),
    XDG_RUNTIME_DIR: path.join(dir, 'run'),
    XDG_STATE_HOME: path.join(dir, 'state'),
    XDG_CONFIG_HOME: path.join(dir, 'config'),
    JIT_CONFIG: path.join(dir, 'jit.yaml'),
  };
  const paths = resolvePaths(env);
  const secret = path.join(dir, 'broker.password');
  writeFileSync(secret, `${brokerPassword}\n`, { mode: 0o600 });
  const writeConfig = (text: string): void => {
    writeFileSync(paths.configFile, text.replaceAll('$SECRET', `file:${secret}`).replaceAll('$ME', me));
  };
  writeConfig(config);
  const bundle = (name: string): string => path.join(root, build, name);
  const start: World['start'] = (args, extra = {}) =>
    spawn(process.execPath, [bundle('jit.cjs'), ...args], {
      env: { ...env, ...extra },
      stdio: 'pipe',
      cwd: dir,
    });
  const startBroker: World['startBroker'] = (extra = {}) =>
    spawn(process.execPath, [bundle('broker.mjs'), '--config', paths.configFile], {
      env: { ...env, ...extra },
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: '/',
    });
  const client: World['client'] = ({ start: mayStart = true } = {}) =>
    connect({
      paths,
      configPath: paths.configFile,
      start: mayStart,
      env,
      brokerEntry: bundle('broker.mjs'),
      timeout: 20_000,
    });
  return {
    dir,
    env,
    paths,
    jit: (...args) => finish(start(args)),
    start,
    startBroker,
    client,
    writeConfig,
    async remove() {
      try {
        const running = await client({ start: false });
        const { pid } = await running.hello();
        await running.stop();
        const session = sessionOf(pid);
        // Answered, it still has its files to close.
        while (session !== null && isAlive(session)) await delay(10);
      } catch {
        // None is running.
      }
      // One that ends by itself at this moment may still write.
      rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Collects what a process says until it ends, but for lines of jit that it goes on. */
export function finish(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const exit = code ?? 128 + (os.constants.signals[signal ?? 'SIGKILL'] ?? 0);
      resolve({ code: exit, stdout, stderr: withoutProgress(stderr) });
    });
  });
}

/** What a DBA prepares once: the broker's login, the quarantine role, two groups, and something to read. */
export async function prepareServer(server: PostgresServer, database = 'orders'): Promise<void> {
  await server.sql(`CREATE ROLE jit_broker LOGIN CREATEROLE PASSWORD '${brokerPassword}'`);
  await server.sql(`
    CREATE ROLE jit_quarantine NOLOGIN;
    CREATE ROLE app_ro NOLOGIN;
    CREATE ROLE app_rw NOLOGIN;
    GRANT jit_quarantine TO jit_broker WITH ADMIN OPTION;
    GRANT app_ro, app_rw TO jit_broker WITH ADMIN OPTION;
    GRANT pg_signal_backend TO jit_broker;`);
  await server.createDatabase(database);
  await server.sql(
    `CREATE TABLE orders (id int PRIMARY KEY, item text);
     INSERT INTO orders SELECT n, 'item ' || n FROM generate_series(1, 100) n;
     GRANT SELECT ON orders TO app_ro;
     GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO app_rw;`,
    database,
  );
}

/** A configuration for a server made by {@link prepareServer}. */
export function configFor(server: PostgresServer, extra = ''): string {
  return `
version: 1
targets:
  orders-db:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    roles:
      read: { groups: [app_ro], read_only: true }
      write: { groups: [app_rw] }
groups:
  developers: [$ME]
entitlements:
  - name: developers-read
    who: [group:developers]
    roles: [orders-db:read]
    max_duration: 1h
  - name: developers-write
    who: [group:developers]
    roles: [orders-db:write]
    max_duration: 10m
    reason: { required: true, pattern: "^.{5,}$" }
${extra}`;
}
