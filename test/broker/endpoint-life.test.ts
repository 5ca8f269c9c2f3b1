// The life of an endpoint: opened before it is handed out, dead at the end of its grant, silent a while later.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { extend } from '../../src/broker/extend.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { stop } from '../../src/broker/stop.ts';
import type { Secret } from '../../src/core/secret.ts';
import { createRedactor } from '../../src/system/redact.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { openEndpoint } from '../support/endpoint.ts';
import { searchFolder } from '../support/needles.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const connects = (port: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ port: Number(port), host: '127.0.0.1' }, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

describe('handing out by endpoint', () => {
  test('keeps its bearer out of the log of the broker', async () => {
    const redactor = createRedactor();
    const onSecret = (secret: Secret) => redactor.add(secret);
    const known = await openEndpoint({ ...world, broker: { ...world.broker, onSecret } });
    const line = `refused ${known.token} and ${encodeURIComponent(known.token)}`;
    expect(redactor.redact(line)).not.toContain(known.token);
  });

  test('names address and bearer file in the environment, and puts the secret nowhere on disk', async () => {
    const known = await openEndpoint(world);
    expect((await known.ask()).body).toContain('planted');
    world.clock.advance(0);
    expect(JSON.stringify(known.env)).not.toContain('planted');
    expect(JSON.stringify(known.env)).not.toContain(known.token);
    const folder = path.dirname(world.broker.paths.configFile);
    expect(searchFolder(folder, ['planted-'])).toEqual([]);
    expect(searchFolder(folder, [known.token])).toEqual([`${known.tokenFile}: needle 0`]);
  });

  test('is in the log, with the names of variables and files and how many endpoints', async () => {
    await openEndpoint(world);
    const handedOut = world.store.events().find(({ body }) => body.type === 'lease.handed_out');
    expect(handedOut?.body.data).toEqual({
      variables: ['FAKE_USER', 'FAKE_CONFIG', 'FAKE_NOTES', 'FAKE_URL', 'FAKE_TOKEN_FILE'],
      files: ['fake-config', 'fake-notes', 'endpoint-1.token'],
      secrets: false,
      endpoints: 1,
    });
  });

  test('opens none when the secret itself was asked for', async () => {
    world.target.faults.endpoint = { refreshAfter: 1 };
    const { env } = await elevate(world.broker, ada, request({ export: 'url' }));
    expect(env['FAKE_SECRET']).toContain('planted');
    expect(env).not.toHaveProperty('FAKE_URL');
    expect(world.broker.endpoints.size + world.broker.refreshing.size).toBe(0);
  });

  test('leaves no listener behind when it fails, and takes the credential back', async () => {
    // The folder of the grants is a file: nothing can be written into it.
    const broken = {
      ...world.broker,
      paths: { ...world.broker.paths, grantsDir: world.broker.paths.configFile },
    };
    world.target.faults.endpoint = { refreshAfter: null };
    await expect(elevate(broken, ada, request())).rejects.toThrow();
    await until(() => expect(world.target.live.size).toBe(0));
    expect(world.broker.endpoints.size).toBe(0);
  });

  test('serves nothing while the log does not say that it was handed out', async () => {
    world.target.faults.endpoint = { refreshAfter: null };
    const caller = new AbortController();
    caller.abort();
    await expect(elevate(world.broker, { ...ada, signal: caller.signal }, request())).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    });
    expect(world.broker.endpoints.size).toBe(0);
    expect(world.target.live.size).toBe(0);
  });
});

describe('after the end of its grant', () => {
  test('a request is told so at once, and the log tells of it', async () => {
    const known = await openEndpoint(world);
    expect((await known.ask()).status).toBe(200);
    const start = performance.now();
    void endGrant(world.broker, known.grant, 'revoked');
    const { status, body } = await known.ask();
    // Whoever waited for what an end takes would wait for longer than any machine is busy.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(status).toBe(410);
    expect(JSON.parse(body)).toEqual({ Code: 'GrantEnded', Message: expect.stringContaining('jit elevate') });
    world.clock.advance(60_000);
    const told = world.store.events().filter(({ body: { type } }) => type.match(/served|refused/));
    expect(told.map(({ body: { type, lease, data } }) => [type, lease, data])).toEqual([
      ['lease.served', known.lease, { count: 1 }],
      ['lease.refused', known.lease, { why: 'ended', count: 1 }],
    ]);
  });

  test('the uses before it are in the log before it: a machine that sleeps now tells none late', async () => {
    const known = await openEndpoint(world);
    await known.ask();
    world.clock.advance(0);
    await known.ask();
    await endGrant(world.broker, known.grant, 'revoked');
    const types = world.types().filter((type) => /served|ended|revoked/.test(type));
    expect(types).toEqual(['lease.served', 'lease.served', 'grant.ended', 'lease.revoked']);
    world.clock.advance(600_000);
    expect(world.types().filter((type) => type === 'lease.served')).toHaveLength(2);
  });

  test('leaves the files that lead clients to that answer, and only while it is given', async () => {
    const known = await openEndpoint(world);
    const folder = path.dirname(known.tokenFile);
    await endGrant(world.broker, known.grant, 'revoked');
    expect(readdirSync(folder).sort()).toEqual(['endpoint-1.token', 'fake-config']);
    world.clock.advance(world.broker.timing.linger);
    await until(() => expect(existsSync(folder)).toBe(false));
  });

  test('it ends before the target is asked, and although the target does not answer', async () => {
    const known = await openEndpoint(world);
    world.target.faults.unreachable = true;
    void endGrant(world.broker, known.grant, 'revoked');
    expect((await known.ask()).status).toBe(410);
    expect(world.target.live.size).toBe(1);
  });

  test('the guards hold as before: strangers do not even learn that it has ended', async () => {
    const known = await openEndpoint(world);
    await endGrant(world.broker, known.grant, 'revoked');
    const [line = '', host = '', bearer = ''] = known.lines;
    expect((await known.ask([line, host])).status).toBe(401);
    expect((await known.ask([line, host, bearer, 'Origin: null'])).status).toBe(403);
  });

  test('a deadline that nobody has acted on counts: the machine may have slept', async () => {
    const known = await openEndpoint(world);
    world.clock.sleepMachine(60_000);
    expect(world.store.leases({})[0]?.state).toBe('active');
    expect((await known.ask()).status).toBe(410);
  });

  test('the bearer that opens nothing stays until the endpoint falls silent, and then nothing is left', async () => {
    const known = await openEndpoint(world);
    await endGrant(world.broker, known.grant, 'revoked');
    expect(readFileSync(known.tokenFile, 'utf8')).toBe(known.token);
    world.clock.advance(world.broker.timing.linger);
    await until(async () => expect(await connects(known.url.port)).toBe(false));
    expect(existsSync(path.dirname(known.tokenFile))).toBe(false);
    expect(world.broker.endpoints.size).toBe(0);
  });

  test('the oldest of many falls silent before its time', async () => {
    const first = await openEndpoint(world);
    await endGrant(world.broker, first.grant, 'revoked');
    for (let index = 0; index < 64; index += 1) {
      const { grant } = await openEndpoint(world);
      await endGrant(world.broker, grant, 'revoked');
    }
    await until(async () => expect(await connects(first.url.port)).toBe(false));
    expect(world.broker.endpoints.size).toBe(64);
  });

  test('what it served is forgotten', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    world.target.faults.endpoint = { refreshAfter: null };
    const seen: WeakRef<object>[] = [];
    world.target.faults.seeEndpoint = (endpoint) => seen.push(new WeakRef(endpoint));
    const { grant } = await elevate(world.broker, ada, request());
    // Never the object itself: an assertion that fails keeps what it was given.
    const isForgotten = (): boolean => seen.length === 1 && seen[0]?.deref() === undefined;
    collect();
    expect(isForgotten()).toBe(false);
    await endGrant(world.broker, grant.id, 'revoked');
    await until(() => {
      collect();
      expect(isForgotten()).toBe(true);
    });
    expect(world.broker.endpoints.has(grant.id)).toBe(true);
  });
});

test('what cannot be served now is refused without its reason’s words', async () => {
  const known = await openEndpoint(world);
  world.target.faults.refuseAnswer = true;
  const { status, body } = await known.ask();
  expect(status).toBe(503);
  expect(body).toContain('ERR_TARGET_REFUSED');
  expect(body).not.toContain('planted');
  world.target.faults.refuseAnswer = false;
  expect((await known.ask()).status).toBe(200);
});

test('a longer grant is served longer', async () => {
  const known = await openEndpoint(world);
  await extend(world.broker, ada, { grant: known.grant, duration: 120_000, reason: null });
  expect(world.target.refreshed).toMatchObject([
    { lease: known.lease, deadline: world.clock.now() + 120_000 },
  ]);
  world.clock.advance(90_000);
  expect((await known.ask()).status).toBe(200);
  world.clock.advance(30_000);
  expect((await known.ask()).status).toBe(410);
});

test('stopping the broker ends every endpoint, and closing it leaves no listener', async () => {
  const known = await openEndpoint(world);
  await stop(world.broker, 'test');
  expect((await known.ask()).status).toBe(410);
  await closeEndpoints(world.broker);
  expect(await connects(known.url.port)).toBe(false);
  expect(readdirSync(world.broker.paths.grantsDir)).toEqual([]);
});

describe('after a crash of the broker', () => {
  test('a grant that was served from memory is taken back, whatever its rule says, and the log says why', async () => {
    const known = await openEndpoint(world, { role: 'write' });
    await closeEndpoints({ ...world.broker, endpoints: new Map(world.broker.endpoints) });
    world = world.restart();
    expect(await recover(world.broker)).toBe(1);
    await until(() => expect(world.broker.ledger.openLeases()).toEqual([]));
    const steps = world.store.events().filter(({ body }) => body.type === 'lease.step');
    expect(steps.map(({ body }) => (body.data as { step: string }).step)).toContain('endpoint-lost');
    expect(world.store.grants()[0]).toMatchObject({ id: known.grant, endCause: 'recovery' });
  });

  test('files of grants that are over are removed, those of others stay', async () => {
    const lives = await elevate(world.broker, ada, request({ role: 'write' }));
    mkdirSync(path.join(world.broker.paths.grantsDir, 'left-behind'), { mode: 0o700 });
    world = world.restart();
    await recover(world.broker);
    expect(readdirSync(world.broker.paths.grantsDir)).toEqual([lives.grant.id]);
  });
});
