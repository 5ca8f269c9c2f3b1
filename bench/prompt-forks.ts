// How many processes a program starts, by strace.

import { spawnSync } from 'node:child_process';

/** Counts calls of fork, vfork and clone in all its processes, threads aside; null where strace is not there or may not look. */
export function countForks(command: readonly string[], env: Readonly<Record<string, string>>): number | null {
  const calls = 'trace=?fork,?vfork,?clone,?clone3';
  const args = ['-f', '-qq', '-e', calls, '-e', 'signal=none', '-o', '|cat >&2', ...command];
  const { status, error, stderr } = spawnSync('strace', args, { env, encoding: 'utf8', timeout: 30_000 });
  if (error || status !== 0) return null;
  return stderr.split('\n').filter((line) => /\b(v?fork|clone3?)\((?!.*CLONE_THREAD)/.test(line)).length;
}
