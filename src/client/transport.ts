// HTTP with JSON over the broker's Unix socket. Owns: one request and its reply, their limits and failures.

import http from 'node:http';
import type { Socket } from 'node:net';
import { JitError } from '../core/errors.ts';
import { protocolVersion } from '../protocol/routes.ts';
import type { Call, Transport } from './client.ts';
import { errorOfReply, protocolError } from './reply-error.ts';
import { openSocket } from './socket.ts';

/** Largest reply in bytes. */
const largest = 8 * 1024 * 1024;

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
    return send(open, configPath, call);
  };
}

function send(socket: Socket, configPath: string, call: Call): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  socket.ref();
  const request = http.request({
    createConnection: () => socket,
    method: call.method,
    path: call.path,
    headers: {
      host: 'jit',
      connection: 'close',
      'jit-protocol': String(protocolVersion.newest),
      'jit-config': encodeURI(configPath),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  });
  const onAbort = () => request.destroy(call.signal?.reason);
  const settle = (action: () => void) => {
    call.signal?.removeEventListener('abort', onAbort);
    socket.destroy();
    action();
  };
  const fail = (error: unknown) => settle(() => reject(call.signal?.aborted ? call.signal.reason : error));
  if (call.signal?.aborted) onAbort();
  else call.signal?.addEventListener('abort', onAbort);
  socket.setTimeout(call.timeout, () =>
    fail(unreachable(`no answer within ${call.timeout / 1000} s`, 'try again, or stop it: jit broker stop')),
  );
  request.on('error', (error) => fail(unreachable('the connection broke off', 'try again', error)));
  request.on('response', async (reply) => {
    try {
      const value = understand(reply, await readBody(reply));
      settle(() => resolve(value));
    } catch (error) {
      fail(error);
    }
  });
  request.end(body);
  return promise;
}

async function readBody(reply: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largest) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable('the connection broke off', 'try again', error);
  }
  if (size > largest) throw protocolError(`the broker's answer has more than ${largest} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

function understand(reply: http.IncomingMessage, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw protocolError("the broker's answer is no JSON");
  }
  const status = reply.statusCode ?? 0;
  if (status >= 200 && status < 300) return value;
  throw errorOfReply(value);
}

function unreachable(why: string, hint: string, cause?: unknown): JitError {
  return new JitError('ERR_BROKER_UNREACHABLE', `cannot talk to the broker: ${why}`, { hint, cause });
}
