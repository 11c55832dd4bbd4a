/** `node bin/run.js FILE.ts ARGS…`: a TypeScript file of ours under the right Node. */
import { install, run } from './bootstrap.js';

install();
run(process.argv[2] ?? '', process.argv.slice(3));
