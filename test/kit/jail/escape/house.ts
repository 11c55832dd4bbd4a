/** A gateway's data folder with real keys, listeners that nobody may reach, and a parent with something to steal. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDemoConfig } from '../../../../src/cli/demo/settings.ts';
import { loadSettings } from '../../../../src/config/load.ts';
import { databaseFile, prepareDataFolder } from '../../../../src/roles/prepare.ts';
import { openLog } from '../../../../src/telemetry/log.ts';
import { syscallNumbers } from '../syscalls.ts';
import { ADDON } from './build-addon.ts';
import type { Targets } from './targets.ts';

export interface EscapeHouse {
  readonly folder: string;
  /** A file with a secret, for the control of «inherited». */
  readonly secretFile: string;
  targetsFor(attempt: string, allowedMiB: number): Targets;
  /** Puts back what an attempt that got through has changed. */
  tidy(): void;
  /** What reached us since the last call, whatever the attempt said. */
  witnessed(): readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openEscapeHouse(): Promise<EscapeHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-escape-'));
  chmodSync(folder, 0o755);
  const umask = process.umask();
  const configuration = writeDemoConfig(join(folder, 'house'), { smtp: 0, sink: 1, admin: 0 });
  const settings = loadSettings(configuration);
  await prepareDataFolder(settings, configuration, openLog('escape', 'silent'));
  process.umask(umask);
  const store = settings.vault.stores[0]?.path ?? '';
  writeFileSync(join(store, 'share'), 'a share');

  const openFolder = join(folder, 'open');
  const openFile = join(openFolder, 'file');
  mkdirSync(openFolder);
  chmodSync(openFolder, 0o777);
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, randomBytes(64).toString('hex'), { mode: 0o600 });
  const parentDescriptor = openSync(secretFile, 'r');

  const seen: string[] = [];
  const abstractName = `sekisho-escape-${randomBytes(8).toString('hex')}`;
  const listening = await listen(seen, join(folder, 'socket'), abstractName);
  const onSignal = (): void => void seen.push('a signal');
  process.on('SIGWINCH', onSignal);
  const name = `sekisho-escape-${randomBytes(8).toString('hex')}`;
  const folders = [
    ...['/', '/tmp', '/var/tmp', '/dev/shm', '/run', homedir()],
    ...[dirname(fileURLToPath(import.meta.url)), dirname(ADDON), settings.dataDir, store, openFolder],
  ];
  const tidy = (): void => {
    for (const entry of readdirSync(openFolder)) rmSync(join(openFolder, entry), { recursive: true, force: true });
    writeFileSync(openFile, 'left alone');
    chmodSync(openFile, 0o666);
    for (const each of folders)
      for (const end of ['', '-folder', '-link', '-fifo'])
        rmSync(join(each, `${name}${end}`), { recursive: true, force: true });
  };
  const marks = (): readonly string[] => [
    ...(readFileSync(openFile, 'utf8') === 'left alone' ? [] : ['a changed file']),
    ...folders.flatMap((each) =>
      readdirSync(each).some((entry) => entry.startsWith(name)) ? [`something in ${each}`] : [],
    ),
  ];
  tidy();
  return {
    folder,
    secretFile,
    tidy,
    targetsFor: (attempt, allowedMiB) => ({
      attempt,
      addon: ADDON,
      numbers: syscallNumbers(process.arch),
      parentPid: process.pid,
      parentAddress: BigInt(`0x${/^[0-9a-f]+/.exec(readFileSync('/proc/self/maps', 'latin1'))?.[0] ?? '0'}`).toString(),
      parentDescriptor,
      configuration,
      keys: keysBelow(join(settings.dataDir, 'keys')),
      storeFolder: store,
      database: databaseFile(settings),
      openFolder,
      openFile,
      folders,
      ...listening.ports,
      unixPath: join(folder, 'socket'),
      abstractName,
      allowedMiB,
      name,
    }),
    witnessed() {
      const all = [...seen.splice(0), ...safely(marks)];
      return [...new Set(all)];
    },
    async [Symbol.asyncDispose]() {
      process.off('SIGWINCH', onSignal);
      await listening.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The open file may be gone: then something happened to it. */
function safely(look: () => readonly string[]): readonly string[] {
  try {
    return look();
  } catch (error) {
    return [`a missing file: ${(error as NodeJS.ErrnoException).path ?? ''}`];
  }
}

/** Private keys; the public ones beside them are for everybody. */
function keysBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.key'))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function listen(seen: string[], unixPath: string, abstractName: string) {
  const note = (what: string) => (): void => void seen.push(what);
  const servers = [
    createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', note('tcp'))
        .end(),
    ),
    createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', note('unix'))
        .end(),
    ),
    createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', note('abstract'))
        .end(),
    ),
  ] as const;
  const [tcp, unix, abstract] = servers;
  const udp = createSocket('udp4').on('message', note('udp'));
  tcp.on('connection', note('tcp')).listen(0, '127.0.0.1');
  unix.on('connection', note('unix')).listen(unixPath);
  abstract.on('connection', note('abstract')).listen(`\0${abstractName}`);
  udp.bind(0, '127.0.0.1');
  await Promise.all([...servers, udp].map((each) => once(each, 'listening')));
  chmodSync(unixPath, 0o777);
  return {
    ports: { tcpPort: (tcp.address() as AddressInfo).port, udpPort: udp.address().port },
    async close() {
      udp.close();
      await Promise.all(servers.map((server: Server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
