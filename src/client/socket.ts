// Opens one connection to the broker's socket. Owns: waiting out a full queue. Must not: start a broker.

import net from 'node:net';
import { JitError } from '../core/errors.ts';
import { errnoOf, errnoText } from '../system/errno.ts';
import { jitter } from '../system/random.ts';

/** How long a full queue or a starting broker is waited for, in milliseconds. */
export const patience = 10_000;

/** One attempt. Rejects with the system's error. */
export function connectOnce(path: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/**
 * A connection to a broker that is known to run: when its queue is full (EAGAIN), tries again for 10 s.
 * @throws JitError `ERR_BROKER_BUSY` when the queue stays full, `ERR_BROKER_UNREACHABLE` when nobody listens
 */
export async function openSocket(path: string): Promise<net.Socket> {
  const started = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connectOnce(path);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw nobody(error);
      if (performance.now() - started > patience) throw busy(error);
    }
    await delay(pause(attempt));
  }
}

/** Milliseconds before the next attempt: 5, 10, 20 … 100, half of it by chance so that crowds spread out. */
export function pause(attempt: number): number {
  const longest = Math.min(5 * 2 ** Math.min(attempt, 5), 100);
  return longest * (0.5 + jitter() / 2);
}

/** Waits that many milliseconds; unlike those of a Clock, this wait keeps the process alive. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Nobody listens on the socket. */
export function nobody(cause: unknown): JitError {
  return new JitError(
    'ERR_BROKER_UNREACHABLE',
    `cannot reach the broker: ${reasons[errnoOf(cause)] ?? errnoText(cause)}`,
    {
      hint: 'start it: jit broker start',
      cause,
    },
  );
}

/** The broker runs and takes no more connections. */
export function busy(cause: unknown): JitError {
  return new JitError('ERR_BROKER_BUSY', 'cannot reach the broker: it has too many connections', {
    hint: 'try again in a moment',
    cause,
  });
}

const reasons: Record<string, string> = {
  ENOENT: 'it is not running',
  ECONNREFUSED: 'it is not running',
  EACCES: 'its socket belongs to somebody else',
};
