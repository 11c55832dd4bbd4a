import { defineConfig } from 'vitest/config';

/** Plain `npm test` runs what needs no extra service; `.ci/run` sets SEKISHO_SERVICES=1 and SEKISHO_SHARED for the rest. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What tests write goes into one folder that is gone afterwards.
    globalSetup: 'test/kit/temporary.ts',
    pool: 'forks',
    maxWorkers: 2,
  },
});
