// The door: HTTP on the Unix socket, who is calling, and how much at once. Handlers see a caller, no socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, JitError, toJitError } from '../core/errors.ts';
import { protocolVersion } from '../protocol/routes.ts';
import { type PeerCredentials, peerCredentials } from '../system/peer-credentials.ts';
import { readBody } from './body.ts';
import type { Broker, Caller } from './broker.ts';
import { dispatch, failed, type Reply } from './dispatch.ts';

/** Calls at once; those that take something back or show it are heard even then, and what those who fill it wait for. */
const busyAbove = 1024;
const alwaysHeard = ['/v1/status', '/v1/revoke', '/v1/stop', '/v1/question', '/v1/answer'];
/** Longer than any answer takes: who does not read the answer loses the connection, in milliseconds. */
const silence = 270_000;
/** Connections beyond these are closed: descriptors have to be left for targets and the database. */
const mostConnections = 2048;

const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5_000,
  requestTimeout: 15_000,
  // How often the two above are looked at: Node's default of 30 s would make them mean little.
  connectionsCheckingInterval: 1_000,
  // Who talks over a Unix socket need not say to whom.
  requireHostHeader: false,
};

/** An HTTP server over the broker's routes; whoever calls this listens on it. */
export function createBrokerServer(broker: Broker, onRequest: () => void): Server {
  // Asked while the connection is certainly open: of one that is gone the kernel tells nothing.
  const peers = new WeakMap<Duplex, PeerCredentials>();
  const answering = new WeakSet<Duplex>();
  let underWay = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = callerOf(broker, peers.get(request.socket) ?? null, response);
    if (caller === null) return refuse(response, 'ERR_PROTOCOL', 'the broker serves another user', 403);
    onRequest();
    if (underWay >= busyAbove && !alwaysHeard.includes(request.url ?? ''))
      return refuse(response, 'ERR_BROKER_BUSY', 'the broker has too much to do');
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
      answering.delete(request.socket);
    });
    const body = await readBody(request);
    if (body === null) return refuse(response, 'ERR_PROTOCOL', 'the request is too large');
    answering.add(request.socket);
    const { method = '', url = '', headers } = request;
    send(response, await dispatch(broker, caller, { method, path: url, headers, body }));
  }

  const server = createServer(limits);
  server.maxConnections = mostConnections;
  server.keepAliveTimeout = 5_000;
  server.timeout = silence;
  server.on('connection', (socket) => {
    const peer = peerCredentials(socket);
    if (peer !== null) peers.set(socket, peer);
  });
  server.on('request', (request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      broker.log.warn(`a request broke off: ${toJitError(thrown).message}`, thrown);
      response.destroy();
    });
  });
  server.on('checkExpectation', (_request, response) => {
    refuse(response, 'ERR_PROTOCOL', 'the broker meets no expectations', 417);
  });
  server.on('connect', (_request, socket) => hangUp(socket));
  server.on('clientError', (_error, socket) => {
    // In the middle of an answer another one would be taken for a part of it.
    if (answering.has(socket) || !socket.writable) socket.destroy();
    else hangUp(socket);
  });
  return server;
}

/**
 * The peer as the kernel tells it. Where it cannot be asked, whoever can open the 0600 socket is its owner;
 * where it can, one that is not known is nobody.
 */
function callerOf(broker: Broker, peer: PeerCredentials | null, response: ServerResponse): Caller | null {
  if (peer === null && broker.hardening['peercred'] === 'on') return null;
  if (peer !== null && peer.uid !== process.getuid?.()) return null;
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    principal: broker.owner,
    peer: peer === null ? 'socket owner' : `uid ${peer.uid} pid ${peer.pid}`,
    pid: peer?.pid ?? null,
    signal: gone.signal,
  };
}

/** An answer before anything was looked at; what else the client sends is not read. */
function refuse(response: ServerResponse, code: ErrorCode, message: string, status?: number): void {
  response.setHeader('connection', 'close');
  const reply = failed(new JitError(code, message));
  send(response, status === undefined ? reply : { ...reply, status });
}

/** The answer to what is no request: too slow, too large, or no HTTP. */
function hangUp(socket: Duplex): void {
  const reply = failed(new JitError('ERR_PROTOCOL', 'that is no request, or it took too long'));
  const body = JSON.stringify(reply.value);
  const head = ['HTTP/1.1 400 Bad Request', 'connection: close', 'content-type: application/json'];
  socket.on('error', () => undefined);
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`, () => socket.destroy());
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
