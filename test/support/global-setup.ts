// Once per test run: builds what tests start as processes, gives them a temporary folder of their own, and
// fails the run when a process of it is still alive at the end.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { killAll, processesMentioning } from './processes.ts';

const root = path.join(import.meta.dirname, '../..');

export default function setup(): () => Promise<void> {
  for (const args of [[], ['--test']]) {
    try {
      execFileSync(process.execPath, ['scripts/build.js', ...args], { cwd: root, stdio: 'pipe' });
    } catch (error) {
      // `npm test` has built before and would have stopped: here somebody runs one test of an unfinished tree.
      process.stderr.write(`warning: ${String((error as { stderr?: unknown }).stderr ?? error)}\n`);
    }
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jt-'));
  // PostgreSQL runs as another user when tests run as root, and has to get to its folder below.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return async () => {
    const left = await processesMentioning(folder);
    killAll(left);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    if (left.length > 0) {
      throw new Error(`tests left processes running:\n${left.map(({ command }) => command).join('\n')}`);
    }
  };
}
