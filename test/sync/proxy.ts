// Between a broker and its store: sees when an append was sent, and may keep the answer back.

import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';

/** What happens once an append was sent. */
export interface Trap {
  /** The answer does not get through. */
  readonly keepAnswer: boolean;
  /** Called once: when the append was passed on, or, with `keepAnswer`, when the server has answered it. */
  spring(): void;
}

/** A proxy on a port of its own. */
export interface Proxy {
  readonly port: number;
  /** For the next append. */
  set(trap: Trap): void;
  close(): Promise<void>;
}

/** @param socketDir folder of the server's Unix socket */
export async function startProxy(socketDir: string, serverPort: number): Promise<Proxy> {
  let trap: Trap | null = null;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(path.join(socketDir, `.s.PGSQL.${serverPort}`));
    let sprung: Trap | null = null;
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
      if (!sprung.keepAnswer) sprung.spring();
    });
    upstream.on('data', (data) => {
      if (!sprung?.keepAnswer) client.write(data);
      else sprung.spring();
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
