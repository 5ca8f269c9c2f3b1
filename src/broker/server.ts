// The door: HTTP on the Unix socket, who is calling, and how much at once. Handlers see a caller, no socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { toJitError } from '../core/errors.ts';
import { peerCredentials } from '../system/peer-credentials.ts';
import { createApp } from './app.ts';
import type { Broker, Caller } from './broker.ts';

const busyAbove = 1024;

/** An HTTP server over the broker's routes; the caller of this listens on it. */
export function createBrokerServer(broker: Broker, onRequest: () => void): Server {
  const app = createApp(broker);
  let underWay = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    onRequest();
    const caller = callerOf(broker, request, response);
    if (caller === null) return refuse(response, 403, 'ERR_PROTOCOL', 'the broker serves another user');
    if (underWay >= busyAbove)
      return refuse(response, 503, 'ERR_BROKER_BUSY', 'the broker has too much to do');
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
    });
    const listener = getRequestListener((web) => app.fetch(web, { caller }), {
      overrideGlobalObjects: false,
    });
    await listener(request, response);
  }

  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5_000, requestTimeout: 15_000 });
  server.on('request', (request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      broker.log.error(`answering: ${toJitError(thrown).message}`, thrown);
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

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ error: { code, message } }));
}
