// How tests run: real processes and a real PostgreSQL, so few workers, and a check that nothing stays behind.
// Tests that take minutes, of vendors' clients and of kills at every point: `*.long.test.ts`, run by `npm run test:long` alone.

import { defineConfig } from 'vitest/config';

const long = 'test/**/*.long.test.ts';
const isLong = process.env['JIT_TESTS'] === 'long';

/** What needs no worker of its own for each file: it changes nothing that other files see. Half the time of the processor. */
const light = [
  'test/{audit,broker,cli,client,core,fakes,identity,policy,store,system}/**/*.test.ts',
  'test/providers/{aws,github}/**/*.test.ts',
];

const projects = [
  { extends: true as const, test: { name: 'light', include: light, exclude: [long], isolate: false } },
  {
    extends: true as const,
    test: { name: 'own worker', include: ['test/**/*.test.ts'], exclude: [...light, long, 'test/crash/**'] },
  },
];

export default defineConfig({
  test: {
    ...(isLong ? { include: [long] } : { projects }),
    pool: 'forks',
    // More than a small machine has cores: much of it is waiting.
    maxWorkers: 4,
    // Not what is expected of anything: when to give up on a machine that stalls.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/leaks.ts'],
    // Whoever runs the tests inside a grant or with a config of their own gets the same results.
    env: { JIT_CONFIG: '', JIT_GRANT: '' },
    restoreMocks: true,
  },
});
