// The abuse matrix of an endpoint, row by row, over raw sockets. What is refused learns nothing, and is written down.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { createTestBroker, type TestBroker } from '../support/broker.ts';
import { type KnownEndpoint, openEndpoint } from '../support/endpoint.ts';
import { openRaw, type RawReply, readRaw } from '../support/raw-http.ts';

let world: TestBroker;
let known: KnownEndpoint;
beforeAll(() => {
  world = createTestBroker();
});
beforeEach(async () => {
  known = await openEndpoint(world);
});
afterAll(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const isRoot = process.getuid?.() === 0;

/** Why somebody was refused at the endpoint that this test knows, as the log has it. */
async function refusals(act: () => Promise<unknown>): Promise<unknown[]> {
  await act();
  world.clock.advance(0);
  return world.store
    .events({ grant: known.grant })
    .filter(({ body }) => body.type === 'lease.refused')
    .map(({ body }) => (body.data as { why: string }).why);
}

function expectNothing(reply: RawReply): void {
  expect(reply.head + reply.body).not.toContain('planted');
  expect(reply.head + reply.body).not.toContain(known.token);
  expect(reply.head.toLowerCase()).not.toMatch(/access-control|location:/);
}

describe('the request of an SDK', () => {
  test('is answered from memory, is not to be stored, and ends its connection', async () => {
    const { status, head, body } = await known.ask();
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ secret: expect.stringMatching(/^planted-fake_l/) });
    expect(head.toLowerCase()).toContain('cache-control: no-store');
    expect(head.toLowerCase()).toContain('connection: close');
    expect(head.toLowerCase()).toContain('content-type: application/json');
    expect(head.toLowerCase()).not.toContain('access-control');
  });

  test('has an address of 128 bits and a bearer of 256, in a private file without an end of line', () => {
    expect(known.url.hostname).toBe('127.0.0.1');
    expect(known.url.pathname).toMatch(/^\/v1\/g\/[0-9a-f]{32}$/);
    expect(known.token).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(known.token, 'base64url')).toHaveLength(32);
    expect(statSync(known.tokenFile).size).toBe(43);
    expect(statSync(known.tokenFile).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(known.tokenFile)).mode & 0o777).toBe(0o700);
  });

  test('finds nobody on any other address of this machine', async () => {
    const elsewhere = net.connect({ port: Number(known.url.port), host: '127.0.0.2' });
    const [error] = (await once(elsewhere, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  test('gets a port, a path and a bearer that no other grant has', async () => {
    const other = await openEndpoint(world);
    expect(other.url.port).not.toBe(known.url.port);
    expect(other.url.pathname).not.toBe(known.url.pathname);
    expect(other.token).not.toBe(known.token);
    const crossed = [known.lines[0] ?? '', known.lines[1] ?? '', `Authorization: ${other.token}`];
    expect((await known.ask(crossed)).status).toBe(401);
  });
});

type Change = (lines: string[]) => string[];
const add =
  (...more: string[]): Change =>
  (lines) => [...lines, ...more];
const replace =
  (index: number, text: (line: string) => string): Change =>
  (lines) =>
    lines.with(index, text(lines[index] ?? ''));
const drop =
  (index: number): Change =>
  (lines) =>
    lines.toSpliced(index, 1);

describe('refused is', () => {
  test.each<[string, number, string, Change]>([
    ['no Host', 400, 'not-one-host', drop(1)],
    ['the right Host twice', 400, 'not-one-host', (lines) => [...lines, lines[1] ?? '']],
    ['another Host after the right one', 400, 'not-one-host', add('Host: evil.example')],
    [
      'another Host before the right one',
      400,
      'not-one-host',
      (lines) => lines.toSpliced(1, 0, 'host: evil.example'),
    ],
    [
      'a name that was pointed here',
      421,
      'other-host',
      replace(1, (line) => line.replace('127.0.0.1', 'evil.example')),
    ],
    ['the Host localhost', 421, 'other-host', replace(1, (line) => line.replace('127.0.0.1', 'localhost'))],
    ['a Host without the port', 421, 'other-host', replace(1, () => 'Host: 127.0.0.1')],
    ['a Host with another port', 421, 'other-host', replace(1, () => 'Host: 127.0.0.1:80')],
    ['two Hosts in one', 421, 'other-host', replace(1, (line) => `${line}, evil.example`)],
    [
      'HTTP/1.0 without a Host',
      400,
      'not-one-host',
      (lines) => [(lines[0] ?? '').replace('1.1', '1.0'), lines[2] ?? ''],
    ],
    ['an Origin', 403, 'browser', add('Origin: http://evil.example')],
    ['the Origin of nobody', 403, 'browser', add('Origin: null')],
    ['an empty Origin', 403, 'browser', add('Origin:')],
    ['a Referer', 403, 'browser', add('Referer: http://127.0.0.1/')],
    ['Sec-Fetch-Site', 403, 'browser', add('Sec-Fetch-Site: same-origin')],
    ['Sec-Fetch-Mode', 403, 'browser', add('sec-fetch-mode: no-cors')],
    ['X-Forwarded-For', 403, 'browser', add('X-Forwarded-For: 127.0.0.1')],
    ['X-Forwarded-Host', 403, 'browser', add('X-Forwarded-Host: 127.0.0.1')],
    ['a Cookie', 403, 'browser', add('Cookie: a=b')],
    ['another path', 404, 'not-found', replace(0, () => 'GET / HTTP/1.1')],
    ['a path that begins right', 404, 'not-found', replace(0, (line) => line.replace(' HTTP', '/ HTTP'))],
    ['a path with a query', 404, 'not-found', replace(0, (line) => line.replace(' HTTP', '?a HTTP'))],
    ['a path in capitals', 404, 'not-found', replace(0, (line) => line.replace('/v1/g/', '/V1/G/'))],
    ['a path on its way around', 404, 'not-found', replace(0, (line) => line.replace('/v1', '/x/../v1'))],
    ['a path in percent', 404, 'not-found', replace(0, (line) => line.replace('/v1', '/%76%31'))],
    [
      'a whole address as the path',
      404,
      'not-found',
      replace(0, (line) => line.replace(' /', ' http://127.0.0.1/')),
    ],
    ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'].map(
      (method): [string, number, string, Change] => [
        `the method ${method}`,
        404,
        'not-found',
        replace(0, (line) => line.replace('GET', method)),
      ],
    ),
    ['no bearer', 401, 'no-bearer', drop(2)],
    ['an empty bearer', 401, 'wrong-bearer', replace(2, () => 'Authorization:')],
    ['another bearer', 401, 'wrong-bearer', replace(2, () => `Authorization: ${'A'.repeat(43)}`)],
    ['the start of the bearer', 401, 'wrong-bearer', replace(2, (line) => line.slice(0, -1))],
    ['more than the bearer', 401, 'wrong-bearer', replace(2, (line) => `${line}A`)],
    ['the bearer twice', 401, 'wrong-bearer', (lines) => [...lines, lines[2] ?? '']],
    [
      'the bearer after another one',
      401,
      'wrong-bearer',
      (lines) => lines.toSpliced(2, 0, 'Authorization: x'),
    ],
    ['two bearers in one', 401, 'wrong-bearer', replace(2, (line) => `${line}, x`)],
    ['the bearer under another name', 401, 'no-bearer', replace(2, (line) => `X-${line}`)],
  ])('%s', async (_name, status, why, change) => {
    let reply: RawReply | undefined;
    const told = await refusals(async () => {
      reply = await known.ask(change([...known.lines]));
    });
    expect(reply?.status).toBe(status);
    expect(told).toEqual([why]);
    if (reply) expectNothing(reply);
    expect(reply?.head.toLowerCase()).toContain('cache-control: no-store');
  });

  test('a head of more than 4 KiB', async () => {
    let reply: RawReply | undefined;
    const told = await refusals(async () => {
      reply = await known.ask([...known.lines, `X-Filler: ${'a'.repeat(4096)}`]);
    });
    expect(reply?.status).toBe(431);
    expect(told).toEqual(['too-large']);
    if (reply) expectNothing(reply);
  });

  test('what would be hidden behind more headers than Node counts', async () => {
    const reply = await known.ask([...known.lines, ...Array.from({ length: 900 }, () => 'a:'), 'Cookie: b']);
    expect([403, 431]).toContain(reply.status);
  });

  test.each([
    ['no HTTP', 'planted\r\n\r\n'],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
    ['a tunnel', 'CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s', async (_name, bytes) => {
    const socket = await openRaw({ port: Number(known.url.port), host: '127.0.0.1' });
    const reply = readRaw(socket);
    socket.write(bytes);
    expect((await reply).status).toBe(400);
    expectNothing(await reply);
  });

  test('an expectation', async () => {
    expect((await known.ask([...known.lines, 'Expect: planted'])).status).toBe(417);
  });

  test.each([
    ['says nothing', ''],
    ['stops in the middle of a head', 'GET / HTTP/1.1\r\nHost: '],
  ])('who %s, after two seconds or so', async (_name, bytes) => {
    const socket = await openRaw({ port: Number(known.url.port), host: '127.0.0.1' });
    const reply = readRaw(socket);
    socket.write(bytes);
    expect([0, 408]).toContain((await reply).status);
  });

  test('who sends a head by the letter, however busily', async () => {
    const socket = await openRaw({ port: Number(known.url.port), host: '127.0.0.1' });
    const reply = readRaw(socket);
    const letters = `${known.lines.join('\r\n')}\r\nX-Slow: ${'a'.repeat(2000)}`;
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(letters.charAt(sent));
      sent += 1;
    }, 20);
    const { status } = await reply;
    clearInterval(timer);
    expect([0, 408]).toContain(status);
    expect(sent).toBeLessThan(letters.length);
  });

  test('a second request on the same connection', async () => {
    const socket = await openRaw({ port: Number(known.url.port), host: '127.0.0.1' });
    const reply = readRaw(socket);
    const one = [...known.lines, '', ''].join('\r\n');
    socket.write(one + one);
    expect((await reply).body.match(/planted/g)).toHaveLength(1);
  });

  test.runIf(isRoot && process.platform === 'linux')('another user, with everything else right', async () => {
    const ask = `process.setgroups([]); process.setgid(65534); process.setuid(65534);
      require('node:http').get(process.argv[1], { headers: { authorization: process.argv[2] } }, (reply) => {
        reply.resume(); console.log(process.getuid(), reply.statusCode); });`;
    const told = await refusals(async () => {
      const child = spawn(process.execPath, ['-e', ask, known.url.href, known.token]);
      const said: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
      await once(child, 'close');
      expect(Buffer.concat(said).toString()).toBe('65534 403\n');
    });
    expect(told).toEqual(['other-user']);
  });
});

test('hundreds at once are all answered, and told in one event', async () => {
  const before = world.store.events().length;
  const replies = await Promise.all(Array.from({ length: 100 }, () => known.ask()));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(100);
  world.clock.advance(0);
  const told = world.store.events().slice(before);
  expect(told.map(({ body }) => [body.type, body.data])).toEqual([['lease.served', { count: 100 }]]);
});

test('a flood of refusals fills no log', async () => {
  const told = await refusals(() =>
    Promise.all(Array.from({ length: 50 }, () => known.ask(['GET / HTTP/1.1']))),
  );
  expect(told).toEqual(['not-one-host']);
});
