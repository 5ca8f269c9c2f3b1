// The composition root: builds a broker from the real world, in the order that safety needs, and ends it.

import { EventEmitter } from 'node:events';
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
import { createSealer } from '../system/seal.ts';
import { createSecretResolver } from '../system/secret-reference.ts';
import { version } from '../system/version.ts';
import { type Broker, type Timing, usualTiming } from './broker.ts';
import { openDoor } from './door.ts';
import { closeEndpoints } from './endpoint.ts';
import { startExpiry } from './expiry.ts';
import { helperCommand } from './helper-command.ts';
import { watchIdle } from './idle.ts';
import { createLedger } from './ledger.ts';
import { writeNames } from './names.ts';
import { startNudging } from './nudge.ts';
import { holdPolicy } from './policy-holder.ts';
import { writePromptState } from './prompt-state.ts';
import { createProviders, kinds } from './providers.ts';
import { createDesk } from './questions.ts';
import { startReconciling } from './reconcile.ts';
import { recover } from './recovery.ts';
import { stop } from './stop.ts';

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
  const helper = helperCommand(paths.configFile);
  const questions = createDesk(clock, random);
  const keychain = createKeychain();
  const providers = createProviders({
    clock,
    random,
    ...(helper !== null && { helperCommand: helper }),
    origin: store.origin,
    sealer: createSealer({ keychain, origin: store.origin, file: paths.sealKey, random }),
    resolveSecret: createSecretResolver({
      env: process.env,
      keychain,
      onSecret: (secret) => redactor.add(secret),
    }),
    askInput: (asked) => questions.ask(asked),
    showNotice: (notice) => questions.show(notice),
  });
  let finish = (_cause: string): void => undefined;
  const broker: Broker = {
    version,
    paths,
    job: process.env['JIT_JOB'] ?? null,
    owner: currentPrincipal(),
    startedAt: clock.now(),
    hardening,
    timing,
    clock,
    random,
    log,
    onSecret: (secret) => redactor.add(secret),
    ledger,
    policy: holdPolicy(paths.configFile, kinds, ledger, clock, (config) =>
      writeNames(paths.names, config, log),
    ),
    providers,
    questions,
    changes: new EventEmitter<{ change: [string] }>().setMaxListeners(0),
    revocations: new Map(),
    issuing: new Map(),
    steps: new Map(),
    endpoints: new Map(),
    refreshing: new Map(),
    irrevocable: new Map(),
    tombstones: new Map(),
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
  // What goes on is shown with the risk of its target, which only the configuration knows.
  if (recovered > 0)
    void broker.policy.config().then(
      () => writePromptState(broker),
      () => undefined,
    );
  failpoint('start.before-listen');
  const idle = watchIdle(broker, () => void stop(broker, 'idle'));
  const door = await openDoor(broker, () => idle.touch());
  const stopExpiry = startExpiry(broker);
  const stopNudging = startNudging(broker);
  const stopReconciling = startReconciling(broker);
  log.info(`broker ${version} serves, pid ${process.pid}, ${recovered} leases to recover`);

  const ended = new Promise<void>((resolve) => {
    finish = (cause) => {
      finish = () => undefined;
      idle.stop();
      stopExpiry();
      stopReconciling();
      // The answer to `stop` is still on its way: the door shuts when it has been sent.
      void door
        .close()
        .then(() => close(broker, cause, stopNudging))
        .finally(() => {
          lock.release();
          resolve();
        });
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

async function close(broker: Broker, cause: string, stopNudging: () => void): Promise<void> {
  await closeEndpoints(broker);
  stopNudging();
  const open = broker.ledger.openLeases().length;
  const event = { type: 'broker.stop', at: broker.clock.now(), data: { cause, open_leases: open } } as const;
  broker.ledger.writeRevocation({ events: [event] });
  broker.log.info(`broker ends: ${cause}, ${open} leases open`);
  await broker.providers.close();
  broker.ledger.store.close();
}
