// Where the socket lies and that it stays ours, with a real clock: these are about files and the kernel.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { openDoor } from '../../src/broker/door.ts';
import { elevate } from '../../src/broker/elevate.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { format, openRaw, readRaw, sendRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

const isRoot = process.getuid?.() === 0;

interface Opened extends TestBroker {
  readonly logged: string[];
  /** Lets the time pass after which the broker looks at its socket, and waits until it has done what it does then. */
  look(): Promise<void>;
  status(): Promise<number>;
}

async function opened(): Promise<Opened> {
  const world = createTestBroker();
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const broker: Broker = { ...world.broker, log: { info: note, warn: note, error: note } };
  const door = await openDoor(broker, () => undefined);
  onTestFinished(async () => {
    await door.close();
    world.remove();
  });
  return {
    ...world,
    broker,
    logged,
    async look() {
      (world.clock as FakeClock).advance(5_000);
      await door.settled();
    },
    status: async () => (await sendRaw(broker.paths.socket, format('GET', '/v1/status'))).status,
  };
}

describe('the socket', () => {
  test('is 0600 in a directory of 0700, and alone there', async () => {
    const { broker } = await opened();
    const { socket, runDir } = broker.paths;
    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(lstatSync(socket).mode & 0o777).toBe(0o600);
    expect(lstatSync(runDir).mode & 0o777).toBe(0o700);
    expect(readdirSync(runDir).filter((name) => name !== 'grants')).toEqual(['broker.sock']);
  });

  test.each<[string, (socket: string) => unknown]>([
    ['a file', (socket) => writeFileSync(socket, 'mine')],
    ['a dangling link', (socket) => symlinkSync('/nonexistent/planted', socket)],
  ])('takes the place of %s that lies there', async (_what, plant) => {
    const world = createTestBroker();
    plant(world.broker.paths.socket);
    const door = await openDoor(world.broker, () => undefined);
    expect((await sendRaw(world.broker.paths.socket, format('GET', '/v1/status'))).status).toBe(200);
    await door.close();
    expect(existsSync(world.broker.paths.socket)).toBe(false);
    world.remove();
  });

  test('does not start where a directory lies, and says so', async () => {
    const world = createTestBroker();
    onTestFinished(() => world.remove());
    mkdirSync(world.broker.paths.socket);
    await expect(openDoor(world.broker, () => undefined)).rejects.toMatchObject({
      code: 'ERR_UNSAFE_PATH',
      message: `cannot listen on "${world.broker.paths.socket}": it is a folder`,
    });
    expect(readdirSync(world.broker.paths.runDir).sort()).toEqual(['broker.sock', 'grants']);
  });

  test('takes the place of the one that a killed broker left', async () => {
    const world = createTestBroker();
    const { socket } = world.broker.paths;
    const text = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', text]), 'exit');
    await expect(openRaw(socket)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const door = await openDoor(world.broker, () => undefined);
    expect((await sendRaw(socket, format('GET', '/v1/status'))).status).toBe(200);
    await door.close();
    world.remove();
  });

  const spoilers: [string, (runDir: string) => unknown][] = [
    [
      'is a symbolic link',
      (runDir) => {
        renameSync(runDir, `${runDir}-real`);
        symlinkSync(`${runDir}-real`, runDir);
      },
    ],
    ['is open to everybody', (runDir) => chmodSync(runDir, 0o777)],
    ['is open to the group', (runDir) => chmodSync(runDir, 0o750)],
    [
      'is a file',
      (runDir) => {
        rmSync(runDir, { recursive: true });
        writeFileSync(runDir, '');
      },
    ],
  ];
  if (isRoot) spoilers.push(['belongs to somebody else', (runDir) => chownSync(runDir, 65534, 65534)]);
  test.each(spoilers)('is not made in a directory that %s', async (_what, spoil) => {
    const world = createTestBroker();
    onTestFinished(() => world.remove());
    spoil(world.broker.paths.runDir);
    await expect(openDoor(world.broker, () => undefined)).rejects.toMatchObject({ code: 'ERR_UNSAFE_PATH' });
    expect(world.broker.changes.listenerCount('change')).toBe(0);
    expect((world.clock as FakeClock).pending).toBe(0);
  });
});

describe('a socket that is no longer ours', () => {
  const squatters: [string, (socket: string) => unknown][] = [
    ['removed', (socket) => unlinkSync(socket)],
    [
      'replaced by a file',
      (socket) => {
        unlinkSync(socket);
        writeFileSync(socket, '');
      },
    ],
    [
      'moved away behind a link',
      (socket) => {
        renameSync(socket, `${socket}2`);
        symlinkSync(`${socket}2`, socket);
      },
    ],
    ['removed with its directory', (socket) => rmSync(path.dirname(socket), { recursive: true })],
  ];
  test.each(squatters)('%s is put back, and no grant is lost', async (_what, disturb) => {
    const world = await opened();
    const { grant } = await elevate(world.broker, ada, request());
    disturb(world.broker.paths.socket);
    await world.look();
    expect(await world.status()).toBe(200);
    expect(lstatSync(world.broker.paths.socket).mode & 0o777).toBe(0o600);
    expect(world.store.grant(grant.id)?.state).toBe('active');
    expect(world.target.live.size).toBe(1);
    expect(world.ended).toEqual([]);
    expect(world.logged.filter((line) => /socket/.test(line))).toHaveLength(1);
  });

  test('replaced by one that somebody else listens on is taken back', async () => {
    const world = await opened();
    const { socket } = world.broker.paths;
    const squatter = net
      .createServer((connection) => connection.end('HTTP/1.0 200 OK\r\n\r\n{}'))
      .listen(`${socket}2`);
    await once(squatter, 'listening');
    renameSync(`${socket}2`, socket);
    expect((await sendRaw(socket, format('GET', '/v1/status'))).body).toBe('{}');
    await world.look();
    expect((await sendRaw(socket, format('GET', '/v1/status'))).body).toContain('"principal"');
    squatter.close();
  });

  test('is looked at again after it was put back', async () => {
    const world = await opened();
    for (let time = 0; time < 3; time += 1) {
      unlinkSync(world.broker.paths.socket);
      await world.look();
      expect(await world.status()).toBe(200);
    }
    expect(readdirSync(world.broker.paths.runDir).filter((name) => name !== 'grants')).toEqual([
      'broker.sock',
    ]);
  });

  test('does not break off those who are being answered', async () => {
    const world = await opened();
    const { grant } = await elevate(world.broker, ada, request());
    const { state, deadline } = grant;
    const body = JSON.stringify({ grant: grant.id, known: { state, deadline }, timeout: 30_000 });
    const socket = await openRaw(world.broker.paths.socket);
    const reply = readRaw(socket);
    const listeners = world.broker.changes.listenerCount('change');
    socket.write(format('POST', '/v1/wait', body));
    await until(() => expect(world.broker.changes.listenerCount('change')).toBe(listeners + 1));
    unlinkSync(world.broker.paths.socket);
    await world.look();
    world.clock.advance(30_000);
    expect(JSON.parse((await reply).body)).toMatchObject({ id: grant.id, state: 'active' });
  });

  test('that cannot be put back is tried again, told once, and nothing is given up', async () => {
    const world = await opened();
    const { runDir, socket } = world.broker.paths;
    await elevate(world.broker, ada, request());
    chmodSync(runDir, 0o755);
    unlinkSync(socket);
    for (let time = 0; time < 5; time += 1) await world.look();
    expect(existsSync(socket)).toBe(false);
    expect(world.logged.filter((line) => /cannot/.test(line))).toHaveLength(1);
    chmodSync(runDir, 0o700);
    await world.look();
    expect(await world.status()).toBe(200);
    expect(world.target.live.size).toBe(1);
  });

  test('is left alone when the broker ends', async () => {
    const world = createTestBroker();
    const { socket } = world.broker.paths;
    const door = await openDoor(world.broker, () => undefined);
    unlinkSync(socket);
    writeFileSync(socket, 'of somebody else');
    await door.close();
    expect(lstatSync(socket).isFile()).toBe(true);
    world.remove();
  });

  test('untouched is left as it is', async () => {
    const world = await opened();
    const { ino } = lstatSync(world.broker.paths.socket);
    for (let time = 0; time < 3; time += 1) await world.look();
    expect(lstatSync(world.broker.paths.socket).ino).toBe(ino);
    expect(world.logged).toEqual([]);
    linkSync(world.broker.paths.socket, `${world.broker.paths.socket}2`);
    mkdirSync(path.join(world.broker.paths.runDir, 'other'));
    await world.look();
    expect(world.logged).toEqual([]);
  });
});
