/**
 * F05, F06, F42: what the parents of jailed processes keep and spend. Mails of every kind go the whole way in this process,
 * with the real converter and inspector in their jails; descriptors and files are back where they were, and no hostile
 * mail costs the parent's thread what it costs the child.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type House, openHouse } from '../../kit/house.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const CHILD = fileURLToPath(new URL('../../../src/jail/child.ts', import.meta.url));
const WARM = 20;
const MAILS = 100;

let house: House;
beforeAll(async () => {
  house = await openHouse({ child: CHILD, messageMs: 30_000 });
});
afterAll(async () => {
  await house.close();
  rmSync(house.folder, { recursive: true });
});

const mail = (type: string, body: string, more = ''): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nTo: soumu@t1.example\r\nSubject: leak\r\nMIME-Version: 1.0\r\n${more}Content-Type: ${type}\r\n\r\n${body}\r\n`,
  );

const parts = (...each: readonly string[]): string => `${each.map((part) => `--b\r\n${part}\r\n`).join('')}--b--`;
const file = (name: string, text: string): string =>
  `Content-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(text).toString('base64')}`;

const KINDS: readonly Buffer[] = [
  mail('text/plain', 'words'),
  mail('text/html', '<p>words <a href="https://example.com/">link</a></p>'),
  mail('multipart/mixed; boundary=b', parts('Content-Type: text/plain\r\n\r\nwords', file('a.csv', '=1+1,b\r\n'))),
  mail('multipart/mixed; boundary=b', parts('\r\nwords', file('a.exe', `MZ${'\0'.repeat(200)}`))),
  mail('message/partial; id=x; number=1; total=2', 'held'),
];

async function run(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await house.accept(KINDS[index % KINDS.length] ?? Buffer.alloc(0));
  await house.work();
}

const measure = () => ({
  files: readdirSync('/proc/self/fd').length,
  temporary: readdirSync(tmpdir()).length,
});

test('F05 a hundred mails of every kind: descriptors and temporary files as before', async () => {
  await run(WARM);
  const before = measure();
  await run(MAILS);
  const after = measure();
  expect(Math.abs(after.files - before.files)).toBeLessThanOrEqual(5);
  expect(after.temporary).toBeLessThanOrEqual(before.temporary + 5);
  const database = await house.database.read.selectFrom('recipient').select('state').execute();
  expect(database).toHaveLength(WARM + MAILS);
  expect(database.filter(({ state }) => !/^(?:delivered|held)/.test(state))).toEqual([]);
});

/** A process of its own: the heap of the test runner is not the gateway's. */
const PROGRAM = fileURLToPath(new URL('../../kit/heap.ts', import.meta.url));

test('F06 the heap grows by less than a kilobyte a mail, once everything that runs is compiled', {
  timeout: 300_000,
}, async () => {
  // What is kept for the judges (test/kit/collect) would be counted too.
  const { NODE_OPTIONS: _, SEKISHO_COLLECT_OUTPUTS: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM, '500', '500'], { env });
  expect(Number.parseInt(stdout, 10)).toBeLessThan(1024);
});

/** Processor time of all processes below this one, in milliseconds; a tick is 10 ms (getconf CLK_TCK). */
function childrenMs(): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
        return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
      } catch {
        return [];
      }
    });
  const mine = new Set([process.pid]);
  for (const { pid, parent } of stats.sort((a, b) => a.pid - b.pid)) if (mine.has(parent)) mine.add(pid);
  mine.delete(process.pid);
  return stats.filter(({ pid }) => mine.has(pid)).reduce((sum, { ticks }) => sum + ticks * 10, 0);
}

const nested = (depth: number): string =>
  Array.from({ length: depth }, (_, i) => `--b${i}\r\nContent-Type: multipart/mixed; boundary=b${i + 1}\r\n\r\n`).join(
    '',
  );

const EVIL: readonly (readonly [string, Buffer])[] = [
  ['200,000 nested div', mail('text/html', `${'<div>'.repeat(200_000)}words`)],
  ['200,000 empty parts', mail('multipart/mixed; boundary=b', `${'--b\r\n\r\n'.repeat(200_000)}--b--`)],
  ['5,000 nested multiparts', mail('multipart/mixed; boundary=b0', nested(5000))],
  ['a million «<»', mail('text/html', '<'.repeat(1_000_000))],
  ['20,000 encoded words', mail('text/plain', 'words', `X: ${'=?utf-8?Q?abc?=\r\n '.repeat(20_000)}\r\n`)],
];

test('F42 hostile mails cost the child; the parent’s thread is never away for long', async () => {
  const spent: number[] = [];
  const childBefore = childrenMs();
  for (const [, bytes] of EVIL) {
    const begun = process.threadCpuUsage();
    await house.accept(bytes);
    await house.work();
    const { user, system } = process.threadCpuUsage(begun);
    spent.push((user + system) / 1000);
  }
  const child = childrenMs() - childBefore;
  // Processor time, not the clock: on a busy machine the clock shows the others. All turns of a mail together stay
  // below what one single turn may take.
  expect(Math.max(...spent)).toBeLessThan(200);
  expect(child).toBeGreaterThan(spent.reduce((sum, ms) => sum + ms, 0));
});
