// The composition root: builds a broker from the real world, in the order that safety needs, and ends it.

import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { currentPrincipal } from '../identity/os-user.ts';
import { takeInstanceLock } from '../store/instance-lock.ts';
import { openStore } from '../store/open.ts';
import { systemClock } from '../system/clock.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { failpoint } from '../system/failpoint.ts';
import { createKeychain } from '../system/keychain.ts';
import { openLogFile } from '../system/log-file.ts';
import type { Paths } from '../system/paths.ts';
import { systemRandom } from '../system/random.ts';
import { createRedactor } from '../system/redact.ts';
import { createSecretResolver } from '../system/secret-reference.ts';
import { version } from '../system/version.ts';
import { type Broker, type Timing, usualTiming } from './broker.ts';
import { startExpiry } from './expiry.ts';
import { watchIdle } from './idle.ts';
import { createLedger } from './ledger.ts';
import { holdPolicy } from './policy-holder.ts';
import { writePromptState } from './prompt-state.ts';
import { createProviders, kinds } from './providers.ts';
import { startReconciling } from './reconcile.ts';
import { recover } from './recovery.ts';
import { createBrokerServer } from './server.ts';
import { listen, removeSocket, socketInode } from './socket.ts';
import { stop } from './stop.ts';

/** How often the broker makes sure that its socket is still its own. */
const takeoverLook = 5_000;

/** A broker that serves. `ended` settles when it has let go of everything. */
export interface RunningBroker {
  readonly broker: Broker;
  readonly ended: Promise<void>;
  /** Revokes what is open, then ends. */
  stop(cause: string): Promise<void>;
}

/**
 * Starts the broker of this user, or answers null when one runs already.
 * @param hardening what hardening.ts reached, told in `hello` and in the log
 * @throws JitError `ERR_UNSAFE_PATH`, `ERR_AUDIT_INVALID`, `ERR_AUDIT_UNAVAILABLE`
 */
export async function startBroker(
  paths: Paths,
  hardening: Readonly<Record<string, string>>,
  timing: Timing = usualTiming,
): Promise<RunningBroker | null> {
  ensurePrivateDirectory(paths.stateDir);
  ensurePrivateDirectory(paths.runDir);
  const lock = takeInstanceLock(paths.lock);
  if (lock === null) return null;
  const clock = systemClock;
  const redactor = createRedactor();
  const log = openLogFile({ path: paths.log, clock, redactor });
  const random = systemRandom;
  const store = openStore({ path: paths.database, clock, random });
  const ledger = createLedger(store, clock, log);
  const providers = createProviders({
    clock,
    random,
    origin: store.origin,
    resolveSecret: createSecretResolver({
      env: process.env,
      keychain: createKeychain(),
      onSecret: (secret) => redactor.add(secret),
    }),
  });
  let finish = (_cause: string): void => undefined;
  const broker: Broker = {
    version,
    paths,
    owner: currentPrincipal(),
    startedAt: clock.now(),
    hardening,
    timing,
    clock,
    random,
    log,
    ledger,
    policy: holdPolicy(paths.configFile, kinds, ledger, clock),
    providers,
    changes: new EventEmitter<{ change: [string] }>().setMaxListeners(0),
    revocations: new Map(),
    steps: new Map(),
    stopping: false,
    end: (cause) => finish(cause),
  };
  ensurePrivateDirectory(paths.grantsDir);
  const recovered = ledger.openLeases().length;
  ledger.write({
    events: [
      {
        type: 'broker.start',
        at: clock.now(),
        data: { version, pid: process.pid, hardening: { ...hardening }, recovered },
      },
    ],
  });
  recover(broker);
  writePromptState(broker);
  failpoint('start.before-listen');
  const idle = watchIdle(broker, () => void stop(broker, 'idle'));
  const server = createBrokerServer(broker, () => idle.touch());
  await listen(server, paths, random);
  const watch = guardSocket(broker, server);
  const stopExpiry = startExpiry(broker);
  const stopReconciling = startReconciling(broker);
  log.info(`broker ${version} serves, pid ${process.pid}, ${recovered} leases to recover`);

  const ended = new Promise<void>((resolve) => {
    finish = (cause) => {
      finish = () => undefined;
      idle.stop();
      stopExpiry();
      stopReconciling();
      watch.stop();
      // The answer to `stop` is still on its way: the server closes when it has been sent.
      server.close(() => {
        void close(broker, cause).finally(() => {
          lock.release();
          resolve();
        });
      });
      server.closeIdleConnections();
      clock.after(1_000, () => server.closeAllConnections());
    };
  });
  return {
    broker,
    ended,
    async stop(cause) {
      await stop(broker, cause);
      await ended;
    },
  };
}

async function close(broker: Broker, cause: string): Promise<void> {
  const open = broker.ledger.openLeases().length;
  const event = { type: 'broker.stop', at: broker.clock.now(), data: { cause, open_leases: open } } as const;
  broker.ledger.writeRevocation({ events: [event] });
  broker.log.info(`broker ends: ${cause}, ${open} leases open`);
  await broker.providers.close();
  broker.ledger.store.close();
}

/** A socket that was replaced or removed while we live is put back; the log says so. */
function guardSocket(broker: Broker, server: Server): { stop(): void } {
  let inode = socketInode(broker.paths);
  let cancel = (): void => undefined;
  const look = (): void => {
    if (socketInode(broker.paths) !== inode) {
      broker.log.warn(
        'the socket was replaced or removed by somebody else; the broker ends and is started anew',
      );
      broker.end('socket taken over');
      return;
    }
    cancel = broker.clock.after(takeoverLook, look);
  };
  cancel = broker.clock.after(takeoverLook, look);
  server.once('close', () => removeSocket(broker.paths, inode));
  return {
    stop() {
      cancel();
      removeSocket(broker.paths, inode);
      inode = null;
    },
  };
}
