// Serving a credential: the endpoint of a grant against a bare Node server that answers with the same bytes,
// each asked over a new connection per request, in turns in the same run.

import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openEndpointServer } from '../src/broker/endpoint-server.ts';
import { Secret } from '../src/core/secret.ts';
import { systemRandom } from '../src/system/random.ts';

const rounds = 60;
const warmUp = 20;
const perRound = 25;

/** As long as what STS gives. */
const body = JSON.stringify({
  AccessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  SecretAccessKey: 'x'.repeat(40),
  Token: 'x'.repeat(900),
  Expiration: '2026-11-22T12:00:00Z',
});

/** Milliseconds per request, ours and bare: medians over the rounds. `ratio`: the median of ours / baseline per round. */
export async function benchEndpoint(): Promise<{ ours: number; baseline: number; ratio: number }> {
  const owner = {
    answer: () => new Secret(body),
    served: () => undefined,
    refused: (why: string) => {
      throw new Error(`refused: ${why}`);
    },
  };
  const endpoint = await openEndpointServer(owner, systemRandom);
  const bare = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(body);
  });
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  try {
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await perRequest(endpoint.url, endpoint.token.reveal()));
      baseline.push(await perRequest(bareUrl, endpoint.token.reveal()));
    }
    const ratios = ours.map((value, round) => value / (baseline[round] ?? value));
    const middle = (values: readonly number[]) => median(values.slice(warmUp));
    return { ours: middle(ours), baseline: middle(baseline), ratio: middle(ratios) };
  } finally {
    await endpoint.close();
    bare.close();
  }
}

async function perRequest(url: string, token: string): Promise<number> {
  const start = performance.now();
  for (let index = 0; index < perRound; index += 1) await ask(url, token);
  return (performance.now() - start) / perRound;
}

function ask(url: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { authorization: token } }, (response) => {
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      response.on('end', () => {
        if (response.statusCode === 200 && length === body.length) resolve();
        else reject(new Error(`answered ${response.statusCode} with ${length} bytes`));
      });
    });
    request.on('error', reject);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
