// Asks a service on the D-Bus session bus whether it answers, without blocking anybody: the library that then talks to it
// connects synchronously, and would wait for a bus that hangs as long as that does. D-Bus specification, "Message Protocol".

import net from 'node:net';

/**
 * Settles when `service` has answered anything at all, or when there is nothing to wait for: no bus at `address`, one that
 * refuses, a form of address that is not known here. Starts the service where the bus knows how.
 * @param address as in DBUS_SESSION_BUS_ADDRESS
 * @throws whatever `signal` was aborted for, when nothing was heard until then
 */
export async function probeService(
  address: string,
  service: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const place = socketOf(address);
  if (place === null) return;
  const socket = net.connect({ path: place });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  let heard = Buffer.alloc(0);
  let isAuthenticated = false;
  socket.on('connect', () => {
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
    socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  });
  socket.on('data', (bytes) => {
    heard = Buffer.concat([heard, bytes]);
    if (!isAuthenticated) {
      const end = heard.indexOf('\r\n');
      if (end < 0) return;
      if (!heard.toString('latin1', 0, end).startsWith('OK ')) return resolve();
      heard = heard.subarray(end + 2);
      isAuthenticated = true;
      const bus = 'org.freedesktop.DBus';
      socket.write('BEGIN\r\n');
      socket.write(call(1, { destination: bus, path: '/org/freedesktop/DBus', face: bus, member: 'Hello' }));
      socket.write(call(2, { destination: service, path, face: `${bus}.Peer`, member: 'Ping' }));
    }
    for (let size = messageSize(heard); size <= heard.length; size = messageSize(heard)) {
      if (isReplyTo(heard.subarray(0, size), 2)) return resolve();
      heard = heard.subarray(size);
    }
  });
  socket.on('error', () => resolve());
  socket.on('close', () => resolve());
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** The first of the addresses that is a socket; null: none is. */
function socketOf(address: string): string | null {
  for (const one of address.split(';')) {
    const [, kind, value] = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(one) ?? [];
    if (value === undefined) continue;
    return (kind === 'abstract' ? '\0' : '') + decodeURIComponent(value);
  }
  return null;
}

interface Call {
  readonly destination: string;
  readonly path: string;
  readonly face: string;
  readonly member: string;
}

/** A method call without arguments, little-endian. */
function call(serial: number, { destination, path, face, member }: Call): Buffer {
  const fields = [
    [1, 'o', path],
    [2, 's', face],
    [3, 's', member],
    [6, 's', destination],
  ] as const;
  // Each begins at a multiple of eight.
  const parts = fields.map(([code, type, value], at) => {
    const bytes = Buffer.from(`${value}\0`);
    const head = Buffer.from([code, 1, type.charCodeAt(0), 0, 0, 0, 0, 0]);
    head.writeUInt32LE(bytes.length - 1, 4);
    const size = head.length + bytes.length;
    return Buffer.concat([head, bytes], at === fields.length - 1 ? size : aligned(size));
  });
  const array = Buffer.concat(parts);
  const head = Buffer.alloc(16);
  head.write('l');
  head[1] = 1;
  head[3] = 1;
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(array.length, 12);
  return Buffer.concat([head, array], aligned(head.length + array.length));
}

const aligned = (size: number): number => Math.ceil(size / 8) * 8;

/** More than `bytes` has while it is not known. */
function messageSize(bytes: Buffer): number {
  if (bytes.length < 16) return Number.POSITIVE_INFINITY;
  const read = reader(bytes);
  return aligned(16 + read(12)) + read(4);
}

/** Numbers of a message in the order of its own bytes. */
function reader(message: Buffer): (at: number) => number {
  return message[0] === 0x42 ? (at) => message.readUInt32BE(at) : (at) => message.readUInt32LE(at);
}

/** True for a return or an error that answers call `serial`. */
function isReplyTo(message: Buffer, serial: number): boolean {
  if (message[1] !== 2 && message[1] !== 3) return false;
  const read = reader(message);
  const end = 16 + read(12);
  for (let at = 16; at + 8 <= end; ) {
    const [code, , type] = message.subarray(at, at + 3);
    if (code === 5) return read(at + 4) === serial;
    // A signature has one byte for its length, a text has four; both end with a zero byte.
    const isText = type === 0x73 || type === 0x6f;
    const size = type === 0x67 ? 4 + 1 + (message[at + 4] ?? 0) + 1 : isText ? 8 + read(at + 4) + 1 : 8;
    at = aligned(at + size);
  }
  return false;
}
