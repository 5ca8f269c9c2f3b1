// Where jit keeps its files. Owns: names of paths, from the environment. Must not: touch the disk.

import os from 'node:os';
import path from 'node:path';
import { JitError } from '../core/errors.ts';

/** Every path that jit uses. All absolute. */
export interface Paths {
  readonly configFile: string;
  readonly configDir: string;
  /** Survives a restart of the machine: database, lock, log. */
  readonly stateDir: string;
  /** Need not survive: socket, prompt state, grant folders. */
  readonly runDir: string;
  readonly socket: string;
  readonly database: string;
  /** Held by the one running broker. */
  readonly lock: string;
  readonly log: string;
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
}

/** Longest socket path that every system takes: macOS has 104 bytes with the closing NUL. */
const longestSocketPath = 103;

/**
 * The paths of the user with this environment. Relative `XDG_*` values are ignored, as the XDG Base
 * Directory Specification demands; an empty `JIT_CONFIG` counts as none.
 * @throws JitError `ERR_UNSAFE_PATH` when the socket's path is longer than 103 bytes.
 */
export function resolvePaths(env: NodeJS.ProcessEnv, options: PathOptions = {}): Paths {
  const home = absolute(env['HOME']) ?? os.userInfo().homedir;
  const isMac = (options.platform ?? process.platform) === 'darwin';
  const stateHome = absolute(env['XDG_STATE_HOME']);
  const stateDir = stateHome
    ? path.join(stateHome, 'jit')
    : path.join(home, ...(isMac ? ['Library', 'Application Support', 'jit'] : ['.local', 'state', 'jit']));
  const runtime = absolute(env['XDG_RUNTIME_DIR']);
  const runDir = runtime ? path.join(runtime, 'jit') : path.join(stateDir, 'run');
  const configDir = path.join(absolute(env['XDG_CONFIG_HOME']) ?? path.join(home, '.config'), 'jit');
  const explicit = options.config || env['JIT_CONFIG'];
  const configFile = explicit
    ? path.resolve(options.cwd ?? process.cwd(), explicit)
    : path.join(configDir, 'jit.yaml');
  return {
    configFile,
    configDir: explicit ? path.dirname(configFile) : configDir,
    stateDir,
    runDir,
    socket: checkSocketPath(path.join(runDir, 'broker.sock')),
    database: path.join(stateDir, 'jit.db'),
    lock: path.join(stateDir, 'broker.lock'),
    log: path.join(stateDir, 'broker.log'),
    promptState: path.join(runDir, 'prompt'),
    grantsDir: path.join(runDir, 'grants'),
  };
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
