// A gate before `emulate`'s GitHub, closing what was measured to be open there: its tokens never expire, it takes any text
// for a token, and it knows no DELETE /installation/token. What passes is emulate's own answer.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/system/clock.ts';

export interface Gate {
  readonly url: string;
  /** How long tokens live that are issued from now on, milliseconds; an hour at first, as GitHub's. */
  life: number;
  /** How far the gate's clock was moved. */
  offset: number;
  /** What a living token was made for; null: it is none. */
  granted(token: string): Granted | null;
  /** Every token that came through. */
  all(): string[];
  /** Tokens that came through and are neither expired nor deleted. */
  live(): string[];
  close(): Promise<void>;
}

export interface Granted {
  /** As `acme/web-one`. */
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
}

interface Issued extends Granted {
  readonly expiresAt: number;
  isDeleted: boolean;
}

interface Made {
  readonly token: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories?: readonly { readonly full_name: string }[];
}

/** @param upstream base URL of the emulator */
export async function openGate(upstream: string): Promise<Gate> {
  const tokens = new Map<string, Issued>();
  const isLive = (token: string): boolean => {
    const found = tokens.get(token);
    return found !== undefined && !found.isDeleted && systemClock.now() + gate.offset < found.expiresAt;
  };

  const server = http.createServer(async (request, response) => {
    const send = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    };
    const { method = 'GET', url = '/', headers } = request;
    const [scheme = '', credential = ''] = (headers.authorization ?? '').split(' ');
    // The App's JWTs are emulate's to check; nothing else passes that the gate has not seen being issued.
    const isJwt = scheme.toLowerCase() === 'bearer' && /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(credential);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (credential === '' || !(isJwt || isLive(credential))) {
      return send(
        401,
        JSON.stringify({ message: credential === '' ? 'Requires authentication' : 'Bad credentials' }),
      );
    }
    if (method === 'DELETE' && url === '/installation/token') {
      const found = tokens.get(credential);
      if (!found) return send(401, JSON.stringify({ message: 'Bad credentials' }));
      found.isDeleted = true;
      return void response.writeHead(204).end();
    }
    const body = Buffer.concat(chunks);
    const answer = await fetch(upstream + url, {
      method,
      headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await answer.text();
    if (method !== 'POST' || !url.endsWith('/access_tokens') || answer.status !== 201)
      return send(answer.status, text);
    const made = JSON.parse(text) as Made;
    const expiresAt = systemClock.now() + gate.offset + gate.life;
    const { permissions } = made;
    const repositories = (made.repositories ?? []).map(({ full_name }) => full_name);
    tokens.set(made.token, { expiresAt, isDeleted: false, repositories, permissions });
    send(201, JSON.stringify({ ...made, expires_at: new Date(expiresAt).toISOString() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    life: 3_600_000,
    offset: 0,
    granted: (token) => (isLive(token) ? (tokens.get(token) ?? null) : null),
    all: () => [...tokens.keys()],
    live: () => [...tokens.keys()].filter(isLive),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gate;
}
