// What the broker does to itself before it touches a secret. Owns: closing the doors that Node and the kernel
// leave open to other processes, and telling which could not be closed. Linux first; elsewhere "reduced".

import { JitError } from '../core/errors.ts';
import { refuseForeignIdentity } from './directories.ts';
import { isSteeringVariable } from './environment.ts';
import { loadNative } from './native.ts';
import { readCoreLimit } from './process-limits.ts';
import { tcpPeerLack } from './tcp-peer.ts';

/** `on`, or `reduced: <why>`. */
export type HardeningState = 'on' | `reduced: ${string}`;

/**
 * Options of Node that let somebody else's code or eyes into the process. They come by `NODE_OPTIONS` or on
 * the command line of whoever starts the broker by hand.
 */
const openDoors =
  /(?:^|\s)(--inspect\S*|--debug\S*|-r|--require|--import|--loader|--experimental-loader|--tls-keylog|--heapsnapshot-\S+|--report-on-\S+|--cpu-prof|--heap-prof|--trace-env\S*)(?==|\s|$)/;

/**
 * Hardens this process. Call it first: before imports that read secrets, before the socket exists.
 * Sets umask 0177, so directories made later need a chmod of their own (directories.ts does that).
 * @returns the state of each measure, for `jit doctor` and the audit
 * @throws JitError `ERR_UNSUPPORTED` when Node was started with an option that opens the process to others,
 * `ERR_UNSAFE_PATH` when it runs set-uid or with the HOME of somebody else
 */
export function hardenProcess(): Record<string, HardeningState> {
  // Without a handler SIGUSR1 opens an unauthenticated debugger on a TCP port, for every user of the machine.
  process.on('SIGUSR1', () => undefined);
  refuseForeignIdentity(process.env);
  refuseOpenDoors();
  const environment = dropSteeringVariables();
  process.umask(0o177);
  if (process.report) process.report.excludeEnv = true;
  const cores = forbidCores();
  // Last: once undumpable, files under /proc/self belong to root and cannot be read back.
  return {
    debugger: debuggerState(),
    environment,
    cores,
    undumpable: becomeUndumpable(),
    peercred: peerState(),
    endpoints: endpointState(),
  };
}

/**
 * The part of it that a process can bear which also runs a command of the user's: umask, limits and variables are
 * that command's as well and stay as they are. What the broker reads of the environment is for the caller to cut down.
 * @returns @throws as {@link hardenProcess}
 */
export function hardenSharedProcess(): Record<string, HardeningState> {
  process.on('SIGUSR1', () => undefined);
  refuseForeignIdentity(process.env);
  refuseOpenDoors();
  if (process.report) process.report.excludeEnv = true;
  const undumpable = becomeUndumpable();
  return {
    debugger: debuggerState(),
    environment: 'reduced: the broker runs inside the command, which was started with all of it',
    // The kernel writes no core of a process that is not dumpable.
    cores: undumpable,
    undumpable,
    peercred: peerState(),
    endpoints: endpointState(),
  };
}

function refuseOpenDoors(): void {
  const options = `${process.env['NODE_OPTIONS'] ?? ''} ${process.execArgv.join(' ')}`;
  const found = openDoors.exec(options)?.[1];
  if (!found) return;
  throw new JitError(
    'ERR_UNSUPPORTED',
    `cannot start the broker: Node was told "${found}", which exposes secrets`,
    {
      hint: 'unset NODE_OPTIONS and start the broker without options of Node',
    },
  );
}

function debuggerState(): HardeningState {
  const wasClosed = process.execArgv.includes('--disable-sigusr1');
  return wasClosed ? 'on' : 'reduced: SIGUSR1 was open until the broker had started';
}

function dropSteeringVariables(): HardeningState {
  const names = Object.keys(process.env).filter(
    (name) => isSteeringVariable(name) && name !== 'JIT_FAILPOINT',
  );
  for (const name of names) delete process.env[name];
  if (names.length === 0) return 'on';
  return `reduced: started with ${names.length} variables that steer programs, dropped since`;
}

function forbidCores(): HardeningState {
  const { native, why } = loadNative();
  const rlimitCore = 4;
  native?.setrlimit(rlimitCore, new Uint8Array(16));
  const limit = native ? coreLimitByCall(native.getrlimit, rlimitCore) : readCoreLimit();
  if (limit === 0) return 'on';
  return `reduced: ${native ? 'the limit of core files cannot be set' : why}`;
}

/** getrlimit(2): two 64-bit numbers, soft and hard. */
function coreLimitByCall(
  getrlimit: (...args: (number | Uint8Array)[]) => number,
  resource: number,
): number | null {
  const limits = new BigUint64Array([1n, 1n]);
  if (getrlimit(resource, new Uint8Array(limits.buffer)) !== 0) return null;
  return limits[0] === 0n && limits[1] === 0n ? 0 : 1;
}

/** PR_SET_DUMPABLE of prctl(2): no other process of this user can read the memory, attach, or see the environment. */
function becomeUndumpable(): HardeningState {
  const { native, why } = loadNative();
  if (!native) return `reduced: ${why}`;
  if (!native.prctl) return `reduced: ${process.platform} has no such switch`;
  const [getDumpable, setDumpable] = [3, 4];
  native.prctl(setDumpable, 0, 0, 0, 0);
  return native.prctl(getDumpable, 0, 0, 0, 0) === 0 ? 'on' : 'reduced: the kernel refused';
}

function peerState(): HardeningState {
  const { native, why } = loadNative();
  return native ? 'on' : `reduced: ${why}`;
}

/** Whether endpoints on loopback learn which user knocks. */
function endpointState(): HardeningState {
  const lack = tcpPeerLack();
  return lack === null ? 'on' : `reduced: ${lack}`;
}
