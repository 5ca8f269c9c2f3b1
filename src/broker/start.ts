// The composition root: builds a broker from the real world, in the order that safety needs, and ends it.

import { EventEmitter } from 'node:events';
import { currentPrincipal } from '../identity/os-user.ts';
import { fileHeadKeeper } from '../store/head-keeper.ts';
import { keepLater } from '../store/heads-later.ts';
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
import { mayOweAlerts } from './alerts/owed.ts';
import { type Broker, type Timing, usualTiming } from './broker.ts';
import { createDeviceKey } from './device-key.ts';
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
import { startSync } from './sync.ts';
import { startWatching, type Watching, type WatchSettings, watchSettings } from './watching.ts';

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
  const heads = keepLater(fileHeadKeeper(paths.heads), setImmediate);
  const store = openStore({ path: paths.database, clock, random, heads });
  const ledger = createLedger(store, clock, log);
  const helper = helperCommand(paths.configFile);
  const questions = createDesk(clock, random);
  const keychain = createKeychain();
  const resolveSecret = createSecretResolver({
    env: process.env,
    keychain,
    onSecret: (secret) => redactor.add(secret),
  });
  const providers = createProviders({
    clock,
    random,
    ...(helper !== null && { helperCommand: helper }),
    origin: store.origin,
    sealer: createSealer({ keychain, origin: store.origin, file: paths.sealKey, random }),
    resolveSecret,
    askInput: (asked) => questions.ask(asked),
    showNotice: (notice) => questions.show(notice),
  });
  let configured = (_config: WatchSettings): void => undefined;
  const policy = holdPolicy(paths.configFile, kinds, ledger, clock, (config) => {
    writeNames(paths.names, config, log);
    configured(config);
    broker.sync.touch();
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
    redact: (text) => redactor.redact(text),
    ledger,
    policy,
    deviceKey: createDeviceKey({ ledger, keychain, file: paths.deviceKey, clock, random, log }),
    sync: startSync({ ledger, policy, clock, random, log, resolveSecret, file: paths.synced }),
    providers,
    questions,
    changes: new EventEmitter<{ change: [string] }>().setMaxListeners(0),
    revocations: new Map(),
    issuing: new Map(),
    steps: new Map(),
    endpoints: new Map(),
    refreshing: new Map(),
    irrevocable: new Map(),
    alerting: new Map(),
    tombstones: new Map(),
    stopping: false,
    end: (cause) => finish(cause),
  };
  ensurePrivateDirectory(paths.grantsDir);
  const recovered = ledger.openLeases().length;
  const started = { version, pid: process.pid, hardening: { ...hardening }, recovered };
  const start = { events: [{ type: 'broker.start', at: clock.now(), data: started } as const] };
  // A log that was set back or damaged takes revocations only, and those are what such a broker is there for.
  if (store.stopped) ledger.writeRevocation(start);
  else ledger.write(start);
  const { env, platform } = process;
  const watching = startWatching(broker, { resolveSecret, onSecret: broker.onSecret, env, platform });
  configured = watching.configure;
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
  broker.deviceKey.start();
  const stopExpiry = startExpiry(broker);
  const stopNudging = startNudging(broker);
  const stopReconciling = startReconciling(broker);
  // Otherwise the first request brings the configuration, and nothing happens before it that people would have to be told.
  if (recovered > 0 || store.stopped !== null || mayOweAlerts(broker))
    void watchSettings(broker).then(watching.configure);
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
        .then(() => close(broker, cause, watching, stopNudging))
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

/** How long an ending broker tries to tell others of its end: alerts, the keychain. */
const lastPush = 2_000;

async function close(
  broker: Broker,
  cause: string,
  watching: Watching,
  stopNudging: () => void,
): Promise<void> {
  await closeEndpoints(broker);
  stopNudging();
  // Before the last event: what follows from those before it belongs before it, too.
  await watching.close(lastPush);
  const open = broker.ledger.openLeases().length;
  const event = { type: 'broker.stop', at: broker.clock.now(), data: { cause, open_leases: open } } as const;
  broker.ledger.writeRevocation({ events: [event] });
  broker.log.info(`broker ends: ${cause}, ${open} leases open`);
  await broker.sync.close();
  await broker.deviceKey.close(lastPush);
  await broker.providers.close();
  broker.ledger.store.close();
}
