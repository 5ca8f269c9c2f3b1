import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/client/client.ts';
import { connectOnce } from '../../src/client/socket.ts';
import { createTransport } from '../../src/client/transport.ts';
import { type Answer, pathsIn, startFakeBroker } from '../fakes/broker.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const status: Call = { method: 'GET', path: '/v1/status', timeout: 30_000 };

async function start(answer: Answer, configPath = '/etc/jit.yaml') {
  const paths = pathsIn(temporaryFolder());
  const broker = await startFakeBroker(paths, answer);
  return { ...broker, socket: paths.socket, send: createTransport({ socket: paths.socket, configPath }) };
}

describe('createTransport', () => {
  it('sends protocol, config and body, and gives back the reply', async () => {
    const { seen, send } = await start({ body: { ok: 'ä' } });
    expect(await send({ ...status, method: 'POST', path: '/v1/revoke', body: { grant: 'gä' } })).toEqual({
      ok: 'ä',
    });
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/v1/revoke',
        body: { grant: 'gä' },
        headers: expect.objectContaining({
          'jit-protocol': '1',
          'jit-config': '/etc/jit.yaml',
          'content-type': 'application/json',
        }),
      },
    ]);
  });

  it('has the reply when all of it has come, and then ends the connection itself', async () => {
    const socket = path.join(temporaryFolder(), 'broker.sock');
    const server = createServer((connection) => {
      connection.once('data', () =>
        connection.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a":"ä"}'),
      );
    });
    await once(server.listen(socket), 'listening');
    const accepted = once(server, 'connection');
    const reply = await createTransport({ socket, configPath: '/etc/jit.yaml' })(status);
    expect(reply).toEqual({ a: 'ä' });
    const [connection] = await accepted;
    if (!connection.closed) await once(connection, 'close');
    server.close();
  });

  it('can name a config with blanks, other letters and line breaks', async () => {
    const configPath = '/home/ädä/my config\r\n.yaml';
    const { seen, send } = await start({ body: {} }, configPath);
    await send(status);
    expect(decodeURI(String(seen[0]?.headers['jit-config']))).toBe(configPath);
  });

  it('throws the error that the broker answers', async () => {
    const error = { code: 'ERR_POLICY_DENIED', message: 'no', hint: 'jit targets' };
    const { send } = await start({ status: 403, body: { error } });
    await expect(send(status)).rejects.toMatchObject(error);
  });

  it.each([
    ['no JSON', (response) => response.end('<html>')],
    ['more than 8 MiB', (response) => response.end(`"${'x'.repeat(8 * 1024 * 1024)}"`)],
    ['an error without its parts', (response) => response.writeHead(500).end('{}')],
  ] as [string, Extract<Answer, (...args: never[]) => void>][])(
    'takes %s for ERR_PROTOCOL',
    async (_name, answer) => {
      const { send } = await start(answer);
      await expect(send(status)).rejects.toMatchObject({ code: 'ERR_PROTOCOL' });
    },
  );

  it.each([
    ['before the reply', (response) => response.destroy()],
    ['inside of the reply', (response) => response.writeHead(200).write('{"a":', () => response.destroy())],
    ['by silence', () => undefined],
  ] as [string, Extract<Answer, (...args: never[]) => void>][])(
    'tells a broker that goes away %s',
    async (_name, answer) => {
      const { send } = await start(answer);
      await expect(send({ ...status, timeout: 300 })).rejects.toMatchObject({
        code: 'ERR_BROKER_UNREACHABLE',
      });
    },
  );

  it('tells that nobody listens, and why', async () => {
    const send = createTransport({ socket: path.join(temporaryFolder(), 'none'), configPath: '/c' });
    await expect(send(status)).rejects.toMatchObject({
      code: 'ERR_BROKER_UNREACHABLE',
      message: 'cannot reach the broker: it is not running',
    });
  });

  it('ends the connection and throws the reason when the caller gives up', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const caller = new AbortController();
    const { send } = await start((response) => {
      response.on('close', resolve);
      caller.abort(new Error('no longer wanted'));
    });
    await expect(send({ ...status, signal: caller.signal })).rejects.toThrow('no longer wanted');
    await closed;
    await expect(send({ ...status, signal: caller.signal })).rejects.toThrow('no longer wanted');
  });

  it('uses the open connection first, and a new one when the broker has closed it', async () => {
    const { server, socket, send: unused, seen } = await start({ body: {} });
    expect(unused).toBeTypeOf('function');
    const accepted = once(server, 'connection');
    const first = await connectOnce(socket);
    const [inBroker] = await accepted;
    inBroker.destroy();
    await once(first, 'close');
    const send = createTransport({ socket, configPath: '/c', first });
    await send(status);
    expect(seen).toHaveLength(1);
  });
});
