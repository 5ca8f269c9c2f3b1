// What the kernel tells about another process. Linux; a broker's files under /proc belong to root, who alone reads them.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const read = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** The environment that a process was started with. */
export function environmentOf(pid: number): Map<string, string> {
  const pairs = read(pid, 'environ').split('\0').filter(Boolean);
  return new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
  );
}

/** Its arguments, as `ps` shows them. */
export function argumentsOf(pid: number): string[] {
  return read(pid, 'cmdline').split('\0').slice(0, -1);
}

/** A field of /proc/PID/status, e.g. `Umask`. */
export function statusField(pid: number, name: string): string | undefined {
  return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(read(pid, 'status'))?.[1];
}

/** Soft and hard limit of core files. */
export function coreLimits(pid: number): string[] {
  return /^Max core file size\s+(\S+)\s+(\S+)/m.exec(read(pid, 'limits'))?.slice(1) ?? [];
}

/** Ports on which a process listens for TCP, by the sockets that it holds: proc_pid_net(5), state 0A. */
export function listeningPorts(pid: number): number[] {
  const held = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    read(pid, `net/${table}`)
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && held.has(fields[9] ?? ''))
      .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
}
