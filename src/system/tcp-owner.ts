// Which process is at the other end of a TCP connection on this machine, as Linux's /proc says. Reads only. A look costs
// milliseconds: for records, never for a decision.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import type { TcpConnection } from './tcp-peer.ts';

/** Of so many processes the descriptors are looked at, the newest first: a client has begun a moment ago. */
const mostProcesses = 2_000;

/** The pid of the process that holds the other end; null: this system does not tell, or it is closed or another user's. */
export function tcpPeerPid(connection: TcpConnection, proc = '/proc'): number | null {
  try {
    const inode = inodeOf(connection, proc);
    return inode === null ? null : holderOf(inode, proc);
  } catch {
    return null;
  }
}

/** proc_net(5): `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …`, seen from the other end. */
function inodeOf(
  { localAddress, localPort, remoteAddress, remotePort }: TcpConnection,
  proc: string,
): string | null {
  const pair = (mapped: string) =>
    ` ${mapped}${hex(remoteAddress, remotePort)} ${mapped}${hex(localAddress, localPort)} `;
  for (const [file, mapped] of [
    ['tcp', ''],
    ['tcp6', os.endianness() === 'LE' ? '0000000000000000FFFF0000' : '00000000000000000000FFFF'],
  ] as const) {
    const table = read(`${proc}/net/${file}`);
    const wanted = pair(mapped);
    const at = table.indexOf(wanted);
    if (at < 0) continue;
    const fields = table.slice(at + wanted.length, table.indexOf('\n', at)).split(/ +/);
    const inode = fields[6] ?? '0';
    return inode === '0' ? null : inode;
  }
  return null;
}

function holderOf(inode: string, proc: string): number | null {
  const wanted = `socket:[${inode}]`;
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  const newestFirst = pids.map(Number).sort((one, other) => other - one);
  for (const pid of newestFirst.slice(0, mostProcesses)) {
    if (pid !== process.pid && holds(`${proc}/${pid}/fd`, wanted)) return pid;
  }
  return null;
}

function holds(folder: string, wanted: string): boolean {
  try {
    return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === wanted);
  } catch {
    // Another user's, or gone since.
    return false;
  }
}

function linkOf(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}

/** As the kernel prints it: a 32-bit word in the byte order of the machine. */
function hex(address: string, port: number): string {
  const octets = address
    .replace(/^::ffff:/i, '')
    .split('.')
    .map(Number);
  const word = Buffer.from(os.endianness() === 'LE' ? octets.reverse() : octets).toString('hex');
  return `${word}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
