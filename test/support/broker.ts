// A broker in this process for tests: real store and policy, a clock that the test moves, a target that fails on demand.

import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Broker, type Caller, type Timing, usualTiming } from '../../src/broker/broker.ts';
import { createDeviceKey } from '../../src/broker/device-key.ts';
import { createLedger } from '../../src/broker/ledger.ts';
import { holdPolicy } from '../../src/broker/policy-holder.ts';
import { createProviders, kinds as vendors } from '../../src/broker/providers.ts';
import { createDesk } from '../../src/broker/questions.ts';
import { startSync } from '../../src/broker/sync.ts';
import type { Session } from '../../src/core/grant.ts';
import { Secret } from '../../src/core/secret.ts';
import type { ElevateRequest } from '../../src/protocol/routes.ts';
import type { ProviderTools } from '../../src/providers/provider.ts';
import { fileHeadKeeper } from '../../src/store/head-keeper.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import type { Clock } from '../../src/system/clock.ts';
import type { Keychain } from '../../src/system/keychain.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import { ownSession } from '../../src/system/process-info.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createRedactor } from '../../src/system/redact.ts';
import { FakeClock } from '../fakes/clock.ts';
import { createFakeTarget, type FakeTarget } from '../fakes/provider.ts';
import { createMemoryKeychain } from './keychain.ts';
import { wish } from './request.ts';

/** What the tests' configuration allows `user:ada`: reading for an hour, writing for ten minutes with a reason. */
export const testConfig = `
version: 1
targets:
  fake-db:
    provider: fake
    risk: high
    roles:
      read: {}
      write: {}
      admin: {}
  other-db:
    provider: fake
    max_duration: 5m
    roles:
      read: {}
groups:
  developers: [user:ada]
entitlements:
  - { name: read, who: ["group:developers"], roles: ["*:read"], max_duration: 1h }
  - { name: write, who: ["group:developers"], roles: ["fake-db:write"], max_duration: 10m, on_restart: resume, reason: { required: true } }
  - { name: admin, who: ["group:developers"], roles: ["fake-db:admin"], max_duration: 10m, approvals: { count: 1, from: ["user:grace"] } }
`;

/** A broker under test with everything it can be poked by. */
export interface TestBroker {
  readonly broker: Broker;
  readonly clock: FakeClock;
  readonly target: FakeTarget;
  readonly store: Store;
  readonly ended: string[];
  /** Types of the events so far, in order. */
  types(): string[];
  /** The same files under a new broker, as after a crash. */
  restart(): TestBroker;
  remove(): void;
}

/** Who asks in tests. */
export const ada: Caller = {
  principal: 'user:ada',
  peer: 'test',
  pid: null,
  signal: new AbortController().signal,
};

/** A minute of reading that is allowed; `changes` make it another. */
export function request(changes: Partial<ElevateRequest> = {}): ElevateRequest {
  return wish({ target: 'fake-db', duration: 60_000, keep: false, session: ownSession(), ...changes });
}

/** A process that has certainly ended. */
export const deadSession: Session = { pid: 2 ** 22 - 1, startTime: '1' };

/** What a test may want to be different. */
export interface TestSetting {
  readonly config?: string;
  /** By reference. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** None answers unless there is one. */
  readonly keychain?: Keychain;
}

/** Builds one in a fresh folder. */
export function createTestBroker(changes: Partial<Timing> = {}, setting: TestSetting = {}): TestBroker {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'jit-broker-'));
  for (const name of ['run', 'state']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  writeFileSync(path.join(dir, 'jit.yaml'), setting.config ?? testConfig);
  return build(dir, new FakeClock(), createFakeTarget(), { ...usualTiming, ...changes }, setting);
}

/** What a broker in this process is made of. */
interface Parts {
  /** Holds `run`, `state` and `jit.yaml`. */
  readonly dir: string;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly owner?: string;
  readonly resolveSecret: ProviderTools['resolveSecret'];
  /** The vendors of this build unless told otherwise. */
  readonly kinds?: Parameters<typeof createProviders>[1];
  readonly keychain?: Keychain;
}

const noKeychain = createMemoryKeychain();
noKeychain.isLocked = true;

/** A broker with real store and policy, that nobody serves and whose clock nobody watches yet. */
export function assembleBroker({ dir, clock, timing, kinds, resolveSecret, owner, keychain }: Parts): {
  broker: Broker;
  store: Store;
  ended: string[];
} {
  const paths = resolvePaths({
    HOME: dir,
    XDG_RUNTIME_DIR: path.join(dir, 'run'),
    XDG_STATE_HOME: path.join(dir, 'state'),
    JIT_CONFIG: path.join(dir, 'jit.yaml'),
  });
  for (const folder of [paths.stateDir, paths.runDir, paths.grantsDir]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const store = openStore({
    path: paths.database,
    clock,
    random: systemRandom,
    heads: fileHeadKeeper(paths.heads),
  });
  const ledger = createLedger(store, clock, log);
  const questions = createDesk(clock, systemRandom);
  const tools = {
    askInput: questions.ask,
    clock,
    random: systemRandom,
    origin: store.origin,
    resolveSecret,
  };
  const redactor = createRedactor();
  const ended: string[] = [];
  const policy = holdPolicy(paths.configFile, kinds ?? vendors, ledger, clock);
  const broker: Broker = {
    version: 'test',
    paths,
    job: null,
    owner: owner ?? ada.principal,
    startedAt: clock.now(),
    hardening: {},
    timing,
    clock,
    random: systemRandom,
    log,
    onSecret: (secret) => redactor.add(secret),
    redact: (text) => redactor.redact(text),
    ledger,
    policy,
    deviceKey: createDeviceKey({
      ...{ ledger, clock, log },
      random: systemRandom,
      keychain: keychain ?? noKeychain,
      file: paths.deviceKey,
    }),
    sync: startSync({ ledger, policy, clock, random: systemRandom, log, resolveSecret, file: paths.synced }),
    providers: createProviders(tools, kinds),
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
    end: (cause) => ended.push(cause),
  };
  return { broker, store, ended };
}

function build(
  dir: string,
  clock: FakeClock,
  target: FakeTarget,
  timing: Timing,
  setting: TestSetting,
): TestBroker {
  const kinds = [{ ...target.kind, load: async () => target.kind as never }] as never;
  const { broker, store, ended } = assembleBroker({
    dir,
    clock,
    timing,
    kinds,
    ...(setting.keychain && { keychain: setting.keychain }),
    resolveSecret: async (reference) => {
      const known = setting.secrets?.[reference];
      if (known === undefined) throw new Error(`no such secret in this test: ${reference}`);
      return new Secret(known);
    },
  });
  return {
    broker,
    clock,
    target,
    store,
    ended,
    types: () => store.events().map(({ body }) => body.type),
    restart() {
      store.close();
      return build(dir, clock, target, timing, setting);
    },
    remove() {
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
