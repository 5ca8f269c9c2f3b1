// The broker's door in this process: a real server on a real socket over a broker under test, and one who knocks.

import type { Server } from 'node:http';
import { createBrokerServer } from '../../src/broker/server.ts';
import { listen } from '../../src/broker/socket.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createTestBroker, type TestBroker } from './broker.ts';
import { format, type RawReply, sendRaw } from './raw-http.ts';

/** An open door. */
export interface Doorway extends TestBroker {
  readonly server: Server;
  /** How often somebody was let in. */
  asked(): number;
  send(...bytes: (string | Buffer)[]): Promise<RawReply>;
  post(verb: string, body: string | Buffer): Promise<RawReply>;
  status(): Promise<RawReply>;
  close(): Promise<void>;
}

/** Opens one in a fresh folder. */
export async function openDoorway(): Promise<Doorway> {
  const world = createTestBroker();
  let asked = 0;
  const server = createBrokerServer(world.broker, () => {
    asked += 1;
  });
  await listen(server, world.broker.paths, systemRandom);
  const send = (...bytes: (string | Buffer)[]) => sendRaw(world.broker.paths.socket, ...bytes);
  return {
    ...world,
    server,
    asked: () => asked,
    send,
    post: (verb, body) => send(format('POST', `/v1/${verb}`, body)),
    status: () => send(format('GET', '/v1/status')),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      world.remove();
    },
  };
}
