// Starts the one child of a session on the terminal of this process. Must not: decide when it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';

/** How a child ended: by itself with a code, or by a signal. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running child. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  /** False once the child has exited; its pid may then belong to somebody else. */
  isRunning(): boolean;
  /** Sends a signal; does nothing once the child has exited. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts `command`, found by the PATH of `env`, in this process group and on this terminal: Ctrl-C and
 * Ctrl-Z then reach it from the terminal, and no second time from here.
 * @throws JitError `ERR_CHILD_NOT_FOUND`, `ERR_CHILD_NOT_EXECUTABLE`, `ERR_CHILD_SETUP`.
 */
export async function startChild(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const [file, ...args] = command;
  if (!file) throw new JitError('ERR_CHILD_NOT_FOUND', 'cannot run "": a command without a name');
  let child: ChildProcess;
  try {
    child = spawn(file, args, { env, stdio: 'inherit' });
  } catch (cause) {
    // A NUL byte in an argument or a value; some systems also report a failed exec here.
    throw notStarted(file, env, cause);
  }
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(notStarted(file, env, cause)));
  });
  // A later error event means a signal that could not be sent: the child is ending anyway.
  child.on('error', () => undefined);
  return {
    pid: child.pid ?? 0,
    exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: (signal) => void child.kill(signal),
  };
}

function notStarted(file: string, env: Readonly<Record<string, string>>, cause: unknown): JitError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' && !workingFolderExists()) {
    return new JitError('ERR_CHILD_SETUP', `cannot run "${file}": the current folder is gone`, { cause });
  }
  // A folder of PATH that may not be searched makes the system say EACCES for a name that is nowhere.
  if (code === 'ENOENT' || (code === 'EACCES' && !file.includes('/') && !isOnPath(file, env['PATH']))) {
    return new JitError('ERR_CHILD_NOT_FOUND', `cannot run "${file}": command not found`, { cause });
  }
  if (code === 'EACCES' || code === 'ENOEXEC') {
    return new JitError('ERR_CHILD_NOT_EXECUTABLE', `cannot run "${file}": not executable`, { cause });
  }
  return new JitError('ERR_CHILD_SETUP', `cannot run "${file}": ${code ?? 'it could not be started'}`, {
    cause,
  });
}

function isOnPath(name: string, searched = ''): boolean {
  return searched.split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));
}

function workingFolderExists(): boolean {
  try {
    return statSync('.').nlink > 0;
  } catch {
    return false;
  }
}
