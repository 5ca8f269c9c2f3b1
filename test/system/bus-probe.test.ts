import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { probeService } from '../../src/system/bus-probe.ts';
import { createKeychain } from '../../src/system/keychain.ts';
import { noKeyring, startKeyring } from '../support/keyring.ts';

const service = 'org.freedesktop.secrets';
const object = '/org/freedesktop/secrets';

/** A socket that does `answer` with whoever connects; its address. */
async function fakeBus(answer: (socket: net.Socket) => void): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bus-'));
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    answer(socket);
  });
  server.listen(path.join(folder, 'bus'));
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return `unix:path=${folder}/bus,guid=00`;
}

const never = new AbortController().signal;

test('a bus that accepts and never answers is given up when time is up', async () => {
  const bus = await fakeBus(() => undefined);
  await expect(probeService(bus, service, object, AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
});

test('a service that never answers on a bus that does is given up, too', async () => {
  const bus = await fakeBus((socket) => socket.once('data', () => socket.write('OK 00\r\n')));
  await expect(probeService(bus, service, object, AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
});

test.each([
  ['refuses', (socket: net.Socket) => socket.once('data', () => socket.write('REJECTED EXTERNAL\r\n'))],
  ['hangs up', (socket: net.Socket) => socket.once('data', () => socket.destroy())],
] as const)('a bus that %s keeps nobody waiting', async (_what, answer) => {
  await probeService(await fakeBus((socket) => void answer(socket)), service, object, never);
});

test.each(['unix:path=/nonexistent/bus', 'tcp:host=localhost,port=1', 'autolaunch:', ''])(
  'there is nothing to wait for at "%s"',
  async (address) => {
    await probeService(address, service, object, never);
  },
);

test('while a bus hangs, a keychain is waited for and everything else goes on', async () => {
  vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', await fakeBus(() => undefined));
  onTestFinished(() => void vi.unstubAllEnvs());
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 10);
  onTestFinished(() => clearInterval(timer));
  await expect(createKeychain(undefined, 3_000).get('jit', 'x')).rejects.toMatchObject({
    code: 'ERR_SECRET_UNAVAILABLE',
  });
  expect(turns).toBeGreaterThan(5);
});

describe.skipIf(noKeyring)(`on a real bus${noKeyring ? ` (skipped: ${noKeyring})` : ''}`, () => {
  test('a service that is there answers, and so does the bus for one that is not', async () => {
    const keyring = await startKeyring();
    onTestFinished(() => keyring.close());
    const { DBUS_SESSION_BUS_ADDRESS: bus } = keyring.env;
    await probeService(bus, service, object, never);
    await probeService(bus, 'org.example.nowhere', '/', never);
  });
});
