// Whose connection it is: the kernel's table as it is printed, and the real one.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askKernel } from '../../src/system/socket-diag.ts';
import { tablesIn, tcpPeerLack, tcpPeerUid } from '../../src/system/tcp-peer.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-tcp-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const connection = {
  localAddress: '127.0.0.1',
  localPort: 0x1f90,
  remoteAddress: '127.0.0.1',
  remotePort: 0xc001,
};
const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

function row(pair: string, uid: number, inode: number): string {
  return `   1: ${pair} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 30 10 -1`;
}

function tables(v4: readonly string[], v6: readonly string[] = []): void {
  writeFileSync(path.join(folder, 'tcp'), `${[head, ...v4].join('\n')}\n`);
  writeFileSync(path.join(folder, 'tcp6'), `${[head, ...v6].join('\n')}\n`);
}

const isLittle = os.endianness() === 'LE';
const own = row('0100007F:1F90 0100007F:C001', 0, 70);

describe.runIf(isLittle)('the table as the kernel prints it', () => {
  test('tells the uid of the other end, not of this one', () => {
    tables([own, row('0100007F:C001 0100007F:1F90', 1000, 71)]);
    expect(tcpPeerUid(connection, [tablesIn(folder)])).toBe(1000);
  });

  test('tells it of an IPv6 socket that speaks IPv4, whose row is in the other table', () => {
    const mapped = '0000000000000000FFFF00000100007F';
    tables([own], [row(`${mapped}:C001 ${mapped}:1F90`, 1001, 71)]);
    expect(tcpPeerUid(connection, [tablesIn(folder)])).toBe(1001);
  });

  test('is not fooled by the same ports between other addresses', () => {
    tables([own, row('0500000A:C001 0600000A:1F90', 0, 71)]);
    expect(tcpPeerUid(connection, [tablesIn(folder)])).toBe('nobody');
  });

  test('knows nobody behind a connection that is closed: its uid is 0 whoever it was', () => {
    tables([own, row('0100007F:C001 0100007F:1F90', 0, 0)]);
    expect(tcpPeerUid(connection, [tablesIn(folder)])).toBe('nobody');
  });
});

test('a system without such a table, or with an empty one, tells nothing', () => {
  expect(tcpPeerUid(connection, [tablesIn(path.join(folder, 'none'))])).toBe('untold');
  tables([]);
  expect(tcpPeerUid(connection, [tablesIn(folder)])).toBe('untold');
});

test('who knows nothing of a connection leaves it to the next', () => {
  expect(tcpPeerUid(connection, [() => null, () => 1002])).toBe(1002);
  expect(tcpPeerUid(connection, [])).toBe('untold');
});

describe.runIf(process.platform === 'linux')('a real connection', () => {
  const sources = [
    ['the kernel', askKernel],
    ['its tables', tablesIn('/proc/net')],
  ] as const;
  const hosts = [
    ['IPv4', '127.0.0.1'],
    ['IPv6 that speaks IPv4', '::ffff:127.0.0.1'],
  ] as const;
  const cases = sources.flatMap(([who, source]) =>
    hosts.map(([what, host]) => [who, what, source, host] as const),
  );
  test.each(cases)(
    'is ours to %s by %s while it is open, and nobody’s afterwards',
    async (_who, _what, source, host) => {
      const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = net.connect({ port: (server.address() as net.AddressInfo).port, host });
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
      const ends = { localAddress, localPort, remoteAddress, remotePort };
      expect(tcpPeerUid(ends, [source])).toBe(process.getuid?.());
      // Half closed: it may still read.
      client.end();
      socket.resume();
      await once(socket, 'end');
      expect(tcpPeerUid(ends, [source])).toBe(process.getuid?.());
      client.destroy();
      await until(() => expect(tcpPeerUid(ends, [source])).toBe('nobody'));
      socket.destroy();
      server.close();
    },
  );

  test('is not taken for a listener on its port', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const octets = [127, 0, 0, 1];
    const listener = { octets, port: (server.address() as net.AddressInfo).port };
    for (const [, source] of sources) expect(source(listener, { octets, port: 1 })).toBeNull();
    server.close();
  });
});

describe('what keeps it from being known', () => {
  const missing = { native: null, why: 'koffi is not installed' };

  test('is told by its cause, and whether it is only slower', () => {
    expect(tcpPeerLack('darwin')).toBe('darwin does not tell whose a connection is');
    writeFileSync(path.join(folder, 'tcp'), head);
    expect(tcpPeerLack('linux', missing, folder)).toMatch(/^koffi is not installed: .* takes longer$/);
    rmSync(path.join(folder, 'tcp'));
    expect(tcpPeerLack('linux', missing, folder)).toMatch(/^koffi is not installed, and .* cannot be read$/);
  });
});
