// A client without manners: sends any bytes to a socket of the broker and reads whatever comes back until the end.

import { once } from 'node:events';
import net from 'node:net';

/** What came back before the connection closed. */
export interface RawReply {
  /** 0 when there was no reply at all. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** `error.code` of the body, when it has one. */
  readonly code: string | null;
}

/** The path of a Unix socket, or a port of this machine. */
export type Place = string | net.TcpNetConnectOpts;

/** Opens a connection and answers it as soon as the kernel has taken it. */
export async function openRaw(place: Place): Promise<net.Socket> {
  const socket = net.connect(typeof place === 'string' ? { path: place } : place);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Everything until the peer closes. */
export async function readRaw(socket: net.Socket): Promise<RawReply> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not once(): a broken pipe is an end like any other.
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  const text = Buffer.concat(chunks).toString('utf8');
  // After `100 Continue` comes the reply that counts.
  const final = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  const headEnd = final.indexOf('\r\n\r\n');
  const body = headEnd < 0 ? '' : final.slice(headEnd + 4);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(final)?.[1] ?? 0);
  return { status, head: final.slice(0, Math.max(headEnd, 0)), body, code: codeOf(body) };
}

/** Sends `bytes` on a connection of its own. */
export async function sendRaw(place: Place, ...bytes: (string | Buffer)[]): Promise<RawReply> {
  const socket = await openRaw(place);
  const reply = readRaw(socket);
  for (const part of bytes) socket.write(part);
  return reply;
}

/** A request as the command line writes it; `headers` change or, with null, leave out its own. */
export function format(
  method: string,
  target: string,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string | null>> = {},
): Buffer {
  const all: Record<string, string | null> = {
    host: 'jit',
    'jit-protocol': '1',
    ...(body.length > 0 && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const head = [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

function codeOf(body: string): string | null {
  try {
    return (JSON.parse(body) as { error?: { code?: string } }).error?.code ?? null;
  } catch {
    return null;
  }
}
