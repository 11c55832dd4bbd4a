/** S24, S25, S28, S29, S31, S39, S42, S45, S46, S54: sizes, counts, loops, harvesting. Each with what must still pass. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  OWN_KEY_ID,
  openTestIntake,
  RawClient,
  type TestIntake,
  type TestIntakeOptions,
  wire,
} from '../../dialogs/kit.ts';

let intake: TestIntake;
const open = async (options: TestIntakeOptions = {}): Promise<RawClient> => {
  intake = await openTestIntake({ ...options, limits: { graceMs: 100, ...options.limits } });
  return new RawClient(intake.port);
};
afterEach(() => intake.close());

const MIB = 1024 * 1024;
const lines = (bytes: number): string => `${'x'.repeat(76)}\r\n`.repeat(Math.ceil(bytes / 78));

test('S24 S25 a message that grows over the limit is refused, nothing of it stays, the connection goes on', async () => {
  const client = await open({ intake: { maxMessageMiB: 1 } });
  await client.upToData();
  await client.write(wire(lines(1.5 * MIB)));
  expect(await client.reply()).toMatch(/^552 5\.3\.4/);
  expect(intake.objects.size).toBe(0);
  expect(intake.aborted).toHaveLength(1);
  expect(await client.command('MAIL FROM:<s@example.com> SIZE=10')).toMatch(/^250/);
  await client.command('RCPT TO:<taro@a.lg.jp>');
  await client.command('DATA');
  await client.write(wire(lines(0.9 * MIB)));
  expect(await client.reply()).toMatch(/^250 2\.0\.0 Accepted/);
});

test('S24 a peer that never stops after the refusal is cut off', async () => {
  const client = await open({ intake: { maxMessageMiB: 1 }, limits: { drainFactor: 1 } });
  await client.upToData();
  await client.write(lines(3 * MIB));
  expect(await client.rest()).toEqual([expect.stringMatching(/^552 5\.3\.4/)]);
});

test('S28 recipients beyond the limit get 452, the others get the mail', async () => {
  const client = await open({ intake: { maxRecipients: 100 } });
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<s@example.com>');
  const replies: string[] = [];
  for (let index = 0; index < 110; index++) replies.push(await client.command(`RCPT TO:<user${index}@a.lg.jp>`));
  expect(replies.map((reply) => reply.slice(0, 9))).toEqual([
    ...Array<string>(100).fill('250 2.1.5'),
    ...Array<string>(10).fill('452 4.5.3'),
  ]);
  expect(await client.command('RCPT TO:<USER3@a.lg.jp>')).toMatch(/^250/);
  await client.command('DATA');
  await client.write(wire('x'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  expect(intake.accepted[0]?.incoming.envelope.recipients).toHaveLength(100);
});

test('S54 recipients of several tenants are split, at most four tenants in one transaction', async () => {
  const client = await open();
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<s@example.com>');
  for (const domain of ['a', 'b', 'c', 'd']) {
    expect(await client.command(`RCPT TO:<taro@${domain}.lg.jp>`)).toMatch(/^250/);
  }
  expect(await client.command('RCPT TO:<taro@e.lg.jp>')).toMatch(/^452 4\.5\.3/);
  await client.command('RCPT TO:<user1@a.lg.jp>');
  await client.command('DATA');
  await client.write(wire('x'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  const { incoming, bytes } = intake.accepted[0] ?? {};
  expect(incoming?.routes.map(({ tenant, recipients }) => [tenant, recipients])).toEqual([
    ['a-lg-jp', ['taro@a.lg.jp', 'user1@a.lg.jp']],
    ['b-lg-jp', ['taro@b.lg.jp']],
    ['c-lg-jp', ['taro@c.lg.jp']],
    ['d-lg-jp', ['taro@d.lg.jp']],
  ]);
  expect([...(bytes?.keys() ?? [])]).toEqual(['a-lg-jp', 'b-lg-jp', 'c-lg-jp', 'd-lg-jp']);
  const ids = new Set([...(incoming?.originals.values() ?? [])].map(({ objectId }) => objectId));
  expect(ids.size).toBe(4);
});

test('S29 address harvesting ends with 421; a list with dead addresses in one mail is not cut short', async () => {
  const client = await open({ intake: { maxRecipients: 20 } });
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<s@example.com>');
  for (let index = 0; index < 19; index++) {
    expect(await client.command(`RCPT TO:<dead${index}@a.lg.jp>`)).toMatch(/^550 5\.1\.1/);
  }
  expect(await client.command('RCPT TO:<taro@a.lg.jp>')).toMatch(/^250/);
  await client.command('DATA');
  await client.write(wire('x'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  await client.command('MAIL FROM:<s@example.com>');
  for (let index = 0; index < 19; index++) await client.command(`RCPT TO:<rnd${index}@a.lg.jp>`);
  expect(await client.command('RCPT TO:<rnd19@a.lg.jp>')).toMatch(/^421 4\.7\.0/);
  expect(await client.reply()).toBe('closed');
});

test('S31 a command line of 100 KB ends the connection', async () => {
  const client = await open();
  await client.reply();
  await client.write(`RCPT TO:<${'a'.repeat(100_000)}@a.lg.jp>\r\n`);
  expect(await client.rest()).toEqual([expect.stringMatching(/^421/)]);
});

test.each(['EHLO mx\r\n', 'EH'])('S39 who talks before the greeting is turned away (%j)', async (early) => {
  const client = await open();
  await client.write(early);
  const replies = await client.rest();
  expect(replies).toEqual([expect.stringMatching(/^421/)]);
});

test.each([
  ['60 Received fields', 'Received: from a by b\r\n'.repeat(60), '554 5.4.6'],
  ['folded and oddly written ones count too', 'received \t: from a\r\n\tby b\r\n'.repeat(51), '554 5.4.6'],
  ['50 are no loop', 'Received: from a by b\r\n'.repeat(50), '250 2.0.0'],
  ['Received in the body is text', `Subject: x\r\n\r\n${'Received: from a by b\r\n'.repeat(80)}`, '250 2.0.0'],
])('S45 %s', async (_, header, status) => {
  const client = await open();
  await client.upToData();
  await client.write(wire('x', header));
  expect(await client.reply()).toMatch(new RegExp(`^${status.replaceAll('.', '\\.')}`));
});

test.each([
  ['our own receipt', `Sekisho-Receipt: v=1; k=${OWN_KEY_ID}; s=x\r\n`, '554 5.4.6'],
  ['our own receipt, folded in the key', `sekisho-receipt:\r\n v=1; k=01234567\r\n 89abcdef; s=x\r\n`, '554 5.4.6'],
  ['another gateway’s receipt', 'Sekisho-Receipt: v=1; k=fedcba9876543210; s=x\r\n', '250 2.0.0'],
  ['our key id elsewhere', `Subject: ${OWN_KEY_ID}\r\n`, '250 2.0.0'],
])('S46 %s', async (_, header, status) => {
  const client = await open();
  await client.upToData();
  await client.write(wire('x', header));
  expect(await client.reply()).toContain(status);
});

test.each([
  ['a header block over 1 MiB', `X-A: ${'a'.repeat(70)}\r\n`.repeat(15_000), '552 5.3.4'],
  ['one header line over 1 MiB', `Subject: ${'a'.repeat(1_100_000)}\r\n`, '552 5.3.4'],
  ['more than 10,000 fields', 'X: 1\r\n'.repeat(10_001), '552 5.3.4'],
  ['S41 a header line of 5,000 octets', `Subject: ${'a'.repeat(5000)}\r\n`, '250 2.0.0'],
  ['a body line of 2 MB', `Subject: x\r\n\r\n${'a'.repeat(2_000_000)}\r\n`, '250 2.0.0'],
  ['no empty line after the header, 2 MB', `Subject: x\r\nnot a field\r\n${lines(2_000_000)}`, '250 2.0.0'],
])('S42 %s', async (_, header, status) => {
  const client = await open();
  await client.upToData();
  await client.write(wire('x', header));
  expect(await client.reply()).toContain(status);
});

test('INV-13 replies are at most 512 octets and echo nothing that was sent', async () => {
  const client = await open();
  await client.reply();
  const canary = 'Canary7Zq';
  const sent = [
    `EHLO ${canary}`,
    `MAIL FROM:<${canary}@${canary}.example> ${canary}=1`,
    `MAIL FROM:<${canary}@example.com>`,
    `RCPT TO:<${canary}%${canary}@a.lg.jp>`,
    `RCPT TO:<${canary}@evil.example>`,
    `RCPT TO:<${canary}@a.lg.jp>`,
    `VRFY ${canary}`,
    canary,
  ];
  for (const line of sent) {
    const reply = await client.command(line);
    expect(reply).not.toContain(canary);
    for (const each of reply.split('\r\n')) expect(each.length).toBeLessThanOrEqual(510);
  }
});

test('S40 commands of a body whose DATA was refused make no mail', async () => {
  const client = await open();
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<s@example.com>');
  await client.command('RCPT TO:<nobody@a.lg.jp>');
  await client.write('DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n');
  await sleep(50);
  expect(intake.accepted).toEqual([]);
  expect(await client.reply()).toMatch(/^503/);
});
