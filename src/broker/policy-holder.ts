// The configuration in force: read at start, and again when the file has changed. A broken file denies
// every new request; it never stops a revocation, which needs no configuration.

import { readFileSync, statSync } from 'node:fs';
import { JitError } from '../core/errors.ts';
import type { Config, Policy } from '../policy/config.ts';
import { createPolicy } from '../policy/decide.ts';
import { type LoadedConfig, loadConfig } from '../policy/load.ts';
import type { Clock } from '../system/clock.ts';
import type { Ledger } from './ledger.ts';
import type { ProviderSchema } from './providers.ts';

/** A configuration with the policy made from it. */
export interface InForce {
  readonly config: Config;
  readonly policy: Policy;
}

/** Gives what is in force now. Both throw JitError `ERR_CONFIG` when the file is absent or wrong,
 * `ERR_AUDIT_UNAVAILABLE` when a change of it cannot be recorded. */
export interface PolicyHolder {
  readonly path: string;
  config(): Config;
  /** Loads the policy engine (some 50 MB) at the first call. */
  current(): Promise<InForce>;
}

/** Reads and checks a configuration file. @throws JitError `ERR_CONFIG` */
export function readConfig(path: string, kinds: readonly ProviderSchema[]): LoadedConfig {
  return loadConfig({ path, text: readBytes(path), kinds, readFile: readBytes });
}

/** Holds the configuration at `path`; each change of it becomes an audit event before it counts. */
export function holdPolicy(
  path: string,
  kinds: readonly ProviderSchema[],
  ledger: Ledger,
  clock: Clock,
): PolicyHolder {
  let seen = '';
  let loaded: LoadedConfig | null = null;
  let policy: Promise<Policy> | null = null;

  function config(): LoadedConfig {
    const now = [path, ...(loaded?.cedarFiles ?? []).map((file) => file.path)].map(fingerprint).join();
    if (loaded !== null && now === seen) return loaded;
    loaded = null;
    policy = null;
    const fresh = readConfig(path, kinds);
    const { digest, targets, entitlements } = fresh;
    const data = { digest, path, targets: targets.size, entitlements: entitlements.length };
    ledger.write({ events: [{ type: 'policy.load', at: clock.now(), data }] });
    seen = [path, ...fresh.cedarFiles.map((file) => file.path)].map(fingerprint).join();
    loaded = fresh;
    return fresh;
  }

  return {
    path,
    config,
    async current() {
      const fresh = config();
      policy ??= createPolicy(fresh);
      return { config: fresh, policy: await policy };
    },
  };
}

/** Cheap to compare at every request. */
function fingerprint(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return 'absent';
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = absent ? 'there is no such file' : 'it cannot be read';
    throw new JitError('ERR_CONFIG', `cannot load the configuration "${path}": ${why}`, {
      hint: absent ? 'jit init' : `check the permissions of ${path}`,
      cause,
    });
  }
}
