// As much of fetch as the client of GitHub uses, over node:http: fetch itself is as large as an idle broker, does not tell
// whether a request left this machine, and reads answers of any length.

import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

/** What the client asks for. */
interface Wish {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Longest answer, in bytes: a hundred repositories take under one megabyte. */
const largest = 8 * 1024 * 1024;

const mark = Symbol('never sent');

/** True for an error of {@link plainFetch} that came before the connection was there, so that nobody got the request. */
export function wasNeverSent(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && mark in thrown;
}

/**
 * One request over a connection of its own: one that is used again may have been closed by the other side, and then nobody
 * knows whether it was carried out. Follows no redirect. Rejects with what Node throws.
 */
export function plainFetch(url: string, { method, headers, body, signal }: Wish): Promise<Response> {
  const isTls = url.startsWith('https:');
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { method, headers: { ...headers, ...length }, signal, agent: false as const };
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const sent = (isTls ? tlsRequest : plainRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > largest) response.destroy(new RangeError('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const pairs = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        resolve(answer(url, response.statusCode ?? 0, new Map(pairs), text));
      });
    });
    sent.on('socket', (socket) => {
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true;
      });
    });
    sent.on('error', (error) => reject(isConnected ? error : Object.assign(error, { [mark]: true })));
    sent.end(body);
  });
}

/** What of a Response the client reads. */
function answer(url: string, status: number, headers: Map<string, string>, text: string): Response {
  const shaped = { url, status, statusText: '', headers, text: async () => text };
  return shaped as unknown as Response;
}
