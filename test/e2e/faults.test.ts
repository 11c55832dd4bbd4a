/** What bad surroundings get: a full disk, a store that is gone, a next hop that is down or says no to some. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { verifyForwarded } from '../../src/gate/forwarded.ts';
import { publicFile } from '../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../src/keys/load.ts';
import { ROLES } from '../../src/message/roles.ts';
import { silentRoles } from '../../src/roles/heartbeat.ts';
import { freePort, type Gateway, startGateway } from '../kit/gateway.ts';
import { type Hop, type HopOptions, openHop } from '../kit/hop.ts';
import { holdsToken, idOf, tokenMail } from '../kit/ledger.ts';
import { type SendResult, sendAll } from '../kit/send.ts';

// A start takes two seconds here, and ten times as long where many test files run at once.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const folder = mkdtempSync(join(tmpdir(), 'sekisho-faults-'));
const store = (name: string): string => join(folder, 'stores', name);
const FULL = store('c');
let hasOwnDisk = false;
let hopPort = 0;
let gateway: Gateway;
let hop: Hop | undefined;

beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) mkdirSync(store(name), { recursive: true });
  hasOwnDisk = mountSmallDisk();
  hopPort = await freePort();
  gateway = await startGateway({
    folder,
    nextHopPort: hopPort,
    recipients: ['soumu', 'joho', 'kouhou', 'zaisei'],
    settings: {
      logLevel: 'silent',
      outlet: { firstRetrySeconds: 1, maxRetrySeconds: 1 },
      vault: {
        stores: ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name: `store-${name}`, path: store(name) })),
      },
    },
  });
  // It greets as soon as intake is up: a role that opens a store in the middle of a test would make folders anew.
  await until(() => silentRoles(folder, ROLES, Date.now()).length === 0);
});
afterEach(() => hop?.close());
afterAll(async () => {
  await gateway?.stop();
  if (hasOwnDisk) execFileSync('umount', [FULL]);
  rmSync(folder, { recursive: true });
});

function mountSmallDisk(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0770', 'sekisho-test', FULL], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const openOwnHop = async (options: HopOptions = {}): Promise<Hop> => {
  hop = await openHop({ ...options, port: hopPort });
  return hop;
};

async function send(token: string, ...names: string[]): Promise<SendResult> {
  const mail = tokenMail(
    token,
    names.map((name) => `${name}@t1.example`),
  );
  const [result] = await sendAll([mail], { port: gateway.smtpPort, connections: 1 });
  return result ?? expect.unreachable();
}

/** Everything that a mail leaves: rows and files. */
async function traces(): Promise<readonly number[]> {
  const database = await gateway.openDatabase();
  const count = async (table: 'message' | 'object' | 'job'): Promise<number> =>
    (await database.read.selectFrom(table).select('id').execute()).length;
  const rows = [await count('message'), await count('object'), await count('job')];
  await database.close();
  return [...rows, ...['a', 'b', 'c'].map((name) => records(store(name)))];
}

const records = (path: string): number =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(share|key)$/.test(name)).length;

async function statesOf(id: string): Promise<Readonly<Record<string, string>>> {
  const database = await gateway.openDatabase();
  const rows = await database.read
    .selectFrom('recipient')
    .select(['address', 'state'])
    .where('message_id', '=', id)
    .execute();
  await database.close();
  return Object.fromEntries(rows.map(({ address, state }) => [address.split('@')[0], state]));
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(50);
}

test('F07 F08 a full store: 452 before 250, nothing half-written; with room again the mail is taken', async ({
  skip,
}) => {
  skip(!hasOwnDisk, 'a small disk of our own needs the right to mount');
  const before = await traces();
  const filler = join(FULL, 'filler');
  fill(filler);
  const refused = await send('token-full-end', 'soumu');
  expect(refused.reply).toMatch(/^452 4\.3\.1 /);
  expect(await traces()).toEqual(before);

  rmSync(filler);
  await openOwnHop();
  expect((await send('token-room-end', 'soumu')).accepted).toBe(true);
  await gateway.idle();
  expect(hop?.received.map((mail) => holdsToken(mail, 'token-room-end'))).toEqual([true]);
});

/** Until not a byte goes in any more; tmpfs rounds up to pages. */
function fill(file: string): void {
  for (let size = statSync(FULL).blksize; ; ) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      return;
    }
  }
}

test('F32 F36 a store that is gone: 451 before 250, nothing half-written; back again the mail is taken', async () => {
  const before = await traces();
  const folders = readdirSync(store('b'));
  const away = join(folder, 'away');
  // The store's own folder may be a mount point: what is in it goes.
  mkdirSync(away);
  for (const name of folders) renameSync(join(store('b'), name), join(away, name));
  const refused = await send('token-gone-end', 'soumu');
  expect(refused.reply).toMatch(/^451 /);
  for (const name of folders) renameSync(join(away, name), join(store('b'), name));
  expect(await traces()).toEqual(before);

  await openOwnHop();
  expect((await send('token-back-end', 'soumu')).accepted).toBe(true);
  await gateway.idle();
  expect(hop?.received.map((mail) => holdsToken(mail, 'token-back-end'))).toEqual([true]);
});

test('F16 next hop down: accepted and queued, delivered once when it is there', async () => {
  const sent = await send('token-down-end', 'soumu');
  expect(sent.accepted).toBe(true);
  await until(async () => (await statesOf(idOf(sent)))['soumu'] === 'ready');
  await openOwnHop();
  await gateway.idle();
  expect(hop?.received.map((mail) => [mail.messageId, holdsToken(mail, 'token-down-end')])).toEqual([
    [idOf(sent), true],
  ]);
  expect(await statesOf(idOf(sent))).toEqual({ soumu: 'delivered' });
});

test('S53 one says 250, one 450, one 550: the second alone is asked again, the administrators hear of the third', async () => {
  const asked: string[] = [];
  await openOwnHop({
    answerRcpt(address) {
      const name = address.split('@')[0] ?? '';
      asked.push(name);
      if (name === 'zaisei') return '550 5.1.1 no such mailbox';
      return name === 'kouhou' && asked.filter((each) => each === name).length === 1
        ? '450 4.2.1 mailbox busy'
        : undefined;
    },
  });
  const sent = await send('token-three-end', 'joho', 'kouhou', 'zaisei');
  expect(sent.accepted).toBe(true);
  await until(async () => (await statesOf(idOf(sent)))['kouhou'] === 'delivered');
  await gateway.idle();

  expect(await statesOf(idOf(sent))).toEqual({ joho: 'delivered', kouhou: 'delivered', zaisei: 'undeliverable' });
  expect(asked.filter((name) => name !== 'soumu').sort()).toEqual(['joho', 'kouhou', 'kouhou', 'zaisei']);
  const copies = hop?.received.filter(({ messageId }) => messageId === idOf(sent)) ?? [];
  expect(copies.map(({ recipients }) => recipients)).toEqual([['joho@t1.example'], ['kouhou@t1.example']]);
  const notices = hop?.received.filter(({ recipients }) => recipients.includes('soumu@t1.example')) ?? [];
  expect(notices).toHaveLength(1);
  const verifiers = loadReceiptVerifiers(publicFile(folder));
  for (const { bytes } of [...copies, ...notices]) expect(verifyForwarded(bytes, verifiers).kind).toBe('verified');
  const notice = notices[0]?.bytes.toString('latin1') ?? '';
  const text = Buffer.from(notice.slice(notice.indexOf('\r\n\r\n')), 'base64').toString();
  expect(text).toContain('zaisei@t1.example');
  expect(text).not.toContain('joho@t1.example');
});
