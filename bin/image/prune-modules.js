/**
 * `node prune-modules.js ROOT`: takes out of ROOT/node_modules what no installed gateway reads: other machines' binaries,
 * weights of fonts nobody uses, sources, maps, types. Licences stay. Says what it saved; a rule that finds nothing
 * fails, since then a package has changed and the rule is only believed to help.
 */

import { readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';

const root = process.argv[2] ?? '.';
const modules = join(root, 'node_modules');
const { resolve } = createRequire(join(modules, 'nothing.js'));
const usedMagick = resolve('@imagemagick/magick-wasm/magick.wasm').split(sep).at(-2);

/** Names of files and folders, relative to node_modules, with `/` at folders' ends. */
const RULES = [
  ['maps', /\.map$/],
  ['types', /\.d\.(ts|mts|cts)$/],
  ['readmes', /(^|\/)(readme|changelog|history|security)(\.\w+)*\.(md|markdown|txt)$/i],
  ['node: headers, manuals', /^node-linux-\w+\/(include|share)\/$/],
  ['fonts: weights we draw with none of', /^@expo-google-fonts\/[^/]+\/(?!400Regular|700Bold)\d+\w+\/$/],
  ['fonts: pictures', /^@expo-google-fonts\/.*\.png$/],
  ['better-sqlite3: sources', /^better-sqlite3\/(deps|src)\/$/],
  [
    'better-sqlite3: other machines',
    new RegExp(`^better-sqlite3/prebuilds/(?!linux-${process.arch}\\.node$).+\\.node$`),
  ],
  ['zod: sources', /^zod\/src\/$/],
  ['magick: the other build', new RegExp(`^@imagemagick/magick-wasm/dist/(?!${usedMagick}/)x\\d+/$`)],
  ['tests of packages', /^(?:@[^/]+\/)?[^/]+\/(test|tests|__tests__|benchmark|benchmarks|examples?)\/$/],
];

const saved = new Map(RULES.map(([name]) => [name, 0]));

function sizeOf(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) continue;
    const shown = relative(modules, path) + (entry.isDirectory() ? '/' : '');
    const rule = RULES.find(([, pattern]) => pattern.test(shown));
    if (rule === undefined) {
      if (entry.isDirectory()) walk(path);
      continue;
    }
    saved.set(rule[0], saved.get(rule[0]) + sizeOf(path));
    rmSync(path, { recursive: true });
  }
}

walk(modules);
for (const [name, bytes] of saved) process.stdout.write(`${(bytes / 2 ** 20).toFixed(1).padStart(7)} MiB  ${name}\n`);
const idle = [...saved].filter(([, bytes]) => bytes === 0).map(([name]) => name);
if (idle.length > 0) {
  process.stderr.write(`prune-modules: nothing found for ${idle.join('; ')}: look at the rule\n`);
  process.exit(1);
}
