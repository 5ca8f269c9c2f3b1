// A private folder that lasts as long as one test.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder (0700), removed when the running test ends. Short, so that sockets fit. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
