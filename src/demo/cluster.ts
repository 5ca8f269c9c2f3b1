// A real PostgreSQL cluster in a temporary folder, for the demonstration and for tests.
// Owns: its folder, its processes and their end. Must not: know tests, keep anything after `stop`.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JitError } from '../core/errors.ts';
import { type Account, canReach, serverAccount, temporaryRoot } from './account.ts';
import type { Binaries } from './binaries.ts';

/** How a cluster is made. */
export interface ClusterOptions {
  /** From `findBinaries()`. */
  readonly binaries: Binaries;
  /** Server parameters, e.g. `{ log_statement: 'all' }`; they win over the small and unsafe-but-fast defaults. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** `fast` breaks connections off and writes everything out; `immediate` is a crash that the server knows of. */
export type StopMode = 'fast' | 'immediate';

/**
 * A running cluster. Everybody, the superuser too, logs in with a password (SCRAM), over the Unix socket
 * and over 127.0.0.1. When this process ends, in whatever way, the server is stopped and its files are removed
 * (by the server's account, which may have to leave the empty folder).
 */
export interface Cluster {
  readonly binaries: Binaries;
  /** Folder of the Unix socket, mode 0700: as `host` it serves libpq and pg alike. */
  readonly host: string;
  /** The same on 127.0.0.1 and as the socket's suffix; stays over `restart`. */
  readonly port: number;
  readonly superuser: { readonly user: string; readonly password: string };
  /** Holds `data`, `socket` and `server.log`; removed by `stop`. */
  readonly dir: string;
  /** Path of the server's log. */
  readonly log: string;
  readonly running: boolean;
  /** Starts again after `halt` or `kill`, on the same port; answers when connections are accepted. */
  start(): Promise<void>;
  /** Stops the server and keeps the folder. */
  halt(mode?: StopMode): Promise<void>;
  /** SIGKILL to the server: what a power cut looks like. Keeps the folder. */
  kill(): Promise<void>;
  /** Stops the server and removes the folder. Idempotent. */
  stop(mode?: StopMode): Promise<void>;
}

// synchronous_commit stays on: without fsync it costs nothing, and a killed server then loses no commit.
const defaults = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  jit: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  password_encryption: 'scram-sha-256',
};

// The server's parent: stops it and removes the folder when the pipe on its stdin closes, which the kernel
// does for any end of this process, SIGKILL included.
const guard = `
exec 3<&0; dir=$1; shift; code=0; orphaned=
"$@" 3<&- </dev/null & server=$!
trap 'orphaned=1; kill -INT $server' USR1
( trap - USR1; read -r _ <&3 || kill -USR1 $$ ) & reader=$!
while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
kill $reader 2>/dev/null
[ -z "$orphaned" ] || rm -rf "$dir"
exit $code`;

/**
 * Makes a cluster and starts it, in about a second.
 * @throws JitError `ERR_UNSUPPORTED` when the server cannot be made or started here; the message ends with what it said.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const account = serverAccount();
  const dir = mkdtempSync(path.join(temporaryRoot(account), 'jit-pg-'));
  const folders = { data: path.join(dir, 'data'), socket: path.join(dir, 'socket') };
  for (const folder of [dir, folders.socket]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (account) chownSync(folder, account.uid, account.gid);
  }
  const superuser = { user: 'postgres', password: randomBytes(18).toString('base64url') };
  const log = path.join(dir, 'server.log');
  let server: Running | null = null;
  let port = 0;

  const halt = async (signal: NodeJS.Signals): Promise<void> => {
    const stopping = server;
    server = null;
    await stopping?.end(signal);
  };
  const stop = async (mode: StopMode = 'fast'): Promise<void> => {
    await halt(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    rmSync(dir, { recursive: true, force: true });
  };

  try {
    const bin = reachableBin(options.binaries, account, dir);
    await initialise(bin, folders.data, superuser, account, dir);
    const start = async (): Promise<void> => {
      if (server) return;
      const settings = {
        ...defaults,
        listen_addresses: '127.0.0.1',
        unix_socket_directories: folders.socket,
        ...options.settings,
      };
      // A port can be taken between asking for one and binding it; a killed server holds its memory for a moment.
      for (let attempt = 1; server === null; attempt += 1) {
        const wanted = port || (await freePort());
        try {
          server = await run(bin, folders.data, { ...settings, port: String(wanted) }, account, dir, log);
          port = wanted;
        } catch (error) {
          if (attempt >= 20) throw error;
          await delay(100);
        }
      }
    };
    await start();
    return {
      binaries: options.binaries,
      host: folders.socket,
      get port() {
        return port;
      },
      superuser,
      dir,
      log,
      get running() {
        return server !== null;
      },
      start,
      halt: (mode = 'fast') => halt(mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
      kill: () => halt('SIGKILL'),
      stop,
    };
  } catch (error) {
    await stop('immediate');
    throw error;
  }
}

/** The programs' folder; a copy when the server's account cannot pass to the original (a checkout below /root). */
function reachableBin(binaries: Binaries, account: Account | null, dir: string): string {
  if (canReach(account, path.join(binaries.folder, 'postgres'))) return binaries.folder;
  const copy = path.join(dir, 'native');
  cpSync(path.dirname(binaries.folder), copy, { recursive: true, verbatimSymlinks: true });
  return path.join(copy, 'bin');
}

async function initialise(
  bin: string,
  data: string,
  superuser: Cluster['superuser'],
  account: Account | null,
  dir: string,
): Promise<void> {
  const passwordFile = path.join(dir, 'password');
  writeFileSync(passwordFile, superuser.password, { mode: 0o600, flag: 'wx' });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  const args = ['-D', data, '-U', superuser.user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const child = spawn(
    path.join(bin, 'initdb'),
    [...args, '--encoding=UTF8', '--locale=C', '--no-sync', '--wal-segsize=1'],
    { ...account, cwd: dir, env: environment(dir), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [code] = await once(child, 'close');
  rmSync(passwordFile);
  if (code !== 0) throw unusable('initialised', said);
}

/** A server process that accepts connections. */
interface Running {
  end(signal: NodeJS.Signals): Promise<void>;
}

async function run(
  bin: string,
  data: string,
  settings: Readonly<Record<string, string>>,
  account: Account | null,
  dir: string,
  log: string,
): Promise<Running> {
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = openSync(log, 'a', 0o600);
  const child = spawn(
    '/bin/sh',
    ['-c', guard, 'postgres-guard', dir, path.join(bin, 'postgres'), '-D', data, ...parameters],
    // Its own session: Ctrl-C in the terminal is for the one who asked, who then stops the server.
    { ...account, cwd: dir, env: environment(dir), stdio: ['pipe', logFile, logFile], detached: true },
  );
  closeSync(logFile);
  let ended = false;
  const closed = once(child, 'exit').then(() => {
    ended = true;
  });
  let pid: number | null = null;
  while (pid === null && !ended) {
    await Promise.race([closed, delay(15)]);
    pid = readyServer(data);
  }
  if (pid === null || ended) throw unusable('started', readFileSync(log, 'utf8'));
  const server = pid;
  child.unref();
  // A pipe would keep this process alive; its closing at the end is all it is there for.
  (child.stdin as unknown as net.Socket).unref();
  return {
    async end(signal) {
      child.ref();
      if (!ended) process.kill(server, signal);
      await closed;
    },
  };
}

/** The server's pid once it accepts connections: the last line of postmaster.pid tells, as pg_ctl reads it. */
function readyServer(data: string): number | null {
  try {
    const lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    process.kill(pid, 0);
    return lines[7]?.trim() === 'ready' ? pid : null;
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function environment(dir: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: dir, LC_ALL: 'C', TZ: 'UTC' };
}

function unusable(done: string, said: string): JitError {
  const last = said.trim().split('\n').slice(-3).join(' ');
  return new JitError('ERR_UNSUPPORTED', `PostgreSQL could not be ${done} here: ${last}`);
}
