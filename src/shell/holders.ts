// Which processes were started with a grant in their environment. Linux only; elsewhere the answer is empty.

import { readdirSync, readFileSync } from 'node:fs';
import { processName } from '../system/process-info.ts';

/** A process that was started with a grant. */
export interface Holder {
  readonly pid: number;
  /** It is the shell of a session, this or an inner one, or the jit that started that shell. */
  readonly isOfSession: boolean;
}

interface Found {
  readonly pid: number;
  /** As JIT_PARENT says: the jit above the nearest shell of a session. */
  readonly jit: number;
  readonly isSessionShell: boolean;
}

/** The pids of {@link findHolders}. */
export function holdersOf(grant: string): number[] {
  return findHolders(grant).map(({ pid }) => pid);
}

/**
 * All processes, this one excepted, whose environment at exec held the grant: as their own, or as one around their own
 * (`JIT_STACK`). Not those that were started after its end, which a shell marks with `JIT_GRANT_STATE`; nor processes of
 * other users or with a cleaned environment, which do not show.
 */
export function findHolders(grant: string): Holder[] {
  const found = readPids().flatMap((pid) => (pid === process.pid ? [] : lookAt(pid, grant)));
  const jits = new Set(found.filter(({ isSessionShell }) => isSessionShell).map(({ jit }) => jit));
  return found.map(({ pid, isSessionShell }) => ({ pid, isOfSession: isSessionShell || jits.has(pid) }));
}

/** What the process calls itself, of printable characters only; null when it has ended. proc_pid_comm(5) */
export function nameOf(pid: number): string | null {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'latin1').replace(/\n$/, '');
    // Node calls its main thread so, which says nothing: then the program's file does.
    const telling = name === 'MainThread' ? processName(pid) : name;
    return telling?.replace(/[^\x20-\x7e]/g, '?') ?? null;
  } catch {
    return null;
  }
}

/** Whether it was stopped, e.g. with Ctrl-Z; also true where nobody can tell. proc_pid_stat(5), field 3 */
export function mayBeStopped(pid: number): boolean {
  try {
    return /^[Tt]/.test(fieldsOf(pid)[0] ?? '');
  } catch {
    return true;
  }
}

function readPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function lookAt(pid: number, grant: string): Found[] {
  try {
    // latin1: one character per byte, so that no byte of a foreign encoding can hide an entry.
    const entries = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    const setting = (name: string): string | undefined =>
      entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    const isOwn = setting('JIT_GRANT_ID') === grant;
    const around = setting('JIT_STACK')?.split(' ') ?? [];
    if (!isOwn && !around.some((one) => one.startsWith(`${grant}=`))) return [];
    if (isOwn && setting('JIT_GRANT_STATE') === 'ended') return [];
    const jit = Number(setting('JIT_PARENT'));
    return [{ pid, jit, isSessionShell: jit > 0 && parentOf(pid) === jit }];
  } catch {
    return [];
  }
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[1]);
}

/** Those of its stat from the third on. */
function fieldsOf(pid: number): string[] {
  // The name in parentheses may hold anything, so fields count from the last parenthesis.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
