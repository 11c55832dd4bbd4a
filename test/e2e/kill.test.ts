/**
 * F12, F25–F27: roles killed, stopped and held up at each step between DATA and delivery. What was answered 250 arrives,
 * once; twice only where the kill fell between the next hop's 250 and our commit; nothing else arrives, and all of it is signed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { verifyForwarded } from '../../src/gate/forwarded.ts';
import { publicFile } from '../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../src/keys/load.ts';
import { ROLES, type Role } from '../../src/message/roles.ts';
import { silentRoles } from '../../src/roles/heartbeat.ts';
import { RawClient } from '../dialogs/kit.ts';
import { freePort, type Gateway, type GatewayOptions, startGateway } from '../kit/gateway.ts';
import { type Hop, type HopOptions, openHop } from '../kit/hop.ts';
import { holdsToken, idOf, tokenMail } from '../kit/ledger.ts';
import { type SendResult, sendAll } from '../kit/send.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sekisho-kill-'));
let options: GatewayOptions;
let gateway: Gateway;
let hopPort: number;
let hop: Hop;

beforeAll(async () => {
  hopPort = await freePort();
  options = {
    folder,
    nextHopPort: hopPort,
    ports: { smtp: await freePort(), admin: await freePort() },
    settings: {
      sanitizer: { leaseSeconds: 5, workers: 2 },
      outlet: { leaseSeconds: 5, firstRetrySeconds: 1, maxRetrySeconds: 1, timeoutSeconds: 5 },
    },
  };
  await start();
});
afterEach(() => hop?.close());
afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true });
});

async function start(): Promise<void> {
  gateway = await startGateway(options);
  await until(() => silentRoles(folder, ROLES, Date.now()).length === 0);
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(20);
}

const listen = async (more: HopOptions = {}): Promise<void> => {
  hop = await openHop({ ...more, port: hopPort });
};

const pidOf = (role: Role): number => gateway.rolePids().get(role) ?? expect.unreachable(`no ${role}`);
const signal = (role: Role, name: NodeJS.Signals): boolean => process.kill(pidOf(role), name);

async function killed(role: Role): Promise<void> {
  const pid = pidOf(role);
  process.kill(pid, 'SIGKILL');
  await until(() => (gateway.rolePids().get(role) ?? pid) !== pid);
}

/** @param retries intake may just be coming back. */
async function send(token: string, retries = 60): Promise<SendResult> {
  const mail = tokenMail(token, ['soumu@t1.example']);
  const [result] = await sendAll([mail], { port: gateway.smtpPort, connections: 1, retries });
  return result ?? expect.unreachable();
}

/** Accepted while the sanitizer stands still. */
async function sendBefore(token: string): Promise<string> {
  signal('sanitizer', 'SIGSTOP');
  const result = await send(token);
  expect(result.accepted).toBe(true);
  return idOf(result);
}

/** Holds the database's write lock until it is called. */
function holdLock(): () => void {
  const connection = new Sqlite(join(folder, 'gateway.db'), { timeout: 5000 });
  connection.exec('begin immediate');
  return () => {
    connection.exec('rollback');
    connection.close();
  };
}

/** Resolves in the turn of the event loop in which the job is seen leased, or done already. */
async function leased(kind: string, id: string): Promise<void> {
  const connection = new Sqlite(join(folder, 'gateway.db'), { readonly: true });
  const look = connection.prepare(`select state from job where id = '${kind}-${id}'`).pluck();
  while (look.get() === 'waiting') await turn();
  connection.close();
}

const shares = (): number =>
  readdirSync(join(folder, 'vault'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.share'))
    .length;

/** How often each arrived; all of it must be signed by us. */
async function arrivals(...tokens: readonly string[]): Promise<readonly number[]> {
  await gateway.idle(90_000);
  const verifiers = loadReceiptVerifiers(publicFile(folder));
  for (const { bytes } of hop.received) expect(verifyForwarded(bytes, verifiers).kind).toBe('verified');
  return tokens.map((token) => hop.received.filter((mail) => holdsToken(mail, token)).length);
}

test('F12 intake killed in the middle of DATA: no 250, no mail; sent again it arrives once', async () => {
  await listen();
  const client = new RawClient(gateway.smtpPort);
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<sender@example.com>');
  await client.command('RCPT TO:<soumu@t1.example>');
  await client.command('DATA');
  await client.write(`Subject: half\r\n\r\ntoken-middle-end ${'x'.repeat(100_000)}`);
  await killed('intake');
  expect(await client.reply()).toBe('closed');
  expect((await send('token-again-end')).accepted).toBe(true);
  expect(await arrivals('token-middle-end', 'token-again-end')).toEqual([0, 1]);
});

test('F12 intake killed when the bytes are sealed and the commit waits: no 250, and what lies in the vault is nobody’s mail', async () => {
  await listen();
  const before = shares();
  const release = holdLock();
  const sending = send('token-sealed-end', 0);
  await until(() => shares() >= before + 3);
  await killed('intake');
  release();
  expect((await sending).accepted).toBe(false);
  expect(await arrivals('token-sealed-end')).toEqual([0]);
});

test('F12 the sanitizer killed before it begins: once', async () => {
  await listen();
  await sendBefore('token-waits-end');
  await killed('sanitizer');
  expect(await arrivals('token-waits-end')).toEqual([1]);
});

test('F12 the sanitizer killed while it works, and while its commit waits: once', async () => {
  await listen();
  const worked = await sendBefore('token-work-end');
  signal('sanitizer', 'SIGCONT');
  await leased('process', worked);
  await killed('sanitizer');
  expect(await arrivals('token-work-end')).toEqual([1]);

  const committed = await sendBefore('token-commit-end');
  const before = shares();
  signal('sanitizer', 'SIGCONT');
  await leased('process', committed);
  const release = holdLock();
  // The sanitized message and the administrators' texts are in the vault; the rows are not.
  await until(() => shares() >= before + 6);
  await killed('sanitizer');
  release();
  expect(await arrivals('token-commit-end')).toEqual([1]);
});

test('F12 the outlet killed before it begins, and when it asks the next hop: once', async () => {
  await listen();
  signal('outlet', 'SIGSTOP');
  const sent = await send('token-ready-end');
  const connection = new Sqlite(join(folder, 'gateway.db'), { readonly: true });
  const ready = connection.prepare(`select count(*) from job where id = 'deliver-${idOf(sent)}'`).pluck();
  await until(() => ready.get() === 1);
  connection.close();
  await killed('outlet');
  expect(await arrivals('token-ready-end')).toEqual([1]);
  await hop.close();

  let asked = 0;
  await listen({
    answerRcpt() {
      if (++asked === 1) signal('outlet', 'SIGKILL');
      return undefined;
    },
  });
  expect((await send('token-asked-end')).accepted).toBe(true);
  expect(await arrivals('token-asked-end')).toEqual([1]);
  expect(asked).toBeGreaterThan(1);
});

test('F12 the outlet killed between the next hop’s 250 and our commit: twice at most, the same bytes under one id', async () => {
  let taken = 0;
  await listen({
    answerData() {
      if (++taken === 1) signal('outlet', 'SIGKILL');
      return undefined;
    },
  });
  const sent = await send('token-twice-end');
  expect(await arrivals('token-twice-end')).toEqual([2]);
  const copies = hop.received.filter((mail) => holdsToken(mail, 'token-twice-end'));
  expect(copies.map(({ messageId }) => messageId)).toEqual([idOf(sent), idOf(sent)]);
  expect(copies[0]?.bytes.equals(copies[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
});

test('F12 the whole gateway killed after 250, started again: once', async () => {
  await listen();
  await sendBefore('token-all-end');
  const tree = gateway.tree();
  for (const pid of tree) process.kill(pid, 'SIGKILL');
  await until(() => gateway.process.exitCode !== null || gateway.process.signalCode !== null);
  await start();
  expect(await arrivals('token-all-end')).toEqual([1]);
});

test('F27 another holds the database for longer than we wait: 451, and the mail stays with its peer; then it is taken', async () => {
  await listen();
  const release = holdLock();
  const refused = await send('token-busy-end', 0);
  release();
  expect(refused.reply).toMatch(/^451 4\.3\.0 /);
  expect((await send('token-free-end')).accepted).toBe(true);
  expect(await arrivals('token-busy-end', 'token-free-end')).toEqual([0, 1]);
});

test('F26 a sanitizer that slept through its lease: another instance did the work, its own commit is refused', async () => {
  await listen();
  const id = await sendBefore('token-fence-end');
  signal('sanitizer', 'SIGCONT');
  await leased('process', id);
  signal('sanitizer', 'SIGSTOP');
  const sleeper = pidOf('sanitizer');
  const other = await secondInstance();
  await until(() => hop.received.some((mail) => holdsToken(mail, 'token-fence-end')));
  process.kill(sleeper, 'SIGCONT');
  await until(() => gateway.log().includes('"event":"lease-lost"'));
  expect(await arrivals('token-fence-end')).toEqual([1]);
  expect(hop.received.filter(({ messageId }) => messageId === id)).toHaveLength(1);
  await ended(other);
});

async function secondInstance(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'serve', '-c', gateway.configFile, '--roles', 'sanitizer'], {
    stdio: 'ignore',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  onTestFinished(() => ended(child));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

test('F25 SIGTERM under load: newcomers are not let in, it ends by itself, and what was answered 250 arrives once', async () => {
  await listen({ delayMs: 50 });
  const tokens = Array.from({ length: 60 }, (_, index) => `token-term${index}-end`);
  const mails = tokens.map((token) => tokenMail(token, ['soumu@t1.example']));
  let accepted = 0;
  const enough = Promise.withResolvers<void>();
  const sending = sendAll(mails, {
    port: gateway.smtpPort,
    connections: 4,
    onResult(result) {
      if (result.accepted && ++accepted === 12) enough.resolve();
    },
  });
  await enough.promise;
  const gone = new Promise((resolve) => gateway.process.once('exit', resolve));
  gateway.process.kill('SIGTERM');
  const results = await sending;
  expect(await gone).toBe(0);
  const promised = results.filter((result) => result.accepted).map(({ index }) => tokens[index] ?? '');
  expect(promised.length).toBeLessThan(tokens.length);
  for (const { reply } of results.filter((result) => !result.accepted)) expect(reply ?? '421').toMatch(/^421/);
  await start();
  const counts = await arrivals(...promised);
  expect(counts).toEqual(promised.map(() => 1));
  const kept = tokens.filter((token) => !promised.includes(token));
  expect(await arrivals(...kept)).toEqual(kept.map(() => 0));
});
