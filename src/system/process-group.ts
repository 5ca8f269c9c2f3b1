// Starting a program in a process group of its own, and ending all of it. Owns: umask and group. Must not: use a shell.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

/** What a program is started with. */
interface GroupOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
}

/**
 * Starts `program` as the leader of a new group, so that a wrapper script cannot leave its children behind.
 * Why it cannot be started comes as the event `error`, or, as Node has it, is thrown with the system's code.
 */
export function startInGroup(
  program: string,
  args: readonly string[],
  { env, stdio }: GroupOptions,
): ChildProcess {
  // The broker's umask of 0177 would have the program make directories that it cannot enter. Nothing else runs
  // between the two calls, so the broker's own files are not touched by it.
  const before = process.umask(0o077);
  try {
    return spawn(program, args, { env, cwd: '/', detached: true, stdio });
  } finally {
    process.umask(before);
  }
}

/** Signals every process of a group that was started so; one that is gone already is fine. */
export function killGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}
