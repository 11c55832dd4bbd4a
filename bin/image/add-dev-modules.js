/**
 * `node add-dev-modules.js FULL ROOT`: copies from FULL/node_modules what the lockfile marks as development only into
 * ROOT/node_modules. What the product itself uses stays the very files of the image: these are what the tests test.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [full = '', root = ''] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
for (const [path, { dev, devOptional }] of Object.entries(packages)) {
  const from = join(full, path);
  if ((dev || devOptional) && existsSync(from) && !existsSync(join(root, path))) {
    cpSync(from, join(root, path), { recursive: true, verbatimSymlinks: true });
  }
}
