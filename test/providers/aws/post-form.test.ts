// Forms over HTTP: sent as they are, answers as they come, within bounds.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { postForm } from '../../../src/providers/aws/post-form.ts';

/** Answers as it is told, and remembers what came in. */
async function serve(answer: (response: http.ServerResponse) => void) {
  const seen: { method: string; url: string; type: string; body: string }[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, type: headers['content-type'] ?? '', body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/form`, seen };
}

const form = new URLSearchParams({ a: 'x&y', b: 'ü' });
const post = (url: string, signal = AbortSignal.timeout(30_000)) => postForm(url, form, signal);

test('it is sent in the body, and the answer is given back', async () => {
  const { url, seen } = await serve((response) => response.writeHead(418).end('{"ä":1}'));
  expect(await post(url)).toEqual({ status: 418, body: '{"ä":1}' });
  const type = 'application/x-www-form-urlencoded';
  expect(seen).toEqual([{ method: 'POST', url: '/form', type, body: 'a=x%26y&b=%C3%BC' }]);
});

test('it follows no redirect: what was sent is for one server alone', async () => {
  const { url, seen } = await serve((response) => response.writeHead(307, { location: '/other' }).end());
  expect((await post(url)).status).toBe(307);
  expect(seen).toHaveLength(1);
});

test('it gives up on an answer that is too long, breaks off, or does not come', async () => {
  const long = await serve((response) => response.end('x'.repeat(70_000)));
  await expect(post(long.url)).rejects.toThrow();
  const short = await serve((response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('x', () => response.destroy());
  });
  await expect(post(short.url)).rejects.toThrow();
  const silent = await serve(() => undefined);
  await expect(post(silent.url, AbortSignal.timeout(50))).rejects.toThrow();
});
