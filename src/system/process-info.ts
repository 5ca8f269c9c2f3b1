// Facts about processes by pid: when started, alive or not, parent, name. Reads; never signals.

import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import type { Session } from '../core/grant.ts';
import { systemClock } from './clock.ts';

interface ProcessFacts {
  readonly parent: number;
  readonly startTime: string;
  /** Ended, but its parent has not asked for the exit code yet. */
  readonly isZombie: boolean;
  readonly name: string;
}

/** When the process started, opaque, with the boot in it; null when there is no such process or it has ended. */
export function processStartTime(pid: number): string | null {
  const facts = readProcess(pid);
  return facts && !facts.isZombie ? facts.startTime : null;
}

/** True while the very process of `session` runs: another one with the same pid does not count, nor does a zombie. */
export function isAlive(session: Session): boolean {
  return processStartTime(session.pid) === session.startTime;
}

/** A process as a session that a grant can be bound to; null when it has ended. */
export function sessionOf(pid: number): Session | null {
  const startTime = processStartTime(pid);
  return startTime === null ? null : { pid, startTime };
}

/**
 * This process as a session.
 * @throws JitError `ERR_UNSUPPORTED` where the system does not tell when its processes started
 */
export function ownSession(): Session {
  const own = sessionOf(process.pid);
  if (own) return own;
  throw new JitError(
    'ERR_UNSUPPORTED',
    'cannot bind a grant to this process: the system does not tell its start time',
    {
      hint: process.platform === 'linux' ? 'mount /proc' : 'install ps',
    },
  );
}

/** Pid of the parent; null when there is no such process, or none above it. */
export function parentPid(pid: number): number | null {
  const parent = readProcess(pid)?.parent;
  return parent ? parent : null;
}

/** Deeper than any real tree of processes. */
const deepest = 64;

/** True when `pid` is the very process of `session` or descends from it. One whose parents have ended does not any more. */
export function isWithin(pid: number, session: Session): boolean {
  let current: number | null = pid;
  for (let depth = 0; current !== null && depth < deepest; depth += 1) {
    if (current === session.pid) return isAlive(session);
    current = parentPid(current);
  }
  return false;
}

/** File name of the program that the process runs, e.g. `zsh`; null when there is no such process. */
export function processName(pid: number): string | null {
  const facts = readProcess(pid);
  if (!facts) return null;
  try {
    return path.basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''));
  } catch {
    // Hidden for processes of others and outside Linux: what the process calls itself is next best.
    return path.basename(facts.name).replace(/^-/, '');
  }
}

/** `aws (4711)`, for records; null when there is no such process. */
export function processLabel(pid: number): string | null {
  const name = processName(pid);
  return name === null ? null : `${name.slice(0, 100)} (${pid})`;
}

const shells = new Set(['sh', 'dash', 'bash', 'zsh', 'busybox']);

/** The label of the program that had `pid` run for it: its parent, or who had a shell run it. */
export function askerLabel(pid: number): string | null {
  const parent = parentPid(pid);
  if (parent === null) return null;
  const above = shells.has(processName(parent) ?? '') ? parentPid(parent) : null;
  return processLabel(above ?? parent);
}

function readProcess(pid: number): ProcessFacts | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return process.platform === 'linux' ? readProc(pid) : readPs(pid);
}

/** proc_pid_stat(5): `pid (name) state ppid …`, start time is field 22, counted from 1. A name may hold `)`. */
function readProc(pid: number): ProcessFacts | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  return {
    parent: Number(fields[1]),
    // Ticks since boot repeat after a restart of the machine, so the boot is part of it.
    startTime: `${systemClock.bootId.slice(0, 8)}.${fields[19]}`,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
  };
}

function readPs(pid: number): ProcessFacts | null {
  try {
    const columns = ['-o', 'ppid=', '-o', 'stat=', '-o', 'lstart=', '-o', 'comm='];
    // Not imported: that would cost 2 ms on systems that do not need it.
    const line = process
      .getBuiltinModule('node:child_process')
      .execFileSync('/bin/ps', [...columns, '-p', String(pid)], {
        encoding: 'utf8',
        env: { LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    // lstart has five words: Sun Nov 22 12:00:00 2026
    const match = /^\s*(\d+)\s+(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/m.exec(line);
    if (!match) return null;
    const [, parent, state = '', startTime = '', name = ''] = match;
    return { parent: Number(parent), startTime, isZombie: state.startsWith('Z'), name: name.trim() };
  } catch {
    return null;
  }
}
