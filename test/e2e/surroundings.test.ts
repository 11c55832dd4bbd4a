/**
 * F09–F11, F24, F29, F30, F39–F41, F44: a machine that is full, sick, badly configured or small. One gateway after the
 * other in one data folder; it lies on a small disk of its own where the right to mount is there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { ROLES, type Role } from '../../src/message/roles.ts';
import { silentRoles } from '../../src/roles/heartbeat.ts';
import { RawClient } from '../dialogs/kit.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../kit/gateway.ts';
import { type Hop, openHop } from '../kit/hop.ts';
import { holdsToken, runCommand, tokenMail } from '../kit/ledger.ts';
import { type SendResult, sendAll } from '../kit/send.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const MIB = 1024 * 1024;
const root = mkdtempSync(join(tmpdir(), 'sekisho-around-'));
const folder = join(root, 'gateway');
const disks: string[] = [];
let gateway: Gateway | undefined;
let hop: Hop | undefined;

afterEach(() => hop?.close());
afterAll(async () => {
  await gateway?.stop();
  for (const disk of disks.reverse()) execFileSync('umount', [disk]);
  rmSync(root, { recursive: true });
});

/** A small disk of its own. @returns whether this user may mount. */
function mount(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true });
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=0770`, 'sekisho-test', path]);
  if (made.status === 0) disks.push(path);
  return made.status === 0;
}

const store = (name: string): string => join(folder, 'stores-here', name);
const dataDir = join(folder, 'data');

async function start(
  more: Partial<GatewayOptions> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Gateway> {
  hop = await openHop();
  gateway = await startGateway({
    folder,
    dataDir: 'data',
    nextHopPort: hop.port,
    settings: {
      outlet: { firstRetrySeconds: 1, maxRetrySeconds: 1, timeoutSeconds: 5 },
      vault: { stores: ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name, path: store(name) })) },
      ...settings,
    },
    ...more,
  });
  await until(() => silentRoles(dataDir, ROLES, Date.now()).length === 0);
  return gateway;
}

/** The gateway that runs, or one that is started. Each test has a next hop of its own. */
async function ours(): Promise<Gateway> {
  if (gateway === undefined) return start();
  hop = await openHop({ port: hop?.port ?? 0 });
  return gateway;
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(50);
}

async function send(port: number, token: string, more = '', retries = 0): Promise<SendResult> {
  const [result] = await sendAll([tokenMail(token, ['soumu@t1.example'], more)], { port, connections: 1, retries });
  return result ?? expect.unreachable();
}

async function arrives(running: Gateway, token: string): Promise<void> {
  expect((await send(running.smtpPort, token)).accepted).toBe(true);
  await running.idle(90_000);
  expect(hop?.received.filter((mail) => holdsToken(mail, token))).toHaveLength(1);
}

/** Until not an octet goes in any more. */
function fill(path: string): string {
  const file = join(path, 'filler');
  for (const size of [MIB, 64 * 1024, statSync(path).blksize]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Smaller pieces may still go in.
    }
  }
  return file;
}

const messages = async (running: Gateway): Promise<number> => {
  const database = await running.openDatabase();
  const rows = await database.read.selectFrom('message').select('id').execute();
  await database.close();
  return rows.length;
};

const pids = (running: Gateway): string => [...running.rolePids().values()].sort().join();

test('F09 F30 the disk of database and audit log is full: 452, nothing is taken without its audit entry; then it goes on', async ({
  skip,
}) => {
  skip(!mount(dataDir, 'size=24m'), 'a small disk of our own needs the right to mount');
  mount(store('b'), 'size=8m');
  mount(store('c'), 'size=8m,nr_inodes=200');
  const running = await start();
  await arrives(running, 'token-before-end');
  const [before, processes] = [await messages(running), pids(running)];
  const filler = fill(dataDir);
  // The write-ahead log has some room of its own: mail goes on until that is used up, and then 452.
  let refused: SendResult | undefined;
  for (let index = 0; refused === undefined && index < 3000; index++) {
    const result = await send(running.smtpPort, `token-full${index}-end`);
    if (!result.accepted) refused = result;
  }
  expect(refused?.reply).toMatch(/^452 4\.3\.1 /);
  rmSync(filler);
  await arrives(running, 'token-room-end');
  const after = await messages(running);
  expect(after).toBeGreaterThan(before);
  expect((await runCommand(running, 'audit', 'verify')).code).toBe(0);
  expect(pids(running)).toBe(processes);
});

test('F10 F07 a store without inodes: 452, nothing half-written; 32 folders share what it has; with room the mail is taken', async ({
  skip,
}) => {
  skip(disks.length === 0, 'a small disk of our own needs the right to mount');
  const running = await ours();
  const before = await messages(running);
  const fillers: string[] = [];
  try {
    for (let index = 0; ; index++) {
      const file = join(store('c'), `filler${index}`);
      writeFileSync(file, '');
      fillers.push(file);
    }
  } catch {
    // No inode is left.
  }
  const shares = () =>
    readdirSync(store('c'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(share|key)/.test(name));
  const had = shares();
  expect((await send(running.smtpPort, 'token-inode-end')).reply).toMatch(/^452 4\.3\.1 /);
  expect(shares()).toEqual(had);
  expect(await messages(running)).toBe(before);
  expect(new Set(had.map((name) => name.split('/')[0])).size).toBeGreaterThan(5);
  for (const file of fillers) rmSync(file);
  await arrives(running, 'token-inodes-end');
});

test('F11 a store that became read-only: 451, alarms, no process dies; writable again it goes on', async ({ skip }) => {
  skip(disks.length === 0, 'a small disk of our own needs the right to mount');
  const running = await ours();
  const processes = pids(running);
  execFileSync('mount', ['-o', 'remount,ro', store('b')]);
  const refused = await send(running.smtpPort, 'token-readonly-end');
  execFileSync('mount', ['-o', 'remount,rw', store('b')]);
  expect(refused.reply).toMatch(/^451 4\.3\.0 /);
  expect(running.log()).toMatch(/"store":"b"[^\n]*vault\.store-failed|vault\.store-failed[^\n]*"store":"b"/);
  await arrives(running, 'token-writable-end');
  expect(pids(running)).toBe(processes);
});

test('F41 nobody reads the log: mail is taken and delivered all the same, and the audit log has it whole', async () => {
  const running = await ours();
  running.process.stderr?.pause();
  // Warnings of refused balancers and peers are lines; a pipe holds 64 KiB.
  for (let index = 0; index < 60; index++) {
    const client = new RawClient(running.smtpPort);
    await client.reply();
    await client.write('FOO\r\n'.repeat(12));
    await client.rest();
  }
  await arrives(running, 'token-unread-end');
  running.process.stderr?.resume();
  expect((await runCommand(running, 'audit', 'verify')).code).toBe(0);
});

test('F39 the configuration is broken while the gateway runs: a role that dies comes back with the settings in force; a start is refused', async () => {
  const running = await ours();
  const good = readFileSync(running.configFile, 'utf8');
  const broken = {
    syntax: `${good}\n  : [`,
    'an unknown key': `${good}\nintakes: {}\n`,
    'a tenant less': good.replaceAll('t1.example', 't9.example'),
  };
  for (const [what, text] of Object.entries(broken)) {
    writeFileSync(running.configFile, text);
    const pid = running.rolePids().get('sanitizer') ?? 0;
    process.kill(pid, 'SIGKILL');
    await until(() => (running.rolePids().get('sanitizer') ?? pid) !== pid);
    await arrives(running, `token-config-${what.replaceAll(' ', '')}-end`);
  }
  for (const text of [broken.syntax, broken['an unknown key']]) {
    writeFileSync(running.configFile, text);
    const again = spawnSync(process.execPath, [MAIN, 'serve', '-c', running.configFile], { encoding: 'utf8' });
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/^E_CONFIG_INVALID/m);
  }
  writeFileSync(running.configFile, good);
  expect((await runCommand(running, 'config', 'check')).code).toBe(0);
});

test('F11 F32 a store’s disk is not mounted at the start: told, nothing written in its place, mail waits with its peer', async ({
  skip,
}) => {
  skip(!disks.includes(store('b')), 'a small disk of our own needs the right to mount');
  await gateway?.stop();
  execFileSync('mount', ['--move', store('b'), mounted(join(root, 'elsewhere'))]);
  const running = await start();
  expect(running.log()).toMatch(/"store":"b"[^\n]*"event":"store-absent"/);
  expect((await send(running.smtpPort, 'token-absent-end')).reply).toMatch(/^451 4\.3\.0 /);
  expect(readdirSync(store('b'))).toEqual([]);
  execFileSync('mount', ['--move', join(root, 'elsewhere'), store('b')]);
  await arrives(running, 'token-mounted-end');
  expect((await runCommand(running, 'vault', 'check')).code).toBe(0);
});

function mounted(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

const limitsTo = (files: number): readonly string[] => ['prlimit', `--nofile=${files}:${files}`];

test('F44 few descriptors: connections beyond them are not let in, nobody dies, and mail is taken when they have gone', async () => {
  await gateway?.stop();
  const running = await start({ wrapper: limitsTo(96) });
  const processes = pids(running);
  const flood = Array.from({ length: 150 }, () => new RawClient(running.smtpPort));
  const replies = await Promise.all(flood.map((client) => client.reply()));
  // (96 − 64) / 8 connections; who came when even the ones being turned away had used up the rest was closed.
  expect(replies.filter((reply) => reply.startsWith('220'))).toHaveLength(4);
  expect(replies.filter((reply) => reply.startsWith('421')).length).toBeGreaterThan(20);
  expect(running.log()).toMatch(/"descriptors":96,"event":"intake-few-descriptors"/);
  expect(replies.filter((reply) => !/^(?:220|421|closed)/.test(reply))).toEqual([]);
  for (const client of flood) client.end();
  await until(async () => (await send(running.smtpPort, 'token-few-end', '', 20)).accepted);
  await running.idle();
  expect(pids(running)).toBe(processes);
});

test('F29 a database that is damaged or newer than the program: the start is refused in words, vault and file are left as they are', async () => {
  const running = await ours();
  await running.stop();
  const file = join(dataDir, 'gateway.db');
  copyFileSync(file, `${file}.good`);
  const shares = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(share|key)$/.test(name));
  const had = shares();
  const damages: readonly (readonly [(bytes: Buffer) => Buffer, RegExp])[] = [
    [(bytes) => Buffer.concat([Buffer.alloc(4096, 0x5a), bytes.subarray(4096)]), /E_DATABASE_FAILED.*not a database/],
    [(bytes) => bytes.subarray(0, 2048), /E_DATABASE_FAILED/],
    [(bytes) => withNumber(bytes, 60, 99), /E_DATABASE_NEWER.*restore the backup/],
    [(bytes) => withNumber(bytes, 68, 1), /E_DATABASE_FAILED.*another program/],
  ];
  for (const [damage, said] of damages) {
    const bytes = damage(readFileSync(`${file}.good`));
    writeFileSync(file, bytes);
    const refused = spawnSync(process.execPath, [MAIN, 'serve', '-c', running.configFile], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(refused.stderr).toMatch(said);
    expect(refused.status).toBe(1);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(shares()).toEqual(had);
  }
  copyFileSync(`${file}.good`, file);
  const again = await start();
  expect((await send(again.smtpPort, 'token-whole-end')).accepted).toBe(true);
  await until(() => hop?.received.some((mail) => holdsToken(mail, 'token-whole-end')) === true);
});

/** SQLite's header: user_version at octet 60, application_id at 68. */
function withNumber(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(value, at);
  return changed;
}

const memoryMiB = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;

test('F24 100,000 mails wait at the start: ready as ever, and no role reads them all into memory', async () => {
  await gateway?.stop();
  for (const disk of disks.splice(0).reverse()) execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const empty = await start();
  await empty.idle();
  const usual = new Map(ROLES.map((role) => [role, memoryMiB(empty.rolePids().get(role) ?? 0)]));
  await empty.stop();
  await hop?.close();
  const connection = new Sqlite(join(dataDir, 'gateway.db'));
  connection.exec(`
    insert into job (id, kind, tenant, message_id, lane, payload, state, due_at, attempts, fence, last_error, created_at)
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 99999)
    select 'deliver-' || i, 'deliver', 't1', 'm' || i, 'light', '{}', 'waiting', ${Date.now() + 30_000_000}, 1, 0, '', ${Date.now()} from n`);
  connection.close();
  const running = await start({}, { outlet: { maxRetrySeconds: 86_400, firstRetrySeconds: 1 } });
  for (const role of ROLES) {
    const pid = running.rolePids().get(role as Role) ?? 0;
    expect(memoryMiB(pid)).toBeLessThan((usual.get(role) ?? 0) + 60);
  }
  expect((await send(running.smtpPort, 'token-crowd-end')).accepted).toBe(true);
  await until(() => hop?.received.some((mail) => holdsToken(mail, 'token-crowd-end')) === true);
});
