// The configuration in force: read when first needed, and again when a file of it has changed. A broken file
// denies every new request; it never stops a revocation, which needs no configuration.

import { statSync } from 'node:fs';
import type { Config, Policy } from '../policy/config.ts';
import type { Clock } from '../system/clock.ts';
import type { Ledger } from './ledger.ts';
import type { ProviderSchema } from './providers.ts';

/** A configuration with the policy made from it. */
export interface InForce {
  readonly config: Config;
  readonly policy: Policy;
}

/**
 * Gives what is in force now. `config` and `current` throw JitError `ERR_CONFIG` when a file is absent or wrong,
 * `ERR_AUDIT_UNAVAILABLE` when a change cannot be recorded.
 */
export interface PolicyHolder {
  readonly path: string;
  /** What was read last, without a look at the disk; null before the first time. */
  readonly latest: Config | null;
  config(): Promise<Config>;
  /** Loads the policy engine (some 50 MB) at the first call. */
  current(): Promise<InForce>;
}

/**
 * Holds the configuration at `path`; each change of it becomes an audit event before it counts.
 * @param loaded told of each configuration that counts from now on; must not throw
 */
export function holdPolicy(
  path: string,
  kinds: readonly ProviderSchema[],
  ledger: Ledger,
  clock: Clock,
  loaded: (config: Config) => void = () => undefined,
): PolicyHolder {
  let files: readonly string[] = [path];
  let seen = '';
  let latest: Config | null = null;
  let loading: Promise<Config> | null = null;
  const policies = new WeakMap<Config, Promise<Policy>>();

  async function load(): Promise<Config> {
    // Imported here: a broker that nobody asks for anything does without the parser.
    const { readConfig } = await import('./read-config.ts');
    // Each before it is read: a change made meanwhile is then seen at the next call.
    const read = new Map<string, string>();
    const config = readConfig(path, kinds, (file) => read.set(file, fingerprint(file)));
    const { digest, targets, entitlements } = config;
    const data = { digest, path, targets: targets.size, entitlements: entitlements.length };
    const entry = { events: [{ type: 'policy.load', at: clock.now(), data } as const] };
    // Nothing is issued from a log that was set back or damaged, and people still want to see what there is.
    if (ledger.store.stopped) ledger.writeRevocation(entry);
    else ledger.write(entry);
    files = [...read.keys()];
    seen = [...read.values()].join();
    latest = config;
    loaded(config);
    return config;
  }

  function config(): Promise<Config> {
    const now = files.map(fingerprint).join();
    if (loading !== null && now === seen) return loading;
    seen = now;
    const started = load();
    loading = started;
    // A failure is told to whoever asked, and tried again at the next call.
    started.catch(() => {
      if (loading === started) loading = null;
    });
    return started;
  }

  return {
    path,
    get latest() {
      return latest;
    },
    config,
    async current() {
      const fresh = await config();
      const { createPolicy } = await import('../policy/decide.ts');
      const policy = policies.get(fresh) ?? createPolicy(fresh);
      policies.set(fresh, policy);
      return { config: fresh, policy: await policy };
    },
  };
}

/** Cheap to compare at every request. */
function fingerprint(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return 'absent';
  }
}
