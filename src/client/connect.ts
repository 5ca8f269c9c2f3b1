// From nothing to a client: checks the way to the socket, connects, starts a broker when none answers.

import type { Socket } from 'node:net';
import { JitError } from '../core/errors.ts';
import { checkPrivateDirectory, refuseForeignIdentity } from '../system/directories.ts';
import { errnoOf } from '../system/errno.ts';
import type { Paths } from '../system/paths.ts';
import { type Client, createClient } from './client.ts';
import { busy, connectOnce, delay, nobody, patience, pause } from './socket.ts';
import { createStarter } from './starter.ts';
import { createTransport } from './transport.ts';

/** What {@link connect} is told. */
export interface ConnectOptions {
  readonly paths: Paths;
  /** Absolute path of the config that the caller means. */
  readonly configPath: string;
  /** Start a broker when none answers. */
  readonly start: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Called once when it takes longer than 300 ms. */
  readonly onSlow?: () => void;
  /** Another program as the broker. */
  readonly brokerEntry?: string;
  /** Longest wait for a broker in milliseconds, not counting the start of one; 10 s when not given. */
  readonly timeout?: number;
}

/**
 * A client of the running broker, or of the one that this call starts. The connection is open when it returns.
 * @throws JitError `ERR_UNSAFE_PATH` when the socket's directory is not private or HOME is somebody else's, `ERR_BROKER_UNREACHABLE` when
 * no broker answers, `ERR_BROKER_BUSY` when it takes no more connections, or what a broker said as it failed to start
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  refuseForeignIdentity(options.env ?? process.env);
  const socket = await reach(options);
  // Until it is used it must not keep the process alive, nor end it when the broker goes away.
  socket.unref();
  socket.on('error', () => undefined);
  return createClient(
    createTransport({ socket: options.paths.socket, configPath: options.configPath, first: socket }),
  );
}

async function reach(options: ConnectOptions): Promise<Socket> {
  // Not by `performance`, which Node loads at its first use.
  const began = process.uptime();
  const elapsed = () => (process.uptime() - began) * 1000;
  const limit = options.timeout ?? patience;
  const starter = options.start
    ? createStarter({
        ...options,
        env: options.env ?? process.env,
        log: options.paths.log,
        runDir: options.paths.runDir,
        longestWait: limit / 2,
      })
    : null;
  let { onSlow } = options;
  try {
    for (let attempt = 0; ; attempt += 1) {
      checkPrivateDirectory(options.paths.runDir);
      // Read before the attempt: when another broker came up meanwhile, that this one failed does not matter.
      const failure = starter?.failure();
      try {
        return await connectOnce(options.paths.socket);
      } catch (error) {
        const isFull = errnoOf(error) === 'EAGAIN';
        const isNobody = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ECONNREFUSED';
        if (failure) throw failure;
        if (!isFull && !(isNobody && starter)) throw nobody(error);
        if (elapsed() > limit + (starter?.lead() ?? 0))
          throw isFull ? busy(error) : late(options.paths, error);
        if (isNobody) await starter?.startUnlessOnItsWay();
      }
      if (elapsed() > 300) {
        onSlow?.();
        onSlow = undefined;
      }
      await delay(pause(attempt));
    }
  } finally {
    starter?.letGo();
  }
}

function late(paths: Paths, cause: unknown): JitError {
  return new JitError('ERR_BROKER_UNREACHABLE', `no broker answers on "${paths.socket}"`, {
    hint: `see ${paths.log}; a broker started with another XDG_RUNTIME_DIR holds the same state, stop it there: jit broker stop`,
    cause,
  });
}
