/**
 * A whole gateway for tests and evidence: real processes, real SMTP on loopback, a data folder of its own. Nothing in
 * here reaches into the product; it uses the command line, SMTP, and the database read-only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { openSink, type Sink } from '../../src/cli/demo/sink.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { ROLES, type Role } from '../../src/message/roles.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface GatewayOptions {
  /** Tenants `t1` … `tN`, domains `t1.example` …; any local part that `recipients` names exists. Default 1. */
  readonly tenants?: number;
  /** Local parts that exist in each tenant. Default: soumu, joho. */
  readonly recipients?: readonly string[];
  /** Merged over the top level of gateway.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** An existing data folder; default: a new temporary one. */
  readonly folder?: string;
  /** Data folder below `folder`; the gateway makes it. Default: `folder` itself. */
  readonly dataDir?: string;
  /** Command before `node`, like ['strace', '-f', …]. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Port of a next hop that runs already; default: a sink of our own is started. */
  readonly nextHopPort?: number;
  /** To start again where an earlier one listened; default: free ones. */
  readonly ports?: { readonly smtp: number; readonly admin: number };
  /** What must be said before it greets: the PROXY header where this machine counts as a load balancer. */
  readonly greetsBehind?: string;
}

export interface Gateway {
  readonly folder: string;
  readonly configFile: string;
  readonly smtpPort: number;
  readonly adminPort: number;
  readonly sink: Sink | undefined;
  /** The `serve` process. */
  readonly process: ChildProcess;
  /** What it wrote to stderr so far. */
  log(): string;
  rolePids(): ReadonlyMap<Role, number>;
  /** Process ids of the whole tree, supervisor and jailed children included. */
  tree(): readonly number[];
  openDatabase(): Promise<Database>;
  /** Waits until no job is waiting or leased. @throws after `timeoutMs`. */
  idle(timeoutMs?: number): Promise<void>;
  /** SIGTERM, then waits. */
  stop(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Resolves when the gateway greets. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sekisho-'));
  const databaseFile = join(folder, options.dataDir ?? '.', 'gateway.db');
  mkdirSync(folder, { recursive: true });
  const sink =
    options.nextHopPort === undefined ? await openSink({ folder: join(folder, 'lgwan'), port: 0 }) : undefined;
  const [smtpPort, adminPort] = [options.ports?.smtp ?? (await freePort()), options.ports?.admin ?? (await freePort())];
  const configFile = writeConfig(folder, options, { smtpPort, adminPort, hop: options.nextHopPort ?? sink?.port ?? 0 });
  const [command = '', ...args] = [...(options.wrapper ?? []), process.execPath, MAIN, 'serve', '-c', configFile];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...options.env },
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const gateway: Gateway = {
    folder,
    configFile,
    smtpPort,
    adminPort,
    sink,
    process: child,
    log: () => log,
    rolePids: () => rolePids(child.pid ?? 0),
    tree: () => descendants(child.pid ?? 0),
    openDatabase: () => openDatabase({ file: databaseFile, readOnly: true }),
    idle: (timeoutMs = 60_000) => idle(databaseFile, timeoutMs),
    async stop() {
      await stopProcess(child);
      await sink?.close();
    },
  };
  await greeting(smtpPort, child, () => log, options.greetsBehind ?? '');
  return gateway;
}

interface Ports {
  readonly smtpPort: number;
  readonly adminPort: number;
  readonly hop: number;
}

/** The settings that `npm start` uses, with N tenants; what differs is given by the caller and visible there. */
function writeConfig(folder: string, options: GatewayOptions, ports: Ports): string {
  const names = options.recipients ?? ['soumu', 'joho'];
  const tenants = Array.from({ length: options.tenants ?? 1 }, (_, i) => {
    const domain = `t${i + 1}.example`;
    writeFileSync(join(folder, `t${i + 1}.txt`), names.map((name) => `${name}@${domain}\n`).join(''));
    return {
      id: `t${i + 1}`,
      name: `第${i + 1}市`,
      domains: [domain],
      recipients: { kind: 'list', file: `t${i + 1}.txt` },
      administrators: [`${names[0]}@${domain}`],
      contact: '情報政策課(内線 2345)',
      nextHop: { host: '127.0.0.1', port: ports.hop, tls: 'none' },
    };
  });
  const file = join(folder, 'gateway.yaml');
  const settings = {
    profile: 'demo',
    dataDir: options.dataDir ?? '.',
    host: 'sekisho.example',
    logLevel: 'warn',
    intake: { listen: `127.0.0.1:${ports.smtpPort}`, peers: ['127.0.0.1/32'] },
    tenants,
    vault: {
      stores: ['a', 'b', 'c'].map((name) => ({
        kind: 'directory',
        name: `store-${name}`,
        path: join(options.dataDir ?? '.', 'vault', name),
      })),
    },
    admin: { listen: `127.0.0.1:${ports.adminPort}` },
  };
  writeFileSync(file, stringify({ ...settings, ...options.settings }));
  return file;
}

const START_MS = 60_000;

async function greeting(port: number, child: ChildProcess, log: () => string, first: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`gateway ended with ${child.exitCode}: ${log()}`);
    if (await greets(port, first)) return;
    await sleep(100);
  }
  throw new Error(`gateway does not greet on ${port}: ${log()}`);
}

const greets = (port: number, first: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    if (first !== '') socket.write(first);
    const end = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('data', (data) => end(data.toString().startsWith('220')));
    socket.once('error', () => end(false));
    socket.setTimeout(2000, () => end(false));
  });

async function idle(file: string, timeoutMs: number): Promise<void> {
  const database = await openDatabase({ file, readOnly: true });
  try {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const { open } = await database.read
        .selectFrom('job')
        .select((eb) => eb.fn.countAll<number>().as('open'))
        .where('state', 'in', ['waiting', 'leased'])
        .executeTakeFirstOrThrow();
      if (open === 0) return;
      if (Date.now() > deadline) throw new Error(`${open} jobs are not done after ${timeoutMs} ms`);
      await sleep(50);
    }
  } finally {
    await database.close();
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

const statOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
};

/** All processes below `root`, and itself. */
function descendants(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = Number(statOf(pid).split(') ')[1]?.split(' ')[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

function rolePids(root: number): ReadonlyMap<Role, number> {
  const found = new Map<Role, number>();
  for (const pid of descendants(root)) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const role = ROLES.find((each) => line.startsWith(`sekisho ${each}`));
      if (role !== undefined) found.set(role, pid);
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}
