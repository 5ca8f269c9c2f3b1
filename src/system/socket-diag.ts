// Asks Linux about one TCP socket, over netlink. Needs koffi; takes microseconds where reading /proc/net/tcp,
// which walks the kernel's whole table, takes milliseconds in which the broker does nothing else.

import { loadNative, type Netlink } from './native.ts';
import type { TcpEnd } from './tcp-peer.ts';

// From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
const [afNetlink, sockRaw, cloexec, protocolSockDiag] = [16, 3, 0o2000000, 4];
const [sockDiagByFamily, isRequest] = [20, 1];
const [afInet, tcp, dontWait] = [2, 6, 0x40];
/** Where things lie in a request: `nlmsghdr`, `inet_diag_req_v2` with the `inet_diag_sockid` in it. */
const asked = { id: 24, length: 72 };
/** And in an answer: `nlmsghdr`, `inet_diag_msg`. */
const told = { id: 20, uid: 80, inode: 84, length: 88 };

/** The uid that owns the socket with these ends; null when there is none, it is closed, or nobody can be asked. */
export function askKernel(local: TcpEnd, remote: TcpEnd): number | null {
  const netlink = process.platform === 'linux' ? (loadNative().native?.netlink ?? null) : null;
  if (netlink === null) return null;
  const request = requestFor(local, remote);
  const answer = new Uint8Array(1024);
  const length = exchange(netlink, request, answer);
  // The header is in the byte order of the machine.
  const [type] = new Uint16Array(answer.buffer, 4, 1);
  if (length < told.length || type !== sockDiagByFamily) return null;
  // For a connection that is gone the kernel may answer with a listener on its port, which has no remote port.
  const isSame = [0, 1, 2, 3].every((index) => answer[told.id + index] === request[asked.id + index]);
  const [uid = 0, inode = 0] = new Uint32Array(answer.buffer, told.uid, 2);
  return isSame && inode !== 0 ? uid : null;
}

function requestFor(local: TcpEnd, remote: TcpEnd): Uint8Array {
  const bytes = new Uint8Array(asked.length);
  new Uint32Array(bytes.buffer, 0, 1).set([asked.length]);
  new Uint16Array(bytes.buffer, 4, 2).set([sockDiagByFamily, isRequest]);
  bytes.set([afInet, tcp, 0, 0, 0xff, 0xff, 0xff, 0xff], 16);
  const id = new DataView(bytes.buffer, asked.id);
  id.setUint16(0, local.port);
  id.setUint16(2, remote.port);
  bytes.set(local.octets, asked.id + 4);
  bytes.set(remote.octets, asked.id + 20);
  // No cookie: whichever socket it is.
  bytes.fill(0xff, asked.length - 8);
  return bytes;
}

/** How many bytes came back; the kernel answers before `send` returns. */
function exchange(netlink: Netlink, request: Uint8Array, answer: Uint8Array): number {
  const fd = netlink.socket(afNetlink, sockRaw | cloexec, protocolSockDiag);
  if (fd < 0) return -1;
  try {
    if (netlink.send(fd, request, request.length, 0) !== request.length) return -1;
    return netlink.recv(fd, answer, answer.length, dontWait);
  } finally {
    netlink.close(fd);
  }
}
