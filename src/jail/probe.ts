/**
 * A program that stands where child.ts will stand and tries what a hijacked child would try. It says what it could do;
 * layers.ts asks it twice, with node's permission model and without, to tell what the kernel alone refuses.
 */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProbeBody, ProbeFinding } from './probe-findings.ts';
import { muteConsole, serve } from './serve.ts';
import { readableCode } from './visible.ts';

const NETWORK_MS = 500;

muteConsole();
await serve(async (ask) => {
  // Sent by layers.ts, which is trusted and typed.
  const body = ask.body as ProbeBody;
  const could: ProbeFinding[] = [
    ...(await network(body)),
    ...written(body).map((path) => ({ what: 'write', detail: path }) as const),
    ...readable(body).map((path) => ({ what: 'read', detail: path }) as const),
    ...spawned(),
    ...signalled(body.parentPid),
  ];
  return { body: { could }, blobs: [] };
});

async function network({ tcpPort, udpPort }: ProbeBody): Promise<readonly ProbeFinding[]> {
  const [tcp, udp, dns] = await Promise.all([tcpConnects(tcpPort), udpSends(udpPort), dnsAsks(udpPort)]);
  return [
    ...(tcp ? [{ what: 'network', detail: 'tcp' } as const] : []),
    ...(udp ? [{ what: 'network', detail: 'udp' } as const] : []),
    ...(dns ? [{ what: 'network', detail: 'dns' } as const] : []),
  ];
}

function tcpConnects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const socket = connect({ host: '127.0.0.1', port });
      const answer = (could: boolean) => (): void => {
        socket.destroy();
        resolve(could);
      };
      socket.setTimeout(NETWORK_MS, answer(false));
      socket.once('connect', answer(true));
      socket.once('error', answer(false));
    } catch {
      resolve(false);
    }
  });
}

function udpSends(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const socket = createSocket('udp4');
      socket.once('error', () => resolve(false));
      socket.send('probe', port, '127.0.0.1', (error) => resolve(error === null));
    } catch {
      resolve(false);
    }
  });
}

/** Counts as possible only when a name server answers or stays silent; a refused socket is an error at once. */
async function dnsAsks(port: number): Promise<boolean> {
  try {
    const resolver = new Resolver({ timeout: NETWORK_MS, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    await resolver.resolve4('probe.invalid');
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && ['ETIMEOUT', 'ENOTFOUND', 'ENODATA'].includes(`${error.code}`);
  }
}

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function written({ name }: ProbeBody): readonly string[] {
  const folders = ['/tmp', '/', '/dev/shm', '/var/tmp', process.cwd(), dirname(fileURLToPath(import.meta.url))];
  return [...new Set(folders)].filter((folder) => {
    const path = join(folder, name);
    const isWritten = succeeds(() => writeFileSync(path, '', { flag: 'wx' }));
    if (isWritten) succeeds(() => unlinkSync(path));
    return isWritten;
  });
}

function readable({ secretPaths }: ProbeBody): readonly string[] {
  const files = ['/etc/passwd', '/proc/self/environ', '/proc/1/status'].filter((path) =>
    succeeds(() => readFileSync(path)),
  );
  return [...files, ...['/proc', '/home', '/root', ...secretPaths].filter(showsMoreThanCode)];
}

/** What a child needs to run: mounted even where it lies under a folder that must not be readable, like /home. */
const code = [process.execPath, ...readableCode(fileURLToPath(import.meta.url))];

/** True when the folder can be listed and holds anything but the way to our own code. */
function showsMoreThanCode(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => {
      const path = join(folder, name);
      if (code.includes(path)) return false;
      return !code.some((own) => own.startsWith(path + sep)) || showsMoreThanCode(path);
    });
  } catch {
    return false;
  }
}

function spawned(): readonly ProbeFinding[] {
  let error: Error | undefined;
  const isDenied = !succeeds(() => {
    error = spawnSync(process.execPath, ['--version'], { stdio: 'ignore', timeout: 5000 }).error;
  });
  return isDenied || error !== undefined ? [] : [{ what: 'spawn', detail: 'node' }];
}

function signalled(pid: number): readonly ProbeFinding[] {
  return succeeds(() => process.kill(pid, 0)) ? [{ what: 'signal', detail: 'parent' }] : [];
}
