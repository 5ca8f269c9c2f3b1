// Whose process is at the other end of a TCP connection on this machine, as Linux says. Reads only.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { loadNative } from './native.ts';
import { askKernel } from './socket-diag.ts';

/** An IPv4 connection, seen from this side. */
export interface TcpConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** One end of it. */
export interface TcpEnd {
  readonly octets: readonly number[];
  readonly port: number;
}

/** Something that may know the uid of the socket with these ends; null: it knows of no such socket. */
export type SocketOwners = (local: TcpEnd, remote: TcpEnd) => number | null;

/**
 * The uid that opened the other end. `nobody`: the other end is closed by now, or is not on this machine.
 * `untold`: this system keeps no record (no Linux, neither koffi nor /proc), so whoever asks has one guard fewer.
 * @param sources asked in turn, until one knows this connection
 */
export function tcpPeerUid(
  { localAddress, localPort, remoteAddress, remotePort }: TcpConnection,
  sources: readonly SocketOwners[] = [askKernel, tablesIn(kernelTables)],
): number | 'nobody' | 'untold' {
  const here = { octets: octetsOf(localAddress), port: localPort };
  const there = { octets: octetsOf(remoteAddress), port: remotePort };
  for (const ownerOf of sources) {
    const peer = ownerOf(there, here);
    if (peer !== null) return peer;
    // Who does not even know our own end knows nothing.
    if (ownerOf(here, there) !== null) return 'nobody';
  }
  return 'untold';
}

/** What keeps {@link tcpPeerUid} from knowing at once, in words; null: nothing. */
export function tcpPeerLack(
  platform: string = process.platform,
  { native, why }: ReturnType<typeof loadNative> = loadNative(),
  folder: string = kernelTables,
): string | null {
  if (platform !== 'linux') return `${platform} does not tell whose a connection is`;
  if (native !== null) return null;
  const isReadable = read(`${folder}/tcp`) !== '';
  return `${why}${isReadable ? `: each caller is looked up in ${folder}, which takes longer` : `, and ${folder} cannot be read`}`;
}

const kernelTables = '/proc/net';

/** Reads the tables `tcp` and `tcp6` in `folder`. */
export function tablesIn(folder: string): SocketOwners {
  return (local, remote) =>
    // An IPv6 socket may speak IPv4: it is in the other table then, with its addresses in their mapped form.
    find(read(`${folder}/tcp`), hex(local, []), hex(remote, [])) ??
    find(read(`${folder}/tcp6`), hex(local, mapped), hex(remote, mapped));
}

const mapped = [
  [0, 0, 0, 0],
  [0, 0, 0, 0],
  [0, 0, 0xff, 0xff],
];

/** proc_net(5): `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …` */
function find(table: string, local: string, remote: string): number | null {
  const pair = ` ${local} ${remote} `;
  const at = table.indexOf(pair);
  if (at < 0) return null;
  const fields = table.slice(at + pair.length, table.indexOf('\n', at)).split(/ +/);
  // Closed, and only remembered by the kernel: uid and inode are 0, whoever it was.
  return fields[6] === '0' ? null : Number(fields[4]);
}

/** As the kernel prints it: 32-bit words in the byte order of the machine. */
function hex({ octets, port }: TcpEnd, before: readonly (readonly number[])[]): string {
  const words = [...before, octets].map((word) =>
    Buffer.from(os.endianness() === 'LE' ? word.toReversed() : word).toString('hex'),
  );
  return `${words.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function octetsOf(address: string): number[] {
  return address
    .replace(/^::ffff:/i, '')
    .split('.')
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
