import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PeerCredentials, peerCredentials } from '../../src/system/peer-credentials.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const isRoot = process.getuid?.() === 0;

async function listening(): Promise<{ socket: string; peer: Promise<PeerCredentials | null> }> {
  const socket = path.join(temporaryFolder(), 's');
  const { promise, resolve } = Promise.withResolvers<PeerCredentials | null>();
  const server = http.createServer((request, response) => {
    resolve(peerCredentials(request.socket));
    response.end('{}');
  });
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { socket, peer: promise };
}

const client = `require('node:http').get({socketPath: process.argv[1], path: '/'}, (reply) => reply.resume())`;

describe('peerCredentials', () => {
  it('tells uid and pid of the process that connected', async () => {
    const { socket, peer } = await listening();
    const child = spawn(process.execPath, ['-e', client, socket], { stdio: 'inherit' });
    expect(await peer).toEqual({ uid: process.getuid?.(), pid: child.pid });
    await once(child, 'exit');
  });

  it('tells another user apart', async () => {
    const { socket, peer } = await listening();
    // Only root can become another user. Anybody else shows that the uid is asked for, not taken for root's.
    const become = isRoot ? 'process.setgid(65534); process.setuid(65534);' : '';
    chmodSync(path.dirname(socket), 0o755);
    chmodSync(socket, 0o666);
    const child = spawn(process.execPath, ['-e', `${become} ${client}`, socket], { stdio: 'inherit' });
    expect(await peer).toEqual({ uid: isRoot ? 65534 : process.getuid?.(), pid: child.pid });
    await once(child, 'exit');
  });

  it('knows nobody on a TCP connection or a closed socket', async () => {
    const { promise, resolve } = Promise.withResolvers<net.Socket>();
    const server = net.createServer(resolve).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outgoing = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const incoming = await promise;
    expect(peerCredentials(incoming)).toBeNull();
    outgoing.destroy();
    incoming.destroy();
    server.close();
    await once(server, 'close');
    expect(peerCredentials(incoming)).toBeNull();
  });
});
