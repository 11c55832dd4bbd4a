/**
 * config/compose.yaml brought up without a container engine: volumes as folders, stores as file systems of their own,
 * each service by `containerCommand`. Needs root, bubblewrap and the image's files unpacked.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { ROLES, type Role } from '../../src/message/roles.ts';
import { type Compose, containerCommand, mountsOf, readCompose, type Service } from '../../test/kit/compose.ts';

export interface StandOptions {
  /** The image's files: a folder that may be given mount points. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly smtpPort: number;
  readonly hopPort: number;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stand {
  /** Milliseconds from the start of a service to its first good health. */
  start(role: Role): Promise<number>;
  log(role: Role): string;
  process(role: Role): ChildProcess;
  /** `docker compose run`: the service with another command, in a container of its own. */
  run(service: string, ...command: readonly string[]): Ran;
  /** SIGTERM to all; the exit codes. */
  stop(): Promise<Readonly<Record<string, number | null>>>;
  readonly dataFolder: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const JAIL_LAYERS = [
  ...['no-network', 'no-file-writes', 'no-spawn', 'own-uid'],
  ...['private-root', 'seccomp', 'rlimits', 'no-new-privs'],
];

/** A production configuration that refuses to start when a single layer of the jail is missing. */
const settingsOf = ({ smtpPort, hopPort }: StandOptions) => ({
  profile: 'production',
  dataDir: '/data',
  host: 'sekisho.example',
  logLevel: 'info',
  intake: { listen: `127.0.0.1:${smtpPort}`, peers: ['127.0.0.1/32'] },
  tenants: [
    {
      id: 't1',
      name: '第1市',
      domains: ['t1.example'],
      recipients: { kind: 'list', file: 't1.txt' },
      administrators: ['soumu@t1.example'],
      contact: '情報政策課(内線 2345)',
      nextHop: { host: '127.0.0.1', port: hopPort, tls: 'none' },
    },
  ],
  vault: { stores: ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name, path: `/stores/${name}` })) },
  jail: { launcher: 'setpriv', minimum: JAIL_LAYERS },
});

export function openStand(options: StandOptions): Stand {
  const compose = readCompose();
  const volumes = join(options.folder, 'volumes');
  const release = makeVolumes(options, compose, volumes);
  const running = new Map<Role, { child: ChildProcess; log: string }>();
  const place = { root: options.root, volumes, environment: options.environment };
  const serviceOf = (name: string): Service => {
    const found = compose.services[name];
    if (found === undefined) throw new Error(`compose.yaml has no service ${name}`);
    return found;
  };
  const run = (name: string, ...command: readonly string[]): Ran => {
    const words = containerCommand(name, serviceOf(name), compose.networks, {
      ...place,
      ...(command.length === 0 ? {} : { command: ['tini', '--', ...command] }),
    });
    const { status, stdout, stderr } = spawnSync(words[0] ?? '', words.slice(1), {
      encoding: 'utf8',
      timeout: 120_000,
    });
    return { status: status ?? -1, stdout, stderr };
  };
  const stop = async (): Promise<Readonly<Record<string, number | null>>> => {
    const codes = [...running].map(async ([role, { child }]) => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.exitCode === null && child.signalCode === null) {
        signalInside(child);
        await Promise.race([gone, sleep(40_000).then(() => child.kill('SIGKILL'))]);
      }
      return [role, child.exitCode] as const;
    });
    const ended = Object.fromEntries(await Promise.all(codes));
    running.clear();
    return ended;
  };
  return {
    dataFolder: join(volumes, 'data'),
    run,
    stop,
    async start(role) {
      const words = containerCommand(role, serviceOf(role), compose.networks, place);
      const startedAt = performance.now();
      const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
      const entry = { child, log: '' };
      running.set(role, entry);
      child.stderr.on('data', (chunk: Buffer) => {
        entry.log += chunk.toString();
      });
      while (!entry.log.includes('"event":"serving"')) {
        if (child.exitCode !== null) throw new Error(`${role} ended: ${entry.log.slice(-2000)}`);
        if (performance.now() - startedAt > 60_000) throw new Error(`${role} is not ready: ${entry.log.slice(-2000)}`);
        await sleep(10);
      }
      return performance.now() - startedAt;
    },
    log: (role) => running.get(role)?.log ?? '',
    process(role) {
      const found = running.get(role);
      if (found === undefined) throw new Error(`${role} does not run`);
      return found.child;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      release();
    },
  };
}

/** An engine signals the first process inside; bubblewrap itself stays outside and does not pass signals on. */
function signalInside(child: ChildProcess): void {
  const inner = childrenOf(child.pid ?? 0)[0];
  if (inner === undefined) child.kill('SIGKILL');
  else process.kill(inner, 'SIGTERM');
}

export function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** As the engine makes them: a new named volume has owner and rights of the image's folder, mount points are root's. */
function makeVolumes(
  { root, ...options }: StandOptions,
  { services, volumes: named }: Compose,
  folder: string,
): () => void {
  mkdirSync(folder, { recursive: true });
  const mounted: string[] = [];
  for (const name of Object.keys(named)) {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o755 });
    if (name.startsWith('store-')) {
      // A file system of its own each: the production profile refuses stores on one disk.
      mount('-t', 'tmpfs', '-o', 'size=512m,mode=0755', `sekisho-${name}`, path);
      mounted.push(path);
    }
  }
  const image = statSync(join(root, 'data'));
  chownSync(join(folder, 'data'), image.uid, image.gid);
  chmodSync(join(folder, 'data'), image.mode & 0o7777);
  for (const { target } of Object.values(services).flatMap(mountsOf))
    mkdirSync(join(root, target), { recursive: true });
  for (const role of ROLES) mkdirSync(join(folder, 'data', 'keys', role), { recursive: true });
  const settings = join(folder, 'etc');
  mkdirSync(settings);
  writeFileSync(join(settings, 't1.txt'), 'soumu@t1.example\n', { mode: 0o644 });
  writeFileSync(join(settings, 'gateway.yaml'), stringify(settingsOf({ root, ...options })), { mode: 0o644 });
  return () => {
    for (const path of mounted) spawnSync('umount', ['-l', path]);
    rmSync(folder, { recursive: true, force: true });
  };
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}
