// Waiting for something to become true, bounded by far more than any machine needs: a busy one is no failure.

import { vi } from 'vitest';

/** Tries `assertion` until it throws no more, and answers what it answers. @throws its last error after `timeout` ms */
export function until<T>(assertion: () => T | Promise<T>, timeout = 20_000): Promise<T> {
  return vi.waitFor(assertion, { timeout, interval: 20 });
}
