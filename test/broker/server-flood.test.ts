// Those who come in crowds, keep silent, or never leave.

import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { ada, request } from '../support/broker.ts';
import { type Doorway, openDoorway } from '../support/doorway.ts';
import { format, openRaw, readRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

let world: Doorway;
beforeEach(async () => {
  world = await openDoorway();
});
afterEach(() => world.close());

describe('those who waste its time', () => {
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
      expect((await world.status()).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(10_000);
      const replies = await closed;
      expect(new Set(replies.map((reply) => reply.code))).toEqual(new Set(['ERR_PROTOCOL']));
      expect(world.types()).not.toContain('grant.requested');
    } finally {
      clearInterval(drip);
    }
  });

  test('1,000 connections at once are all answered', async () => {
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => world.status()));
    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
  });

  test('more connections than the cap are closed, and those within it are served', async () => {
    expect(world.server.maxConnections).toBeGreaterThanOrEqual(1_000);
    world.server.maxConnections = 10;
    const held = await Promise.all(Array.from({ length: 9 }, () => openRaw(world.broker.paths.socket)));
    expect((await world.status()).status).toBe(200);
    const tenth = await openRaw(world.broker.paths.socket);
    await until(async () => expect((await world.status()).status).toBe(0));
    for (const socket of [...held, tenth]) socket.destroy();
    await until(async () => expect((await world.status()).status).toBe(200));
  });

  test('requests behind each other on one connection are all answered', async () => {
    const one = format('GET', '/v1/status', '', { connection: null });
    const last = format('GET', '/v1/status');
    const socket = await openRaw(world.broker.paths.socket);
    const reply = readRaw(socket);
    socket.write(Buffer.concat([one, one, one, last]));
    expect((await reply).body.match(/"principal"/g)).toHaveLength(3 + 1);
  });

  test('a flood of long polls keeps nobody from taking access back, nor from being asked what many wait for', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const poll = format(
      'POST',
      '/v1/wait',
      JSON.stringify({ grant: grant.id, known: { state, deadline }, timeout: 60_000 }),
    );
    const before = world.broker.changes.listenerCount('change');
    const polls = Array.from({ length: 1_024 }, () => world.send(poll));
    await until(() => expect(world.broker.changes.listenerCount('change')).toBe(before + 1_024));
    expect((await world.send(format('GET', '/v1/targets'))).code).toBe('ERR_BROKER_BUSY');
    expect((await world.status()).status).toBe(200);
    const asking = await world.post('question', JSON.stringify({ channel: 'c'.repeat(26), timeout: 0 }));
    expect(asking.code).toBe('ERR_UNKNOWN_NAME');
    const revoked = await world.post('revoke', JSON.stringify({ grant: null, all: true, cause: 'revoked' }));
    expect(JSON.parse(revoked.body).revoked).toMatchObject([{ id: grant.id, state: 'ended' }]);
    const answers = await Promise.all(polls);
    expect(answers.filter((answer) => !answer.body.includes('"ended"'))).toEqual([]);
    expect((await world.send(format('GET', '/v1/targets'))).status).toBe(200);
  });

  test('a connection on which nothing happens for longer than any answer takes is closed', async () => {
    // The longest silence that a client of jit bears is two minutes.
    expect(world.server.timeout).toBeGreaterThan(120_000);
    world.server.timeout = 100;
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const poll = { grant: grant.id, known: { state, deadline }, timeout: 60_000 };
    const before = world.broker.changes.listenerCount('change');
    expect((await world.post('wait', JSON.stringify(poll))).status).toBe(0);
    await until(() => expect(world.broker.changes.listenerCount('change')).toBe(before));
  });

  test('a caller that leaves a long poll leaves nothing behind', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const timers = world.clock.pending;
    const listeners = world.broker.changes.listenerCount('change');
    const socket = await openRaw(world.broker.paths.socket);
    const body = { grant: grant.id, known: { state, deadline }, timeout: 60_000 };
    socket.write(format('POST', '/v1/wait', JSON.stringify(body)));
    await until(() => expect(world.broker.changes.listenerCount('change')).toBe(listeners + 1));
    socket.destroy();
    await until(() => expect(world.broker.changes.listenerCount('change')).toBe(listeners));
    expect(world.clock.pending).toBe(timers);
  });
});
