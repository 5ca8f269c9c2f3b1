// The one way in: a server behind the socket, and the socket put back when somebody removes or replaces it.
// Owns: servers from their first connection to the last answer. Must not: end the broker or touch a grant.

import type { Server } from 'node:http';
import { toJitError } from '../core/errors.ts';
import type { Broker } from './broker.ts';
import { createBrokerServer } from './server.ts';
import { listen, removeSocket, socketIdentity } from './socket.ts';

/** How often the broker makes sure that its socket is still its own, in milliseconds. */
const takeoverLook = 5_000;
/** How long answers that are on their way may still take at the end, in milliseconds. */
const lastAnswers = 1_000;

/** An open way in. */
export interface Door {
  /** Takes no more connections; settles when those that are being answered have ended, a second later at most. */
  close(): Promise<void>;
  /** Settles when no look at the socket is under way. */
  settled(): Promise<void>;
}

/**
 * Listens, and goes on listening until `close`.
 * @throws JitError `ERR_UNSAFE_PATH` when the run directory is not private
 */
export async function openDoor(broker: Broker, onRequest: () => void): Promise<Door> {
  const { paths, random, clock, log } = broker;
  const ends = new Set<Promise<void>>();
  const servers = new Set<Server>();
  let isClosing = false;
  let isToldStuck = false;

  /** A server of its own each time: one that has listened once cannot listen anew without breaking off callers. */
  async function open(): Promise<{ server: Server; socket: string | null }> {
    const server = createBrokerServer(broker, onRequest);
    return { server, socket: await listen(server, paths, random) };
  }

  function retire(server: Server): void {
    servers.add(server);
    const end = new Promise<void>((resolve) => server.close(() => resolve()));
    ends.add(end);
    void end.then(() => {
      ends.delete(end);
      servers.delete(server);
    });
  }

  async function look(): Promise<void> {
    try {
      if (socketIdentity(paths.socket) !== current.socket) await putBack();
      isToldStuck = false;
    } catch (thrown) {
      if (!isToldStuck) log.error(`cannot put the socket back: ${toJitError(thrown).message}`, thrown);
      isToldStuck = true;
    }
    if (!isClosing) cancel = clock.after(takeoverLook, start);
  }

  async function putBack(): Promise<void> {
    const next = await open();
    // Those whom the old server answers keep it until they have their answer.
    retire(current.server);
    current = next;
    log.warn('the socket was removed or replaced by somebody else, and has been put back');
  }

  let current = await open();
  let looking = Promise.resolve();
  const start = (): void => {
    looking = look();
  };
  let cancel = clock.after(takeoverLook, start);
  return {
    settled: () => looking,
    async close() {
      isClosing = true;
      cancel();
      await looking;
      removeSocket(paths.socket, current.socket);
      retire(current.server);
      clock.after(lastAnswers, () => {
        for (const server of servers) server.closeAllConnections();
      });
      await Promise.all(ends);
    },
  };
}
