// The HTTP of one endpoint: its own listener on 127.0.0.1, limits, guards, one answer per connection.
// Knows no grant and no vendor: what is answered is asked for each time, and nothing of it is kept.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { JitError, toJitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { errnoOf, errnoText } from '../system/errno.ts';
import { processLabel } from '../system/process-info.ts';
import type { Random } from '../system/random.ts';
import { tcpPeerPid } from '../system/tcp-owner.ts';
import { tcpPeerUid } from '../system/tcp-peer.ts';
import { type Knock, type Refusal, refusal } from './endpoint-guard.ts';

/** What the listener asks of whoever owns it. */
export interface EndpointOwner {
  /** The JSON to answer with, or null once the grant is over. @throws JitError when there is nothing to serve now */
  answer(): Secret | null;
  /** @param by tells which process asked, as far as this system does; it is slow */
  served(by: () => string | null): void;
  refused(why: string): void;
}

/** A listener. Whoever has both may read the credential; the URL alone opens nothing. */
export interface EndpointServer {
  readonly url: string;
  readonly token: Secret;
  close(): Promise<void>;
}

/** All in milliseconds and bytes: an SDK sends a few hundred bytes at once, and reads the answer. */
const limits = {
  maxHeaderSize: 4096,
  headersTimeout: 2_000,
  requestTimeout: 2_000,
  // How often the two above are looked at.
  connectionsCheckingInterval: 500,
  // Counted by the guard, together with those that are too many.
  requireHostHeader: false,
};
const silence = 2_000;
/** More at once than any session needs; beyond them connections are closed. */
const mostConnections = 128;

/**
 * Listens on a port of its own.
 * @throws JitError `ERR_UNSUPPORTED` when the machine has no loopback to listen on
 */
export async function openEndpointServer(owner: EndpointOwner, random: Random): Promise<EndpointServer> {
  const path = `/v1/g/${random.bytes(16).toString('hex')}`;
  const token = new Secret(random.bytes(32).toString('base64url'));
  const bearer = sha256(token.reveal());
  const server = createServer(limits);
  server.timeout = silence;
  server.maxConnections = mostConnections;
  const host = `127.0.0.1:${await listen(server)}`;
  const threshold = { uid: process.getuid?.(), host, path, bearer };

  server.on('request', (request, response) => {
    try {
      const refused = refusal(knockOf(request), threshold, sha256);
      if (refused) refuse(owner, response, refused);
      else answer(owner, request, response);
    } catch {
      // Not told why: what failed held the credential.
      response.destroy();
    }
  });
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    refuse(owner, response, { status: 417, why: 'not-http' });
  });
  server.on('connect', (_request, socket) => hangUp(owner, socket, undefined));
  server.on('clientError', (error, socket) => hangUp(owner, socket, errnoOf(error)));
  return {
    url: `http://${host}${path}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    // Stays, although it rejects only once: running out of descriptors later must not end the broker.
    server.on('error', (error) => {
      const why = `cannot open an endpoint on 127.0.0.1: ${errnoText(error)}`;
      reject(new JitError('ERR_UNSUPPORTED', why, { cause: error }));
    });
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function knockOf({ socket, method = '', url = '', rawHeaders }: IncomingMessage): Knock {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
  const peerUid = tcpPeerUid({ localAddress, localPort, remoteAddress, remotePort });
  return { remoteAddress, peerUid, method, url, rawHeaders };
}

function answer(owner: EndpointOwner, { socket }: IncomingMessage, response: ServerResponse): void {
  let body: Secret | null = null;
  let failure: string | undefined;
  try {
    body = owner.answer();
  } catch (thrown) {
    failure = toJitError(thrown).code;
  }
  if (body !== null) {
    // While the connection is certainly open: of one that is closed nobody can say whose it was.
    owner.served(() => nameOfPeer(socket));
    send(response, 200, Buffer.from(body.reveal()));
  } else if (failure === undefined || failure === 'ERR_GRANT_ENDED') {
    refuse(owner, response, { status: 410, why: 'ended' });
  } else refuse(owner, response, { status: 503, why: 'nothing-to-serve' }, failure);
}

function nameOfPeer({
  localAddress = '',
  localPort = 0,
  remoteAddress = '',
  remotePort = 0,
}: Socket): string | null {
  const pid = tcpPeerPid({ localAddress, localPort, remoteAddress, remotePort });
  return pid === null ? null : processLabel(pid);
}

const messages: Readonly<Record<number, readonly [code: string, message: string]>> = {
  410: ['GrantEnded', 'the grant has ended; ask again with: jit elevate'],
  503: ['NotAvailable', 'there is no credential to serve now; see: jit status'],
};

/** As the SDKs read it: `Code` and `Message`. Strangers are told nothing beyond the status. */
function refuse(owner: EndpointOwner, response: ServerResponse, refused: Refusal, detail?: string): void {
  const [code, message] = messages[refused.status] ?? ['Refused', 'refused'];
  const said = detail === undefined ? message : `${message} (${detail})`;
  send(response, refused.status, Buffer.from(JSON.stringify({ Code: code, Message: said })));
  owner.refused(refused.why);
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
    // One answer per connection: nothing that follows on it is read.
    connection: 'close',
  });
  response.end(body);
}

const flaws: Readonly<Record<string, readonly [status: string, why: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too-large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'too-slow'],
};

/** The answer to what is no request: too slow, too large, or no HTTP. */
function hangUp(owner: EndpointOwner, socket: Duplex, error: string | undefined): void {
  socket.on('error', () => undefined);
  if (!socket.writable || error === 'ECONNRESET') return void socket.destroy();
  const [status, why] = flaws[error ?? ''] ?? ['400 Bad Request', 'not-http'];
  const head = [`HTTP/1.1 ${status}`, 'connection: close', 'cache-control: no-store', 'content-length: 0'];
  socket.end(`${head.join('\r\n')}\r\n\r\n`, () => socket.destroy());
  owner.refused(why);
}
