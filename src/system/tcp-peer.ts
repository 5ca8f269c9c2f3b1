// Whose process is at the other end of a TCP connection on this machine, as Linux's socket table says. Reads only.

import { readFileSync } from 'node:fs';
import os from 'node:os';

/** The four numbers of an IPv4 connection, seen from this side. */
export interface TcpConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/**
 * The uid that opened the other end. `nobody`: the other end is closed by now, or is not on this machine.
 * `untold`: this system keeps no such table (no Linux, no /proc), so whoever asks has one guard fewer.
 * @param folder where the tables lie
 */
export function tcpPeerUid(
  { localAddress, localPort, remoteAddress, remotePort }: TcpConnection,
  folder = '/proc/net',
): number | 'nobody' | 'untold' {
  const tables = ['tcp', 'tcp6'].map((name) => read(`${folder}/${name}`));
  const here = { address: localAddress, port: localPort };
  const there = { address: remoteAddress, port: remotePort };
  const peer = find(tables, there, here);
  if (peer !== null) return peer;
  // A table that does not even show our own end shows nothing.
  return find(tables, here, there) === null ? 'untold' : 'nobody';
}

interface End {
  readonly address: string;
  readonly port: number;
}

/** proc_net(5): `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …` */
function find(tables: readonly string[], local: End, remote: End): number | null {
  for (const mapped of [false, true]) {
    // An IPv6 socket may speak IPv4: it is in the other table then, with its addresses in their mapped form.
    const table = tables[mapped ? 1 : 0] ?? '';
    const pair = ` ${hex(local, mapped)} ${hex(remote, mapped)} `;
    const at = table.indexOf(pair);
    if (at < 0) continue;
    const fields = table.slice(at + pair.length, table.indexOf('\n', at)).split(/ +/);
    // Closed, and only remembered by the kernel: uid and inode are 0, whoever it was.
    if (fields[6] !== '0') return Number(fields[4]);
  }
  return null;
}

/** As the kernel prints it: 32-bit words in the byte order of the machine. */
function hex({ address, port }: End, mapped: boolean): string {
  const octets = address
    .replace(/^::ffff:/i, '')
    .split('.')
    .map(Number);
  const words = mapped ? [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0xff, 0xff], octets] : [octets];
  const text = words.map((word) =>
    Buffer.from(os.endianness() === 'LE' ? word.toReversed() : word).toString('hex'),
  );
  return `${text.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
