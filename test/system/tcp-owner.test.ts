import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askerLabel, processLabel } from '../../src/system/process-info.ts';
import { tcpPeerPid } from '../../src/system/tcp-owner.ts';

let server: net.Server;
beforeEach(async () => {
  server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

const ends = ({ localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 }: net.Socket) => ({
  ...{ localAddress, localPort, remoteAddress, remotePort },
});

test.skipIf(process.platform !== 'linux')(
  'the process at the other end is found, by IPv4 and by an IPv6 socket',
  async () => {
    const { port } = server.address() as net.AddressInfo;
    for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
      const connected = once(server, 'connection');
      const script = `require('node:net').connect(${port}, '${host}'); setTimeout(() => {}, 60000)`;
      const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
      const [socket] = (await connected) as [net.Socket];
      expect(tcpPeerPid(ends(socket)), host).toBe(child.pid);
      expect(processLabel(child.pid ?? 0)).toBe(`node (${child.pid})`);
      expect(askerLabel(child.pid ?? 0)).toBe(`node (${process.pid})`);
      socket.on('error', () => undefined).destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  },
);

test('nobody is named for a connection that there is not, nor where the system does not tell', async () => {
  const none = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
  expect(tcpPeerPid(none)).toBeNull();
  expect(tcpPeerPid(none, '/nonexistent')).toBeNull();
});
