// A grant with an endpoint, and one who knocks at it with whatever headers a test wants.

import { readFileSync } from 'node:fs';
import { elevate } from '../../src/broker/elevate.ts';
import type { ElevateRequest } from '../../src/protocol/routes.ts';
import { ada, request, type TestBroker } from './broker.ts';
import { type RawReply, sendRaw } from './raw-http.ts';

/** What a child knows, and the way there. */
export interface KnownEndpoint {
  readonly grant: string;
  readonly lease: string;
  readonly url: URL;
  readonly tokenFile: string;
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
  /** The head of a request that is answered, line by line. */
  readonly lines: readonly string[];
  /** Sends these lines, or those that are answered, as a request of its own. */
  ask(lines?: readonly string[]): Promise<RawReply>;
}

/** Elevates on the fake target, which serves through an endpoint from now on. */
export async function openEndpoint(
  world: TestBroker,
  changes: Partial<ElevateRequest> = {},
  refreshAfter: number | null = null,
): Promise<KnownEndpoint> {
  world.target.faults.endpoint = { refreshAfter };
  const { grant, env } = await elevate(world.broker, ada, request(changes));
  const url = new URL(env['FAKE_URL'] ?? '');
  const tokenFile = env['FAKE_TOKEN_FILE'] ?? '';
  const token = readFileSync(tokenFile, 'latin1');
  const lines = [`GET ${url.pathname} HTTP/1.1`, `Host: ${url.host}`, `Authorization: ${token}`];
  return {
    grant: grant.id,
    lease: grant.leases[0]?.id ?? '',
    url,
    tokenFile,
    token,
    env,
    lines,
    ask: (asked = lines) =>
      sendRaw({ port: Number(url.port), host: '127.0.0.1' }, [...asked, '', ''].join('\r\n')),
  };
}
