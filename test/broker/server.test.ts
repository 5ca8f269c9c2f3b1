import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { createBrokerServer } from '../../src/broker/server.ts';
import { listen } from '../../src/broker/socket.ts';
import type { exitCodeOf } from '../../src/core/errors.ts';
import { systemRandom } from '../../src/system/random.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { format, openRaw, type RawReply, readRaw, sendRaw } from '../support/raw-http.ts';

const isRoot = process.getuid?.() === 0;
const planted = 'planted-secret-4711';

let world: TestBroker;
let server: Server;
let touched: number;
const open = async (): Promise<void> => {
  world = createTestBroker();
  touched = 0;
  server = createBrokerServer(world.broker, () => {
    touched += 1;
  });
  await listen(server, world.broker.paths, systemRandom);
};
const close = async (): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  world.remove();
};

const send = (...bytes: (string | Buffer)[]): Promise<RawReply> =>
  sendRaw(world.broker.paths.socket, ...bytes);
const post = (verb: string, body: string | Buffer): Promise<RawReply> =>
  send(format('POST', `/v1/${verb}`, body));
const status = (): Promise<RawReply> => send(format('GET', '/v1/status'));

/** A refusal that a client understands, that tells nothing of what was sent, after which the broker goes on. */
async function expectRefused(reply: RawReply, code: keyof typeof exitCodeOf): Promise<void> {
  expect([reply.code, reply.status >= 400]).toEqual([code, true]);
  expect(reply.head + reply.body).not.toContain(planted);
  expect(reply.body).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|\.mjs\b/);
  expect(reply.body.length).toBeLessThan(600);
  expect((await status()).status).toBe(200);
  expect(world.store.grants({ states: ['pending', 'active', 'denied', 'ended'] })).toEqual([]);
}

describe('what is not a request of jit is refused at the door', () => {
  beforeAll(open);
  afterAll(close);

  test.each<[string, Record<string, string | null>]>([
    ['no protocol version', { 'jit-protocol': null }],
    ['a newer one', { 'jit-protocol': '2' }],
    ['an older one', { 'jit-protocol': '0' }],
    ['no number', { 'jit-protocol': planted }],
    ['a number in disguise', { 'jit-protocol': '0x1' }],
    ['several', { 'jit-protocol': '1, 1' }],
    ['nothing', { 'jit-protocol': '' }],
  ])('%s as the protocol', async (_name, headers) => {
    await expectRefused(await send(format('GET', '/v1/hello', '', headers)), 'ERR_PROTOCOL');
  });

  test('a client with another configuration is told which one is in force', async () => {
    const headers = { 'jit-config': `/home/${planted}.yaml` };
    const reply = await send(format('POST', '/v1/elevate', JSON.stringify(request()), headers));
    expect(reply.body).toContain(world.broker.paths.configFile);
    await expectRefused(reply, 'ERR_CONFLICT');
  });

  test.each([
    ['an unknown verb', 'POST', `/v1/${planted}`],
    ['a read where a write belongs', 'GET', '/v1/elevate'],
    ['a write where a read belongs', 'POST', '/v1/status'],
    ['another method', 'DELETE', '/v1/status'],
    ['a method that fetch knows no request for', 'TRACE', '/v1/status'],
    ['another version', 'GET', '/v2/status'],
    ['a way around the prefix', 'GET', '/v1/../v1/hello/..'],
    ['letters in percent', 'GET', '/v1/%E0%A4%A'],
  ])('%s', async (_name, method, target) => {
    await expectRefused(await send(format(method, target)), 'ERR_PROTOCOL');
  });

  test.each([
    ['no HTTP at all', `${planted}\r\n\r\n`],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
    ['a method that is none', format('PLANTED', '/v1/hello')],
    ['a head larger than 8 KiB', format('GET', '/v1/hello', '', { filler: planted.repeat(1000) })],
    [
      'two lengths',
      'POST /v1/stop HTTP/1.1\r\nhost: jit\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
    ],
    [
      'a length and chunks, as smugglers send',
      'POST /v1/stop HTTP/1.1\r\nhost: jit\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an expectation', format('GET', '/v1/hello', '', { expect: planted })],
    ['a tunnel', format('CONNECT', 'jit:80')],
  ])('%s', async (_name, bytes) => {
    await expectRefused(await send(bytes), 'ERR_PROTOCOL');
    expect(world.ended).toEqual([]);
  });
});

test('who talks over a Unix socket need not name a host', async () => {
  await open();
  expect((await send(format('GET', '/v1/hello', '', { host: null }))).status).toBe(200);
  await close();
});

describe('a body that is not what the schema says is refused', () => {
  beforeAll(open);
  afterAll(close);

  const whole = request({ session: null, keep: true });
  const changed = (changes: object): string => JSON.stringify({ ...whole, ...changes });
  const replaced = (text: string): string => JSON.stringify(whole).replace('"duration":60000', text);

  test.each<[string, string | Buffer]>([
    ['no body', ''],
    ['white space', ' '],
    ['no JSON', `{"target": ${planted}}`],
    ['half of it', JSON.stringify(whole).slice(0, -1)],
    ['two of it', JSON.stringify(whole).repeat(2)],
    ['NaN', replaced('"duration":NaN')],
    ['a comment', `/* ${planted} */ ${JSON.stringify(whole)}`],
    ['invalid UTF-8', Buffer.from(changed({ reason: 'caf\xe9 \xff' }), 'latin1')],
    ['an overlong NUL', Buffer.from(changed({ reason: '\xc0\x80' }), 'latin1')],
    ['a field twice', replaced('"duration":60000,"duration":1')],
    ['a field twice, once escaped', replaced('"duration":60000,"\\u0064uration":1')],
    [
      'a long field twice',
      replaced(`"duration":"${'\\"'.repeat(60_000)}${'x'.repeat(80_000)}","duration":60000`),
    ],
    ['a field twice further in', JSON.stringify(request()).replace('"pid":', '"pid":1,"pid":')],
    ['an opening bracket 100,000 times', '['.repeat(100_000)],
  ])('%s is no request', async (_name, body) => {
    await expectRefused(await post('elevate', body), 'ERR_PROTOCOL');
  });

  test.each<[string, string]>([
    ['null', 'null'],
    ['a text', JSON.stringify(planted)],
    ['a list', '[]'],
    ['lists, 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects, 30,000 deep', `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`],
    ['depth inside of a field', replaced(`"duration":${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
    ['nothing in it', '{}'],
    ['a field too few', JSON.stringify({ ...whole, keep: undefined })],
    ['an unknown field', changed({ [planted]: 1 })],
    ['__proto__', replaced('"duration":60000,"__proto__":{"keep":true}')],
    ['constructor', replaced('"duration":60000,"constructor":{"prototype":{}}')],
    ['toString', replaced('"duration":60000,"toString":1')],
    ['an unknown field further in', changed({ session: { pid: 1, startTime: '1', uid: 0 } })],
    ['2^53+1', replaced('"duration":9007199254740993')],
    ['infinity', replaced('"duration":1e999')],
    ['less than nothing', changed({ duration: -1 })],
    ['nothing', changed({ duration: 0 })],
    ['a part of a millisecond', changed({ duration: 0.5 })],
    ['longer than a year', changed({ duration: 1e12 })],
    ['a number as text', changed({ duration: '60000' })],
    ['a truth as a number', changed({ keep: 1 })],
    ['a target of no letters', changed({ target: '' })],
    ['a target of 201 letters', changed({ target: 'x'.repeat(201) })],
    ['a reason of 4,001 letters', changed({ reason: planted.padEnd(4_001, '.') })],
    ['half a character', replaced('"duration":60000').replace('a test', '\\ud800')],
    ['another export', changed({ export: planted })],
    ['process 0', changed({ session: { pid: 0, startTime: '1' } })],
  ])('%s is told by its place', async (_name, body) => {
    await expectRefused(await post('elevate', body), 'ERR_USAGE');
  });

  test.each(['stop', 'revoke', 'extend', 'wait', 'audit', 'doctor', 'preview'])(
    '%s takes no list',
    async (verb) => {
      await expectRefused(await post(verb, '[]'), 'ERR_USAGE');
      expect(world.ended).toEqual([]);
    },
  );

  test('a body of more than 256 KiB is refused by its length before it is read, and while it streams', async () => {
    const large = changed({ reason: planted.repeat(16_000) });
    await expectRefused(await post('elevate', large), 'ERR_PROTOCOL');
    const announced = format('POST', '/v1/elevate', '', { 'content-length': String(2 ** 30) });
    await expectRefused(await send(announced), 'ERR_PROTOCOL');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const streamed = format('POST', '/v1/elevate', '', { 'transfer-encoding': 'chunked' });
    await expectRefused(await send(streamed, ...Array(5).fill(chunk), '0\r\n\r\n'), 'ERR_PROTOCOL');
    // Without an end: nobody listens for ever.
    expect((await send(streamed, ...Array(100).fill(chunk))).status).not.toBe(200);
    expect((await status()).status).toBe(200);
  });
});

describe('who may ask', () => {
  beforeEach(open);
  afterEach(close);

  test('every character that JSON can say arrives as it was sent', async () => {
    const reason = 'naïve "quotes" \\ {"a":1,"a":2} : \u{1f511} \u202e \u001b[31m';
    const reply = await post('elevate', JSON.stringify(request({ reason })));
    expect(JSON.parse(reply.body).grant.reason).toBe(reason);
  });

  const ask = `const become = process.argv[2] === 'other';
    if (become) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    const get = require('node:http').get({ socketPath: process.argv[1], path: '/v1/status', headers: { 'jit-protocol': '1' } });
    get.on('error', (error) => process.stdout.write(error.code));
    get.on('response', (reply) => { reply.resume(); process.stdout.write(String(reply.statusCode)); });`;
  const asked = async (who: 'same' | 'other'): Promise<string> => {
    const child = spawn(process.execPath, ['-e', ask, world.broker.paths.socket, who], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await once(child, 'close');
    return said;
  };
  const openUp = (...folders: string[]): void => {
    for (const folder of folders) chmodSync(folder, 0o755);
  };

  test('another process of the same user is answered', async () => {
    expect(await asked('same')).toBe('200');
  });

  if (isRoot)
    test('another user is stopped by the directory, by the socket, and by the kernel’s word', async () => {
      const { runDir, socket } = world.broker.paths;
      const above = [path.dirname(runDir), path.dirname(path.dirname(runDir))];
      openUp(...above);
      expect(await asked('other')).toBe('EACCES');
      openUp(runDir);
      expect(await asked('other')).toBe('EACCES');
      chmodSync(socket, 0o666);
      touched = 0;
      expect(await asked('other')).toBe('403');
      expect(await asked('same')).toBe('200');
      // A stranger cannot keep a broker from ending either.
      expect(touched).toBe(1);
    });

  test('a peer that left before it could be told apart gets nothing done', async () => {
    const hasPeers = { ...world.broker, hardening: { peercred: 'on' } };
    const strict = createBrokerServer(hasPeers, () => undefined);
    await new Promise<void>((resolve) => strict.listen(`${world.broker.paths.socket}2`, resolve));
    // As if the kernel had nothing to tell about the connection any more.
    const peers = vi.spyOn(WeakMap.prototype, 'get').mockReturnValueOnce(undefined);
    const reply = sendRaw(`${world.broker.paths.socket}2`, format('GET', '/v1/status'));
    expect((await reply).status).toBe(403);
    peers.mockRestore();
    strict.close();
  });
});

describe('those who waste its time', () => {
  beforeEach(open);
  afterEach(close);

  const closing = (sockets: readonly Socket[]) => Promise.all(sockets.map((socket) => readRaw(socket)));

  test('300 that say nothing or drip are cut off, and others are served meanwhile', async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, () => openRaw(world.broker.paths.socket)));
    const half = format('POST', '/v1/elevate', '', { 'content-length': '100' });
    for (const [index, socket] of sockets.entries()) {
      if (index % 3 === 1) socket.write('GET /v1/status HTTP/1.1\r\nhost: j');
      if (index % 3 === 2) socket.write(half.subarray(0, -2));
    }
    const drip = setInterval(() => {
      for (const [index, socket] of sockets.entries())
        if (index % 3 > 0 && socket.writable) socket.write('x');
    }, 250);
    try {
      const closed = closing(sockets);
      const began = performance.now();
      expect((await status()).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(2_000);
      const replies = await closed;
      expect(new Set(replies.map((reply) => reply.code))).toEqual(new Set(['ERR_PROTOCOL']));
      expect(world.types()).not.toContain('grant.requested');
    } finally {
      clearInterval(drip);
    }
  }, 20_000);

  test('1,000 connections at once are all answered', async () => {
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => status()));
    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
  });

  test('more connections than the cap are closed, and those within it are served', async () => {
    expect(server.maxConnections).toBeGreaterThanOrEqual(1_000);
    server.maxConnections = 10;
    const held = await Promise.all(Array.from({ length: 9 }, () => openRaw(world.broker.paths.socket)));
    expect((await status()).status).toBe(200);
    const tenth = await openRaw(world.broker.paths.socket);
    await vi.waitFor(async () => expect((await status()).status).toBe(0));
    for (const socket of [...held, tenth]) socket.destroy();
    await vi.waitFor(async () => expect((await status()).status).toBe(200));
  });

  test('requests behind each other on one connection are all answered', async () => {
    const one = format('GET', '/v1/status', '', { connection: null });
    const last = format('GET', '/v1/status');
    const socket = await openRaw(world.broker.paths.socket);
    const reply = readRaw(socket);
    socket.write(Buffer.concat([one, one, one, last]));
    expect((await reply).body.match(/"principal"/g)).toHaveLength(3 + 1);
  });

  test('a flood of long polls does not keep anybody from taking access back', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const poll = format(
      'POST',
      '/v1/wait',
      JSON.stringify({ grant: grant.id, known: { state, deadline }, timeout: 60_000 }),
    );
    const before = world.broker.changes.listenerCount('change');
    const polls = Array.from({ length: 1_024 }, () => send(poll));
    await vi.waitFor(() => expect(world.broker.changes.listenerCount('change')).toBe(before + 1_024), {
      timeout: 10_000,
    });
    expect((await send(format('GET', '/v1/targets'))).code).toBe('ERR_BROKER_BUSY');
    expect((await status()).status).toBe(200);
    const revoked = await post('revoke', JSON.stringify({ grant: null, all: true, cause: 'revoked' }));
    expect(JSON.parse(revoked.body).revoked).toMatchObject([{ id: grant.id, state: 'ended' }]);
    const answers = await Promise.all(polls);
    expect(answers.filter((answer) => !answer.body.includes('"ended"'))).toEqual([]);
    expect((await send(format('GET', '/v1/targets'))).status).toBe(200);
  });

  test('a connection on which nothing happens for longer than any answer takes is closed', async () => {
    // The longest silence that a client of jit bears is two minutes.
    expect(server.timeout).toBeGreaterThan(120_000);
    server.timeout = 100;
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const poll = { grant: grant.id, known: { state, deadline }, timeout: 60_000 };
    const before = world.broker.changes.listenerCount('change');
    expect((await post('wait', JSON.stringify(poll))).status).toBe(0);
    await vi.waitFor(() => expect(world.broker.changes.listenerCount('change')).toBe(before));
  });

  test('a caller that leaves a long poll leaves nothing behind', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const timers = world.clock.pending;
    const listeners = world.broker.changes.listenerCount('change');
    const socket = await openRaw(world.broker.paths.socket);
    const body = { grant: grant.id, known: { state, deadline }, timeout: 60_000 };
    socket.write(format('POST', '/v1/wait', JSON.stringify(body)));
    await vi.waitFor(() => expect(world.broker.changes.listenerCount('change')).toBe(listeners + 1));
    socket.destroy();
    await vi.waitFor(() => expect(world.broker.changes.listenerCount('change')).toBe(listeners));
    expect(world.clock.pending).toBe(timers);
  });
});
