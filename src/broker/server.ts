// The door: HTTP on the Unix socket, who is calling, and how much at once. Handlers see a caller, no socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { JitError, toJitError } from '../core/errors.ts';
import { protocolVersion } from '../protocol/routes.ts';
import { peerCredentials } from '../system/peer-credentials.ts';
import type { Broker, Caller } from './broker.ts';
import { dispatch, failed, type Reply } from './dispatch.ts';

const busyAbove = 1024;
const largestBody = 256 * 1024;

/** An HTTP server over the broker's routes; whoever calls this listens on it. */
export function createBrokerServer(broker: Broker, onRequest: () => void): Server {
  let underWay = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    onRequest();
    const caller = callerOf(broker, request, response);
    if (caller === null) return refuse(response, 'ERR_PROTOCOL', 'the broker serves another user');
    if (underWay >= busyAbove) return refuse(response, 'ERR_BROKER_BUSY', 'the broker has too much to do');
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
    });
    const { method = '', url = '', headers } = request;
    const body = await readBody(request);
    if (body === null) return refuse(response, 'ERR_PROTOCOL', `a request has ${largestBody} bytes at most`);
    send(response, await dispatch(broker, caller, { method, path: url, headers, body }));
  }

  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5_000, requestTimeout: 15_000 });
  server.on('request', (request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      broker.log.warn(`a request broke off: ${toJitError(thrown).message}`, thrown);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 5_000;
  return server;
}

/** The peer as the kernel tells it; without that, whoever can open the 0600 socket is its owner. */
function callerOf(broker: Broker, request: IncomingMessage, response: ServerResponse): Caller | null {
  const peer = peerCredentials(request.socket);
  if (peer !== null && peer.uid !== process.getuid?.()) return null;
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    principal: broker.owner,
    peer: peer === null ? 'socket owner' : `uid ${peer.uid} pid ${peer.pid}`,
    signal: gone.signal,
  };
}

/** The body as text; null when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > largestBody) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** An answer before anything was looked at; what else the client sends is not read. */
function refuse(response: ServerResponse, code: 'ERR_PROTOCOL' | 'ERR_BROKER_BUSY', message: string): void {
  response.setHeader('connection', 'close');
  send(response, failed(new JitError(code, message)));
}

function send(response: ServerResponse, reply: Reply): void {
  const bytes = Buffer.from(JSON.stringify(reply.value));
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'jit-protocol': `${protocolVersion.oldest}-${protocolVersion.newest}`,
  });
  response.end(bytes);
}
