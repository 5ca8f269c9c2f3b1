// How tests run: real processes and a real PostgreSQL, so few workers, and a check that nothing stays behind.
// Tests that kill or disturb at every point take minutes: `*.long.test.ts`, run by `npm run test:long` alone.

import { defineConfig } from 'vitest/config';

const long = 'test/**/*.long.test.ts';
const isLong = process.env['JIT_TESTS'] === 'long';

export default defineConfig({
  test: {
    include: [isLong ? long : 'test/**/*.test.ts'],
    exclude: isLong ? [] : ['test/crash/**', long],
    pool: 'forks',
    // More than a small machine has cores: much of it is waiting.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/leaks.ts'],
    // Whoever runs the tests inside a grant or with a config of their own gets the same results.
    env: { JIT_CONFIG: '', JIT_GRANT: '' },
    restoreMocks: true,
  },
});
