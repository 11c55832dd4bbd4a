/** Types, lint and formatting; what `.ci/run` runs before the tests. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { install, node24, root } from './bootstrap.js';

install();
const steps = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', ...process.argv.slice(2)],
];
for (const [script, ...args] of steps) {
  const step = spawnSync(node24(), [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  if (step.status !== 0) process.exit(step.status ?? 1);
}
