// After each test file: fails it when a child process is still there.

import { afterAll } from 'vitest';
import { children, killAll } from './processes.ts';

afterAll(async () => {
  const left = await children();
  killAll(left);
  if (left.length > 0) {
    throw new Error(`test left processes running:\n${left.map(({ command }) => command).join('\n')}`);
  }
});
