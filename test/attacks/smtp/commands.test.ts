/** S09, S18, S21, S22, S27, S30, S31, S40, S57, S59: what stands in commands and connections, seen in replies, rows and log. */
import dns from 'node:dns';
import { readdirSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';
import { afterEach, expect, test, vi } from 'vitest';
import { openTestIntake, RawClient, type TestIntake, type TestIntakeOptions, wire } from '../../dialogs/kit.ts';
import { keptLog } from '../../unit/flow/bench.ts';

let intake: TestIntake;
const open = async (options: TestIntakeOptions = {}): Promise<RawClient> => {
  intake = await openTestIntake({ ...options, limits: { graceMs: 100, ...options.limits } });
  return new RawClient(intake.port);
};
const inTransaction = async (options: TestIntakeOptions = {}): Promise<RawClient> => {
  const client = await open(options);
  await client.reply();
  await client.command('EHLO mx.example.com');
  expect(await client.command('MAIL FROM:<s@example.com>')).toMatch(/^250/);
  return client;
};
afterEach(() => intake.close());

test('S09 BDAT between RCPT and DATA is no second view of the message: its octets are commands, DATA alone counts', async () => {
  const client = await inTransaction();
  await client.command('RCPT TO:<taro@a.lg.jp>');
  expect(await client.command('BDAT 10 LAST')).toMatch(/^502 5\.5\.1/);
  expect(await client.command('Subject: x')).toMatch(/^500 5\.5\.2/);
  expect(await client.command('DATA')).toMatch(/^354/);
  await client.write(wire('one'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  expect(intake.accepted.map(({ bytes }) => [...bytes.values()])).toEqual([[wire('one').slice(0, -3)]]);
  client.end();
});

const FOREIGN = [
  'evil.example',
  'sub.a.lg.jp',
  'a.lg.jp.',
  'A.LG.JP.',
  'a.lg.jp.evil.example',
  'xa.lg.jp',
  'lg.jp',
  'localhost',
  'gw.example.lg.jp',
  'xn--a.lg.jp',
  'xn--wgv71a119e.jp.evil.example',
  'f.lg.jp',
] as const;

test.each(FOREIGN)('S18 %s is no domain of ours: 550, and nobody’s mail', async (domain) => {
  const client = await inTransaction();
  for (const local of ['taro', 'postmaster']) {
    expect(await client.command(`RCPT TO:<${local}@${domain}>`)).toMatch(/^550 5\.7\.1/);
  }
  expect(await client.command('DATA')).toMatch(/^503/);
  expect(intake.accepted).toEqual([]);
  client.end();
});

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

test.each([
  ['a full-width @', utf8('taro＠a.lg.jp'), '553 5.6.7'],
  ['an ideographic full stop', utf8('taro@a。lg。jp'), '553 5.6.7'],
  ['a half-width ideographic full stop', utf8('taro@a｡lg.jp'), '553 5.6.7'],
  ['full-width letters', utf8('ｔａｒｏ@a.lg.jp'), '553 5.6.7'],
  ['a ligature', utf8('taro@a.lg.jp'.replace('a.', 'ﬀ.')), '553 5.6.7'],
  ['the Kelvin sign', utf8('taro@a.lg.jp'.replace('lg', 'lɡ')), '553 5.6.7'],
  ['a zero-width space', utf8('taro@a.lg.jp\u200b'), '553 5.6.7'],
  ['a soft hyphen', utf8('ta\u00adro@a.lg.jp'), '553 5.6.7'],
  ['a U-label of ours', utf8('taro@日本語.jp'), '553 5.6.7'],
  ['UTF-8 of one octet too many', 'taro\xc1\xa1@a.lg.jp', '553 5.6.7'],
  ['benign twin: other case', 'TARO@A.LG.JP', '250 2.1.5'],
  ['S22 benign twin: the A-label', 'taro@XN--WGV71A119E.jp', '250 2.1.5'],
])('S21 %s is compared as ASCII, exactly', async (_, address, status) => {
  const client = await inTransaction();
  expect(await client.command(`RCPT TO:<${address}>`)).toContain(status);
  client.end();
});

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('S27 500 connections of one address: 421 beyond the cap, one line each, and no descriptor stays', async () => {
  const log = keptLog();
  const first = await open({ log, intake: { maxConnectionsPerPeer: 5, maxConnections: 400 } });
  await first.reply();
  const before = openFiles();
  for (let round = 0; round < 5; round++) {
    const flood = Array.from({ length: 100 }, () => new RawClient(intake.port));
    const replies = await Promise.all(flood.map((client) => client.reply()));
    expect(replies.filter((reply) => /^421 4\.7\.0/.test(reply)).length).toBeGreaterThanOrEqual(95);
    for (const client of flood) client.end();
  }
  await expect.poll(openFiles).toBeLessThanOrEqual(before + 5);
  expect(log.events().filter((event) => event === 'intake-peer-refused').length).toBeGreaterThanOrEqual(475);
  expect(await first.command('NOOP')).toMatch(/^250/);
  first.end();
});

test('S30 thirty commands that are none: 421 after ten, one line in the log, and not what was sent', async () => {
  const log = keptLog();
  const client = await open({ log });
  await client.reply();
  await client.write('CanaryFoo\r\n'.repeat(30));
  const replies = await client.rest();
  expect(replies.filter((reply) => reply.startsWith('500 5.5.2'))).toHaveLength(10);
  expect(replies.at(-1)).toMatch(/^421 4\.7\.0/);
  expect(log.lines).toContainEqual(expect.objectContaining({ event: 'intake-refused', at: 'command', code: 421 }));
  expect(log.events().filter((event) => event === 'intake-refused')).toHaveLength(1);
  expect(JSON.stringify(log.lines)).not.toContain('Canary');
});

test('S30 benign twin: nine mistakes, then a mail, and the count begins anew', async () => {
  const client = await open();
  await client.reply();
  for (let round = 0; round < 2; round++) {
    for (let mistake = 0; mistake < 9; mistake++) expect(await client.command('FOO')).toMatch(/^500/);
    await client.command('EHLO mx.example.com');
    await client.command('MAIL FROM:<s@example.com>');
    await client.command('RCPT TO:<taro@a.lg.jp>');
    await client.command('DATA');
    await client.write(wire('x'));
    expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  }
  client.end();
});

test.each([
  ['S31 a command of 100 KB', `RCPT TO:<${'Canary'.repeat(17_000)}@a.lg.jp>\r\n`, /^(?:500|421)/],
  ['S57 an EHLO of 10 KB', `EHLO ${'Canary'.repeat(1700)}\r\n`, /^(?:500|501|421)/],
  ['S57 an EHLO that paints the terminal', 'EHLO Canary\x1b[2J\x1b]52;c\x07\r\n', /^501/],
  ['S57 an EHLO with a line end for the log', 'EHLO Canary\r{"event":"accepted"}\r\n', /^501/],
])('%s: refused, and neither reply nor log has any of it', async (_, octets, status) => {
  const log = keptLog();
  const client = await open({ log });
  await client.reply();
  await client.write(octets);
  const reply = await client.reply();
  expect(reply).toMatch(status);
  expect(reply + JSON.stringify(log.lines)).not.toMatch(/Canary|\\u001b/);
  client.end();
});

test('S40 what is pipelined behind QUIT is not read', async () => {
  const client = await inTransaction();
  await client.command('RCPT TO:<taro@a.lg.jp>');
  await client.write(`QUIT\r\nDATA\r\n${wire('x')}MAIL FROM:<x@evil.invalid>\r\nRCPT TO:<taro@a.lg.jp>\r\nDATA\r\n`);
  expect(await client.rest()).toEqual([expect.stringMatching(/^221/)]);
  expect(intake.accepted).toEqual([]);
});

test('S59 nobody’s PTR is asked for: what an attacker wrote into it stands nowhere', async () => {
  const hostile = 'evil\r\nReceived: from x\x1b[2J';
  const asked = vi.spyOn(dns, 'reverse').mockImplementation((_address, callback) => callback(null, [hostile]));
  const client = await open();
  await client.upToData();
  await client.write(wire('x'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0/);
  expect(intake.accepted[0]?.incoming.origin).toMatchObject({
    peerAddress: '127.0.0.1',
    untrustedHelo: 'mx.example.com',
  });
  expect(JSON.stringify(intake.accepted[0]?.incoming.origin)).not.toContain('evil');
  expect(asked).not.toHaveBeenCalled();
  // The same spy sees the library ask where it may.
  const naive = new SMTPServer({ authOptional: true, logger: false, disabledCommands: ['STARTTLS'] });
  await new Promise<void>((resolve) => naive.listen(0, '127.0.0.1', () => resolve()));
  const address = naive.server.address();
  const other = new RawClient(typeof address === 'object' && address !== null ? address.port : 0);
  await other.reply();
  expect(asked).toHaveBeenCalled();
  other.end();
  await new Promise<void>((resolve) => naive.close(() => resolve()));
  asked.mockRestore();
  client.end();
});
