import { install, run } from './bootstrap.js';

install();
run('src/main.ts', ['demo', ...process.argv.slice(2)]);
