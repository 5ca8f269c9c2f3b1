// Between a broker and its store: sees when an append was sent, and may keep the answer back.

import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';

/** What happens once an append was sent. */
export interface Trap {
  /** The answer does not get through. */
  readonly keepAnswer: boolean;
  /**
   * Called when the append was passed on, or, with `keepAnswer`, when the server has answered it.
   * @param pid the server's process at the other end
   */
  spring(pid: number): void;
}

/** A proxy on a port of its own. */
export interface Proxy {
  readonly port: number;
  /** For the next append. */
  set(trap: Trap): void;
  close(): Promise<void>;
}

/** Begins the message that tells a client which process serves it: type K, twelve bytes. */
const backendKeyData = Buffer.from([0x4b, 0, 0, 0, 12]);

/** @param socketDir folder of the server's Unix socket */
export async function startProxy(socketDir: string, serverPort: number): Promise<Proxy> {
  let trap: Trap | null = null;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(path.join(socketDir, `.s.PGSQL.${serverPort}`));
    let sprung: Trap | null = null;
    let pid = 0;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (data) => {
      upstream.write(data);
      if (!trap || !data.includes('jit.append(')) return;
      sprung = trap;
      trap = null;
      if (!sprung.keepAnswer) sprung.spring(pid);
    });
    upstream.on('data', (data) => {
      const key = data.indexOf(backendKeyData);
      if (pid === 0 && key >= 0) pid = data.readInt32BE(key + backendKeyData.length);
      if (!sprung?.keepAnswer) client.write(data);
      else sprung.spring(pid);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    set(next) {
      trap = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
