import { defineConfig } from 'vitest/config';
import { collecting } from './test/kit/collect/plugin.ts';

/** Plain `npm test` runs what needs no extra service; `.ci/run` sets SEKISHO_SERVICES=1 and SEKISHO_SHARED for the rest. */
export default defineConfig({
  // With SEKISHO_COLLECT_OUTPUTS=FOLDER what tests forward is kept for the judges (`npm run corpus -- --collected FOLDER`).
  plugins: process.env['SEKISHO_COLLECT_OUTPUTS'] === undefined ? [] : [collecting()],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What tests write goes into one folder that is gone afterwards.
    globalSetup: 'test/kit/temporary.ts',
    setupFiles: process.env['SEKISHO_COLLECT_OUTPUTS'] === undefined ? [] : ['test/kit/collect/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
