// Requests and replies over the broker's Unix socket. Owns: one request, its reply, their limits and failures.
// Writes HTTP/1.0 itself: a reply then ends with its connection, in one piece, which leaves nothing to parse but
// a head; and loading node:http would cost every command 6 ms.

import type { Socket } from 'node:net';
import { protocolVersion } from '../protocol/routes.ts';
import type { Call, Transport } from './client.ts';
import { type Reply, readReply } from './reply.ts';
import { errorOfReply, protocolError, unreachable } from './reply-error.ts';
import { openSocket } from './socket.ts';

/** Where requests go, and what they carry. */
export interface TransportOptions {
  readonly socket: string;
  /** Absolute; sent as `jit-config`, percent-encoded like a URL because headers hold no other characters. */
  readonly configPath: string;
  /** A connection that is already open, for the first request. */
  readonly first?: Socket;
}

/** Sends each call over a connection of its own: a grant may last for hours, an idle connection need not. */
export function createTransport({ socket, configPath, first }: TransportOptions): Transport {
  let ready = first;
  return async (call) => {
    const open = ready && !ready.destroyed ? ready : await openSocket(socket);
    ready = undefined;
    return understand(await exchange(open, formatRequest(call, configPath), call));
  };
}

function formatRequest(call: Call, configPath: string): string {
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const lines = [
    `${call.method} ${call.path} HTTP/1.0`,
    'host: jit',
    `jit-protocol: ${protocolVersion.newest}`,
    `jit-config: ${encodeURI(configPath)}`,
    ...(body && ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function exchange(socket: Socket, request: string, { timeout, signal }: Call): Promise<Reply> {
  return new Promise<Reply>((resolve, reject) => {
    const onAbort = () => reject(signal?.reason);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    socket.setTimeout(timeout, () => {
      reject(unreachable(`no answer within ${timeout / 1000} s`, 'try again, or stop it: jit broker stop'));
    });
    socket.on('close', () => signal?.removeEventListener('abort', onAbort));
    // Opened ahead of its use, it was kept from holding up the end of the process.
    socket.ref();
    readReply(socket).then(resolve, reject);
    socket.write(request);
    // Not before the reply is used: the end of a short process closes it for less.
  }).finally(() => setImmediate(() => socket.destroy()));
}

function understand({ status, body, isWhole }: Reply): unknown {
  if (!isWhole) throw unreachable('the connection broke off', 'try again');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw protocolError("the broker's answer is no JSON");
  }
  if (status >= 200 && status < 300) return value;
  throw errorOfReply(value);
}
