// Whether the prompt hook runs in the shell that was started. The hook says so by creating a file at its first prompt.

import { existsSync } from 'node:fs';
import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';

/** The hook of one shell. */
export interface Integration {
  /** Settles when it is known, or when the time to answer is over. */
  readonly settled: Promise<void>;
  /** True once the hook has reached a prompt, however late. */
  isLoaded(): boolean;
  /** Forgets the question; nothing is said any more. */
  stop(): void;
}

/** What watching needs besides the file. */
export interface IntegrationOptions {
  readonly clock: Clock;
  /** How long the shell may take to its first prompt before `warn` is called. */
  readonly readyMs: Milliseconds;
  readonly warn: (line: string) => void;
}

/** A shell that jit has no hook for. */
export const noIntegration: Integration = {
  settled: Promise.resolve(),
  isLoaded: () => false,
  stop: () => undefined,
};

/** Looks for `readyFile` once, when the time is over, and warns when it is missing. */
export function watchReadyFile(readyFile: string, { clock, readyMs, warn }: IntegrationOptions): Integration {
  const isLoaded = () => existsSync(readyFile);
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  const stop = clock.after(readyMs, () => {
    if (!isLoaded())
      warn('the prompt of this shell does not show the grant: the shell is closed when it ends');
    resolve();
  });
  return { settled, isLoaded, stop };
}
