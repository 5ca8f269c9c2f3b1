// Who is at the other end of a Unix socket, as the kernel says. The only file that touches `socket._handle`,
// a private part of Node: tested against a real connection.

import type { Socket } from 'node:net';
import { loadNative, type Native } from './native.ts';

/** Kernel's word about the process that connected. `pid` may have ended since. */
export interface PeerCredentials {
  readonly uid: number;
  readonly pid: number;
}

/**
 * The peer of a connected Unix socket; null where that cannot be asked (no koffi, no such socket): the
 * modes of the socket and its directory are then the only guard, which `jit doctor` says.
 */
export function peerCredentials(socket: Socket): PeerCredentials | null {
  const { native } = loadNative();
  const fd = (socket as unknown as { _handle?: { fd?: unknown } | null })._handle?.fd;
  if (!native || typeof fd !== 'number' || fd < 0) return null;
  if (process.platform === 'linux') return askLinux(native, fd);
  if (process.platform === 'darwin') return askMac(native, fd);
  return null;
}

/** unix(7): `struct ucred { pid_t pid; uid_t uid; gid_t gid; }` */
function askLinux(native: Native, fd: number): PeerCredentials | null {
  const [solSocket, soPeercred] = [1, 17];
  const credentials = new Int32Array(3);
  const size = new Uint32Array([12]);
  if (native.getsockopt(fd, solSocket, soPeercred, bytes(credentials), bytes(size)) !== 0) return null;
  const [pid = 0, uid = -1] = credentials;
  // A socket that is no Unix socket answers pid 0 and uid -1.
  return pid > 0 ? { pid, uid: uid >>> 0 } : null;
}

/** getpeereid(3), and LOCAL_PEERPID of sys/un.h. */
function askMac(native: Native, fd: number): PeerCredentials | null {
  const [solLocal, localPeerPid] = [0, 2];
  const uid = new Uint32Array(1);
  const gid = new Uint32Array(1);
  const pid = new Int32Array(1);
  const size = new Uint32Array([4]);
  if (native.getpeereid?.(fd, bytes(uid), bytes(gid)) !== 0) return null;
  if (native.getsockopt(fd, solLocal, localPeerPid, bytes(pid), bytes(size)) !== 0) return null;
  return { uid: uid[0] ?? 0, pid: pid[0] ?? 0 };
}

function bytes(numbers: Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer);
}
