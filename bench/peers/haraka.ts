/**
 * Haraka from npm as a relay to the sink, queueing with its own outbound (fsync and rename, no sync of the folder). It is
 * installed into a cache folder outside the repository, from the lockfile beside this file: it is no part of the product.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/kit/gateway.ts';
import { greets, type Peer, SPOOL_PARENT, until } from './peer.ts';
import { openProcesses } from './processes.ts';

const PINNED = fileURLToPath(new URL('./haraka/', import.meta.url));

/** Where the bench installs what npm has: by the lockfile's hash, so that another version never hides behind an old folder. */
export function harakaFolder(): string {
  const lock = createHash('sha256')
    .update(readFileSync(join(PINNED, 'package-lock.json')))
    .digest('hex')
    .slice(0, 16);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'sekisho-bench', `haraka-${lock}`);
}

const program = (): string => join(harakaFolder(), 'node_modules', 'Haraka', 'bin', 'haraka');

export const isHarakaInstalled = (): boolean => existsSync(program());

/** @throws Error when npm cannot install it. */
export function installHaraka(): void {
  if (isHarakaInstalled()) return;
  const folder = harakaFolder();
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(PINNED, name), join(folder, name));
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['ci', ...options], { cwd: folder, stdio: ['ignore', 2, 2] });
}

/** One or two brought the same on two cores; two cost more CPU. */
const WORKERS = 1;

export async function startHaraka(sinkPort: number): Promise<Peer> {
  if (!isHarakaInstalled()) throw new Error('Haraka is not installed (npm run bench installs it)');
  const folder = mkdtempSync(join(SPOOL_PARENT, 'sekisho-haraka-'));
  const smtpPort = await freePort();
  writeConfig(folder, smtpPort, sinkPort);
  const processes = openProcesses('haraka');
  const stop = async (): Promise<void> => {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    processes.run([process.execPath, program(), '-c', folder], { UV_THREADPOOL_SIZE: '16', NODE_NO_WARNINGS: '1' });
    await until(() => greets(smtpPort), 'Haraka');
  } catch (error) {
    await stop();
    throw error;
  }
  const { version } = JSON.parse(
    readFileSync(join(harakaFolder(), 'node_modules', 'Haraka', 'package.json'), 'utf8'),
  ) as { version: string };
  return {
    name: 'Haraka',
    smtpPort,
    pipelining: false,
    cpu: processes.cpu,
    description: `Haraka ${version} (npm, lockfile with integrity, no optional plugins) on Node ${process.version}, ${WORKERS} worker, outbound queue, 100 deliveries at once, commands one by one (its answers to pipelined ones wait 40 ms for our ACK); fsync before 250: of the file, not of its folder`,
    queued: () => readdirSync(join(folder, 'queue')).length,
    problems: async () => [],
    stop,
  };
}

function writeConfig(folder: string, smtpPort: number, sinkPort: number): void {
  for (const name of ['config', 'plugins', 'queue']) mkdirSync(join(folder, name));
  const files: Readonly<Record<string, string>> = {
    'config/smtp.ini': `listen=127.0.0.1:${smtpPort}\nnodes=${WORKERS}\n`,
    'config/me': 'peer.example\n',
    'config/plugins': 'to_sink\n',
    'config/log.ini': '[main]\nlevel=crit\n',
    'config/outbound.ini': 'enable_tls=false\nlocal_mx_ok=true\nconcurrency_max=100\nalways_split=false\n',
    // Its own file with a larger size: what a file of ours leaves out has no default.
    'config/connection.ini': readFileSync(
      join(harakaFolder(), 'node_modules', 'Haraka', 'config', 'connection.ini'),
      'utf8',
    ).replace(/^bytes=.*$/m, 'bytes=60000000'),
    'plugins/to_sink.js': `
exports.hook_connect = (next, connection) => { connection.relaying = true; next(); };
exports.hook_rcpt = (next) => next(OK);
exports.hook_get_mx = (next) => next(OK, { priority: 0, exchange: '127.0.0.1', port: ${sinkPort} });
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
