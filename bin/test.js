import { install, run } from './bootstrap.js';

install();
run('node_modules/vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
