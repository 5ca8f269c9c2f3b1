// What a call throws, so that tests can ask for its code.

import type { JitError } from '../../src/core/errors.ts';

/** The error that `work` throws; null when it throws none. */
export function failure(work: () => unknown): JitError | null {
  try {
    work();
    return null;
  } catch (thrown) {
    return thrown as JitError;
  }
}
