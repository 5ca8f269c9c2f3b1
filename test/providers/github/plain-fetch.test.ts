import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { plainFetch, wasNeverSent } from '../../../src/providers/github/plain-fetch.ts';

let close: () => void = () => undefined;
afterEach(() => close());

/** @returns the URL of a server that does this to each connection */
async function serve(server: net.Server | http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => void sockets.add(socket));
  close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const thrownBy = (url: string, signal = AbortSignal.timeout(20_000)) =>
  plainFetch(url, { method: 'POST', headers: {}, body: '{}', signal }).then(
    () => null,
    (error: unknown) => error,
  );

it('sends what it is given and reads the whole answer', async () => {
  const seen: unknown[] = [];
  const place = await serve(
    http.createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push(
        request.method,
        request.headers['content-length'],
        request.headers['x-a'],
        Buffer.concat(chunks).toString(),
      );
      response.writeHead(201, { 'content-type': 'text/plain', 'x-b': '2' }).end('größer');
    }),
  );
  const answer = await plainFetch(`http://${place}/x`, { method: 'PUT', headers: { 'x-a': '1' }, body: 'ö' });
  expect(seen).toEqual(['PUT', '2', '1', 'ö']);
  expect([answer.status, answer.headers.get('x-b'), await answer.text()]).toEqual([201, '2', 'größer']);
});

it('follows no redirect', async () => {
  const place = await serve(
    http.createServer((_, response) => response.writeHead(302, { location: '/y' }).end()),
  );
  expect((await plainFetch(`http://${place}/x`, { method: 'GET', headers: {} })).status).toBe(302);
});

it('tells what never left this machine: refused, not TLS at all, aborted before', async () => {
  const place = await serve(net.createServer((socket) => socket.end('this is no TLS')));
  expect(wasNeverSent(await thrownBy(`https://${place}`))).toBe(true);
  close();
  expect(wasNeverSent(await thrownBy(`http://${place}`))).toBe(true);
  expect(wasNeverSent(await thrownBy(`http://${place}`, AbortSignal.abort()))).toBe(true);
});

it('does not say so of what may have been carried out: no answer, half of one, a broken connection', async () => {
  for (const answer of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf']) {
    const place = await serve(net.createServer((socket) => socket.once('data', () => socket.end(answer))));
    const thrown = await thrownBy(`http://${place}`);
    expect(thrown).toBeInstanceOf(Error);
    expect(wasNeverSent(thrown)).toBe(false);
    close();
  }
  const mute = await serve(net.createServer((socket) => socket.resume()));
  const thrown = await thrownBy(`http://${mute}`, AbortSignal.timeout(200));
  expect(wasNeverSent(thrown)).toBe(false);
});

it('reads no answer of any length', async () => {
  const place = await serve(
    http.createServer((_, response) => {
      const more = (): boolean => response.destroyed || (response.write(Buffer.alloc(1_000_000)) && more());
      response.on('drain', more);
      more();
    }),
  );
  expect(await thrownBy(`http://${place}`)).toEqual(
    expect.objectContaining({ message: 'the answer is too long' }),
  );
});
