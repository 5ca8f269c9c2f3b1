// The one door to code that is too slow to load at every start: the broker's own, and the demo.

import { envReferences } from '../client/env-references.ts';
import type { Offline, OpenBroker } from '../protocol/offline.ts';
import { brokerEnvironment } from '../system/environment.ts';
import { resolvePaths } from '../system/paths.ts';
import type { DemoOptions } from './world.ts';

/** What works without a running broker. */
export async function loadOffline(): Promise<Offline> {
  const { offline } = await import('../broker/offline.ts');
  return offline;
}

/** A broker in this process, which sees of `env` what one beside it would see; null when another one runs. */
export async function openBroker(config: string | null, env: NodeJS.ProcessEnv): Promise<OpenBroker | null> {
  const offline = await loadOffline();
  const { configFile } = resolvePaths(env, { config });
  return offline.openBroker(config, brokerEnvironment(env, envReferences(configFile)));
}

/** `jit demo`; answers the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { runDemo: run } = await import('../demo/main.ts');
  return run({ ...options, out: (text: string) => process.stdout.write(text) });
}
