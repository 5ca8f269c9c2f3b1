// How tests run: real processes and a real PostgreSQL, so few workers (one more than most machines of CI have cores: much of it is waiting), and a check that nothing stays behind.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/crash/**'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/leaks.ts'],
    // Whoever runs the tests inside a grant or with a config of their own gets the same results.
    env: { JIT_CONFIG: '', JIT_GRANT: '' },
    restoreMocks: true,
  },
});
