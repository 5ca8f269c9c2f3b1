// Who may speak at the door, and what is not speech.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBrokerServer } from '../../src/broker/server.ts';
import { request } from '../support/broker.ts';
import { type Doorway, openDoorway } from '../support/doorway.ts';
import { format } from '../support/raw-http.ts';
import { expectRefused, planted } from '../support/refusal.ts';

const isRoot = process.getuid?.() === 0;

let world: Doorway;
beforeAll(async () => {
  world = await openDoorway();
});
afterAll(() => world.close());

describe('what is not a request of jit is refused at the door', () => {
  test.each<[string, Record<string, string | null>]>([
    ['no protocol version', { 'jit-protocol': null }],
    ['a newer one', { 'jit-protocol': '2' }],
    ['an older one', { 'jit-protocol': '0' }],
    ['no number', { 'jit-protocol': planted }],
    ['a number in disguise', { 'jit-protocol': '0x1' }],
    ['several', { 'jit-protocol': '1, 1' }],
    ['nothing', { 'jit-protocol': '' }],
  ])('%s as the protocol', async (_name, headers) => {
    await expectRefused(world, await world.send(format('GET', '/v1/hello', '', headers)), 'ERR_PROTOCOL');
  });

  test('a client with another configuration is told which one is in force', async () => {
    const headers = { 'jit-config': `/home/${planted}.yaml` };
    const reply = await world.send(format('POST', '/v1/elevate', JSON.stringify(request()), headers));
    expect(reply.body).toContain(world.broker.paths.configFile);
    await expectRefused(world, reply, 'ERR_CONFLICT');
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
    await expectRefused(world, await world.send(format(method, target)), 'ERR_PROTOCOL');
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
    await expectRefused(world, await world.send(bytes), 'ERR_PROTOCOL');
    expect(world.ended).toEqual([]);
  });
});

test('who talks over a Unix socket need not name a host', async () => {
  expect((await world.send(format('GET', '/v1/hello', '', { host: null }))).status).toBe(200);
});

describe('who may ask', () => {
  test('every character that JSON can say arrives as it was sent', async () => {
    const reason = 'naïve "quotes" \\ {"a":1,"a":2} : \u{1f511} \u202e \u001b[31m';
    const reply = await world.post('elevate', JSON.stringify(request({ reason })));
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
      const before = world.asked();
      expect(await asked('other')).toBe('403');
      expect(await asked('same')).toBe('200');
      // A stranger cannot keep a broker from ending either.
      expect(world.asked()).toBe(before + 1);
    });

  test('where the kernel can be asked, a peer of whom it tells nothing is nobody', async () => {
    const hasPeers = { ...world.broker, hardening: { peercred: 'on' } };
    const strict = createBrokerServer(hasPeers, () => undefined);
    // Of a connection over TCP it tells nothing, as of one that was closed before it was asked.
    await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
    const { port } = strict.address() as AddressInfo;
    const headers = { 'jit-protocol': '1', connection: 'close' };
    const reply = await fetch(`http://127.0.0.1:${port}/v1/status`, { headers });
    expect([reply.status, await reply.text()]).toEqual([403, expect.stringContaining('another user')]);
    await new Promise((resolve) => strict.close(resolve));
  });
});
