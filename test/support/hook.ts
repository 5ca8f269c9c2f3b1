// A web server that people's alerts are sent to: it takes them, refuses them, or leaves them without an answer.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An alert as it came, in the format `json`. */
export interface ToldAlert {
  readonly type: string;
  readonly severity: string;
  readonly text: string;
  readonly event: string;
  readonly rule: string | null;
  readonly target: string | null;
  readonly lease: string | null;
  readonly late: boolean;
}

export interface Hook {
  readonly url: string;
  /** What was taken, in order. */
  readonly told: ToldAlert[];
  /** What came, taken or not. */
  readonly asked: ToldAlert[];
  /** A status, or no answer at all. 200 at first. */
  answer: number | 'nothing';
  close(): void;
}

/** Listens on a free port of this machine. */
export async function startHook(): Promise<Hook> {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const alert = JSON.parse(Buffer.concat(chunks).toString()) as ToldAlert;
    hook.asked.push(alert);
    if (hook.answer === 'nothing') return;
    if (hook.answer === 200) hook.told.push(alert);
    response.writeHead(hook.answer).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hook: Hook = {
    url: `http://127.0.0.1:${port}/hooks/planted-path-${port}`,
    told: [],
    asked: [],
    answer: 200,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return hook;
}
