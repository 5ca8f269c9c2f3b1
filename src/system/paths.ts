// Where jit keeps its files. Owns: names of paths, from the environment. Must not: make anything.

import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { usableHome } from './home.ts';

/** Every path that jit uses. All absolute. */
export interface Paths {
  readonly configFile: string;
  readonly configDir: string;
  /** Survives a restart of the machine: database, lock, log. */
  readonly stateDir: string;
  /** There is no home that can be used: `stateDir` is in a folder for temporary files and may not survive. */
  readonly isTemporary: boolean;
  /** Need not survive: socket, prompt state, grant folders. */
  readonly runDir: string;
  readonly socket: string;
  readonly database: string;
  /** Held by the one running broker. */
  readonly lock: string;
  readonly log: string;
  /** The key that secrets in the database are sealed with, where no keychain answers. */
  readonly sealKey: string;
  /** The key that signs the audit log, where no keychain answers. */
  readonly deviceKey: string;
  /** Signed heads of the audit log, kept where neither the database nor a backup of it is. */
  readonly heads: string;
  /** What completion in shells reads; beside the state, to be there before the first command after a restart. */
  readonly names: string;
  /** What the shared store has acknowledged. */
  readonly synced: string;
  /** How far people have been told of what cannot wait. */
  readonly alerted: string;
  /** What shell prompts read. */
  readonly promptState: string;
  /** One folder per active grant: the files that children read their credentials from. */
  readonly grantsDir: string;
}

/** What {@link resolvePaths} may be told instead of the defaults. */
export interface PathOptions {
  /** The path of `--config`; wins over `JIT_CONFIG`. Relative to `cwd`. */
  readonly config?: string | null;
  readonly platform?: NodeJS.Platform;
  readonly cwd?: string;
  /** Which home there is to use; looks at the disk unless told otherwise. */
  readonly home?: typeof usableHome;
}

/** Longest socket path that every system takes: macOS has 104 bytes with the closing NUL. */
const longestSocketPath = 103;

/**
 * The paths of the user with this environment. Relative `XDG_*` values are ignored, as the XDG Base
 * Directory Specification demands; an empty `JIT_CONFIG` counts as none. `JIT_STATE_DIR` is for jobs that share a
 * home: everything but the configuration then lies in it. Without a home that can be used everything lies in
 * `jit-<uid>` below `RUNNER_TEMP`, `TMPDIR` or `/tmp`.
 * @throws JitError `ERR_UNSAFE_PATH` when the socket's path is longer than 103 bytes, `ERR_USAGE` for a relative
 * `JIT_STATE_DIR`.
 */
export function resolvePaths(env: NodeJS.ProcessEnv, options: PathOptions = {}): Paths {
  const isMac = (options.platform ?? process.platform) === 'darwin';
  const inHome = (folder: string): string =>
    under(folder, ...(isMac ? ['Library', 'Application Support', 'jit'] : ['.local', 'state', 'jit']));
  const own = ownFolder(env['JIT_STATE_DIR']);
  const stateHome = absolute(env['XDG_STATE_HOME']);
  const home = (options.home ?? usableHome)(env, inHome);
  const temporary = under(temporaryFolder(env), `jit-${process.geteuid?.()}`);
  const stateDir = own ?? (stateHome ? under(stateHome, 'jit') : home ? inHome(home) : temporary);
  const dataHome = own ? undefined : absolute(env['XDG_DATA_HOME']);
  const inData = isMac || stateHome ? undefined : home && under(home, '.local', 'share', 'jit');
  const dataDir = dataHome ? under(dataHome, 'jit') : own ? own : (inData ?? stateDir);
  const runtime = own ? undefined : absolute(env['XDG_RUNTIME_DIR']);
  const runDir = runtime ? under(runtime, 'jit') : under(stateDir, 'run');
  const configHome = absolute(env['XDG_CONFIG_HOME']) ?? (home ? under(home, '.config') : undefined);
  const configDir = configHome ? under(configHome, 'jit') : temporary;
  const explicit = options.config || env['JIT_CONFIG'];
  const configFile = explicit ? absolutePathOf(explicit, options.cwd) : under(configDir, 'jit.yaml');
  return {
    configFile,
    configDir: explicit ? path.dirname(configFile) : configDir,
    stateDir,
    isTemporary: stateDir === temporary,
    runDir,
    socket: checkSocketPath(under(runDir, 'broker.sock')),
    database: under(stateDir, 'jit.db'),
    lock: under(stateDir, 'broker.lock'),
    log: under(stateDir, 'broker.log'),
    sealKey: under(stateDir, 'seal.key'),
    deviceKey: under(stateDir, 'device.key'),
    heads: under(dataDir, 'heads'),
    names: under(stateDir, 'names'),
    synced: under(stateDir, 'synced'),
    alerted: under(stateDir, 'alerted'),
    promptState: under(runDir, 'prompt'),
    grantsDir: under(runDir, 'grants'),
  };
}

/** The broker has another current folder than its callers, so a relative one would be two. */
function ownFolder(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined;
  if (path.isAbsolute(given)) return under(given);
  throw new JitError('ERR_USAGE', `JIT_STATE_DIR is "${given}", and has to be an absolute path`, {
    hint: 'set JIT_STATE_DIR to the absolute path of a private folder',
  });
}

function temporaryFolder(env: NodeJS.ProcessEnv): string {
  return absolute(env['RUNNER_TEMP']) ?? absolute(env['TMPDIR']) ?? '/tmp';
}

// What path.join answers. Node compiles that one at its first use, which would take a tenth of a whole start.
function under(directory: string, ...names: readonly string[]): string {
  const joined = [directory, ...names].join('/');
  return isNormal(joined) ? joined : path.normalize(joined);
}

function absolutePathOf(given: string, cwd = process.cwd()): string {
  return path.isAbsolute(given) && isNormal(given) ? given : path.resolve(cwd, given);
}

/** Without `//`, `.`, `..` or a slash at its end. */
function isNormal(absolutePath: string): boolean {
  return !/\/\.{0,2}(?:\/|$)/.test(absolutePath);
}

function absolute(value: string | undefined): string | undefined {
  return value !== undefined && path.isAbsolute(value) ? value : undefined;
}

// Systems disagree about a path that is too long: one binds a truncated name, the next says that it is in use.
function checkSocketPath(socket: string): string {
  const length = Buffer.byteLength(socket);
  if (length <= longestSocketPath) return socket;
  throw new JitError(
    'ERR_UNSAFE_PATH',
    `cannot use the socket "${socket}": its path has ${length} bytes, sockets take ${longestSocketPath}`,
    { hint: 'set XDG_RUNTIME_DIR to a shorter private directory of yours' },
  );
}
