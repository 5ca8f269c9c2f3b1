// The one door to code that is too slow to load at every start: the broker's own, and the demo.

import type { Offline } from '../protocol/offline.ts';
import type { DemoOptions } from './world.ts';

/** What works without a running broker. */
export async function loadOffline(): Promise<Offline> {
  const { offline } = await import('../broker/offline.ts');
  return offline;
}

/** `jit demo`; answers the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { runDemo: run } = await import('../demo/main.ts');
  return run({ ...options, out: (text: string) => process.stdout.write(text) });
}
