// Stands between a client and the endpoint of a grant, and writes down what the client was answered.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorder {
  /** To be told to the client instead of the endpoint's own. */
  readonly url: string;
  /** The status of each answer, in order. */
  readonly statuses: readonly number[];
  close(): Promise<void>;
}

/** @param endpoint where to pass requests on to, unchanged but for the Host, which the endpoint looks at */
export async function recordAnswers(endpoint: string): Promise<Recorder> {
  const { pathname, host, hostname, port } = new URL(endpoint);
  const statuses: number[] = [];
  const server = createServer((asked, reply) => {
    const { method = '', url = '', headers } = asked;
    const there = { hostname, port, method, path: url, headers: { ...headers, host } };
    const onward = request(there, (answer) => {
      statuses.push(answer.statusCode ?? 0);
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    statuses,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
