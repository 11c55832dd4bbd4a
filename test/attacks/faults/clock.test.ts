/** F15: the wall clock jumps. What waits is delivered, what was told about an address is not believed for years, sessions go on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { expiryOf, isExpired } from '../../../src/queue/expiry.ts';
import { ProbedAddresses } from '../../../src/tenants/probed.ts';
import { RecipientList } from '../../../src/tenants/recipient-list.ts';
import { openTestIntake, RawClient, type TestIntake } from '../../dialogs/kit.ts';
import { type Bench, HOUR_MS, keptLog, openBench, readyMessage } from '../../unit/flow/bench.ts';

const DAY_MS = 24 * HOUR_MS;
const JUMPS = [
  ['an hour of summer time', HOUR_MS],
  ['a day', DAY_MS],
  ['ten years', 3652 * DAY_MS],
] as const;

let intake: TestIntake | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await intake?.close();
  intake = undefined;
});

const say = (bench: Bench, kind: 'later' | 'taken'): void => {
  bench.onDeliver = (recipients) => recipients.map((recipient) => ({ kind, recipient, reply: kind }));
};

test.each(JUMPS)(
  'F15 the clock jumps forward by %s while mail waits: tried on, delivered, nobody is told',
  async (_, ms) => {
    const bench = await openBench();
    const id = await readyMessage(bench);
    say(bench, 'later');
    await bench.deliver(await bench.take('deliver'));
    bench.clock += ms;
    await bench.deliver(await bench.take('deliver'));
    expect(await bench.states(id)).toEqual({ a: 'ready', b: 'ready' });
    bench.clock += HOUR_MS;
    say(bench, 'taken');
    await bench.deliver(await bench.take('deliver'));
    expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'delivered' });
    expect(await bench.events(id)).not.toContain('undeliverable');
  },
);

test.each(JUMPS)('F15 set back by %s: what waits for the old time is due at once', async (_, ms) => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  say(bench, 'later');
  await bench.deliver(await bench.take('deliver'));
  bench.clock -= ms;
  await bench.database.write((tx) => bench.queue.advance(tx, ['deliver'], bench.clock + 10 * 60_000, bench.clock));
  say(bench, 'taken');
  await bench.deliver(await bench.take('deliver'));
  expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'delivered' });
});

test('F15 benign twin: by honest waiting a mail is tried often enough, and given up at its age', () => {
  // The settings' defaults: 72 hours, at most an hour between tries, a try of at most 8 minutes.
  const expiry = expiryOf(72 * HOUR_MS, HOUR_MS + 480_000);
  for (const roundMs of [HOUR_MS + 480_000, HOUR_MS / 2, 60_000]) {
    const attempts = Math.ceil((72 * HOUR_MS) / roundMs);
    const job = { createdAtMs: 0, attempts };
    expect(isExpired(job, expiry, 72 * HOUR_MS - 1)).toBe(false);
    expect(isExpired(job, expiry, 72 * HOUR_MS)).toBe(true);
  }
  expect(isExpired({ createdAtMs: 0, attempts: 20 }, expiry, 3652 * DAY_MS)).toBe(false);
  expect(isExpired({ createdAtMs: 3652 * DAY_MS, attempts: 1000 }, expiry, 0)).toBe(false);
});

test('F15 an answer about an address that was written years ahead is asked anew', async () => {
  const bench = await openBench();
  const ahead = bench.clock + 3652 * DAY_MS;
  const row = { address: 'taro@t1.example', tenant: 't1', verdict: 'unknown' as const };
  await bench.database.write((tx) =>
    tx
      .insertInto('address_check')
      .values({ ...row, checked_at: ahead, valid_until: ahead + HOUR_MS })
      .execute()
      .then(() => undefined),
  );
  const probed = new ProbedAddresses({ ...bench, ring: () => undefined, now: () => bench.clock });
  expect(await probed.verdict('t1', row.address, 50)).toBe('undecided');
  // Benign twin: a host whose clock is a minute ahead of ours.
  await bench.database.write((tx) =>
    tx
      .updateTable('address_check')
      .set({ checked_at: bench.clock + 60_000 })
      .execute()
      .then(() => undefined),
  );
  expect(await probed.verdict('t1', row.address, 50)).toBe('unknown');
});

test.each(JUMPS)('F15 set back by %s: a list of addresses that changes is still read again', async (_, ms) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-clock-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'list.txt');
  writeFileSync(file, 'taro@t1.example\n');
  const clock = { ms: Date.now() };
  const source = { tenant: 't1', file, domains: new Set(['t1.example']) };
  const list = new RecipientList(source, keptLog(), () => clock.ms, { lookMs: 1000, settleMs: 0 });
  clock.ms -= ms;
  writeFileSync(file, 'taro@t1.example\nhanako@t1.example\n');
  await expect
    .poll(() => {
      clock.ms += 10;
      return list.find('hanako@t1.example');
    })
    .toBe('hanako@t1.example');
});

test.each([...JUMPS, ['minus ten years', -3652 * DAY_MS] as const])(
  'F15 a jump of %s in the middle of a session cuts nobody off',
  async (_, ms) => {
    intake = await openTestIntake({ limits: { sweepMs: 5, graceMs: 100 } });
    const client = new RawClient(intake.port);
    await client.upToData();
    await client.write('From: <s@example.com>\r\n\r\nhalf');
    const { now } = Date;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ms);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await client.write(' and half\r\n.\r\n');
    expect(await client.reply()).toMatch(/^250 2\.0\.0/);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await client.command('NOOP')).toMatch(/^250/);
    client.end();
  },
);

test('F15 benign twin: who is silent for too long by a clock that nobody sets is cut off', async () => {
  intake = await openTestIntake({ limits: { sweepMs: 5, sessionMs: 50, graceMs: 100 } });
  const client = new RawClient(intake.port);
  await client.reply();
  expect(await client.reply()).toMatch(/^421 4\.4\.2/);
});
