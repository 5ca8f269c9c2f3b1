// A broker that only listens: a real HTTP server on a real socket, with the answers that a test gives it.

import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type Paths, resolvePaths } from '../../src/system/paths.ts';

/** A request as the broker got it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

/** What {@link FakeBroker} answers; a function may do what it likes with the connection. */
export type Answer = { status?: number; body: unknown } | ((response: http.ServerResponse) => void);

/** A running one. */
export interface FakeBroker {
  readonly seen: Seen[];
  readonly server: http.Server;
}

/** Paths of a user whose HOME and everything else is `folder`. */
export function pathsIn(folder: string): Paths {
  return resolvePaths({ HOME: folder, XDG_RUNTIME_DIR: folder });
}

/** Listens on the socket of `paths` until the test ends. */
export async function startFakeBroker(paths: Paths, answer: Answer): Promise<FakeBroker> {
  mkdirSync(path.dirname(paths.socket), { recursive: true, mode: 0o700 });
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, headers, body: text === '' ? undefined : JSON.parse(text) });
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  server.listen(paths.socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, server };
}
