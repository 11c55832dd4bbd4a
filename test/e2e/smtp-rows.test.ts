/**
 * Rows of the area SMTP that only a whole gateway shows: what the next hop gets octet by octet, loops, bounces, copies,
 * tenants, and who is told of what. One gateway; nobody outside it is ever written to.
 */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { RawClient, wire } from '../dialogs/kit.ts';
import { readForwarded } from '../kit/forwarded.ts';
import { freePort, type Gateway, startGateway } from '../kit/gateway.ts';
import { auditByMessage, runCommand } from '../kit/ledger.ts';
import { openSink, type Script, type Sink } from '../unit/outlet/sink.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let gateway: Gateway;
let hopPort: number;
let sink: Sink;
beforeAll(async () => {
  hopPort = await freePort();
  gateway = await startGateway({
    tenants: 2,
    nextHopPort: hopPort,
    recipients: ['admin', 'a', 'b'],
    settings: { outlet: { firstRetrySeconds: 1, maxRetrySeconds: 1, timeoutSeconds: 5 } },
  });
});
afterEach(() => sink?.close());
afterAll(() => gateway?.stop());

const listen = async (script: Script = {}): Promise<void> => {
  sink = await openSink(script, hopPort);
};

interface Given {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly message: string;
}

/** Sends over raw SMTP and waits until nothing is left to do. @returns the reply to the message. */
async function send({ from = 'sender@example.com', to = ['a@t1.example'], message }: Given): Promise<string> {
  const client = new RawClient(gateway.smtpPort);
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command(`MAIL FROM:<${from}>`);
  for (const address of to) await client.command(`RCPT TO:<${address}>`);
  let reply = await client.command('DATA');
  if (reply.startsWith('354')) {
    await client.write(message);
    reply = await client.reply();
  }
  client.end();
  await gateway.idle();
  return reply;
}

const idIn = (reply: string): string => /[0-9A-HJKMNP-TV-Z]{26}/.exec(reply)?.[0] ?? '';
const mailsTo = (address: string): readonly Buffer[] => {
  const found: Buffer[] = [];
  let recipients: string[] = [];
  let at = 0;
  for (const line of sink.commands) {
    if (line.startsWith('MAIL')) recipients = [];
    if (line.startsWith('RCPT')) recipients.push(line);
    if (line !== 'DATA') continue;
    const bytes = sink.messages[at++];
    if (bytes !== undefined && recipients.includes(`RCPT TO:<${address}>`)) found.push(bytes);
  }
  return found;
};
const outsiders = (): readonly string[] =>
  sink.commands.filter((line) => /^RCPT/.test(line) && !/@t[12]\.example>$/.test(line));

/** INV-01: printable ASCII, CRLF only, no line over 78. */
function expectPlainBytes(bytes: Buffer): void {
  const text = bytes.toString('latin1');
  expect(text).toMatch(/^[\t\r\n\x20-\x7e]*\r\n$/);
  expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
  expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
}

const plain = (body: string, header = ''): string =>
  wire(body, `From: s@example.com\r\nTo: a@t1.example\r\n${header}Subject: rows\r\n`);

test('S07 lines of dots: one envelope, one message at the next hop, and the dots are in the text', async () => {
  await listen();
  const body = ['before', '.', '..', '.x', '...', 'after'];
  await send({ message: plain(body.map((line) => line.replace(/^\./, '..')).join('\r\n')) });
  expect(sink.commands.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  expect(sink.messages).toHaveLength(1);
  expect(readForwarded(sink.messages[0] ?? Buffer.alloc(0)).text).toContain(body.join('\r\n'));
});

test('S08 S41 S43 decoded line ends, a subject of 5,000 letters and escapes: what goes out is plain ASCII in short lines', async () => {
  await listen();
  const hidden = Buffer.from('a\r.\rMAIL FROM:<x@evil.invalid>\rb\n.\nRCPT TO:<y@evil.invalid>\n').toString('base64');
  const header = `X-Long: ${'x'.repeat(5000)}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n`;
  const subject = `Subject: ${'long'.repeat(1250)}\x1b[2J\x07\r\n`;
  expect(await send({ message: wire(hidden, `From: s@example.com\r\n${header}${subject}`) })).toMatch(/^250/);
  expect(sink.messages).toHaveLength(1);
  const bytes = sink.messages[0] ?? Buffer.alloc(0);
  expectPlainBytes(bytes);
  const mail = readForwarded(bytes);
  expect(mail.header).toContain('longlong');
  expect(mail.text).toContain('MAIL FROM');
  expect(outsiders()).toEqual([]);
});

test('S46 the next hop sends back what we sent: 554 5.4.6, and the circle ends', async () => {
  await listen();
  await send({ message: plain('once around') });
  const ours = sink.messages[0] ?? Buffer.alloc(0);
  const stuffed = `Received: from hop by other; now\r\n${ours.toString('latin1')}`.replace(/(^|\r\n)\./g, '$1..');
  expect(await send({ message: `${stuffed}.\r\n` })).toMatch(/^554 5\.4\.6/);
  expect(sink.messages).toHaveLength(1);
  // Benign twin: somebody answers and quotes our receipt in the body.
  expect(
    await send({ message: plain(`> ${ours.toString('latin1').split('\r\n').slice(0, 3).join('\r\n> ')}`) }),
  ).toMatch(/^250/);
});

test('S47 a bounce from <> comes in, is made safe and delivered like any mail; nobody is answered', async () => {
  await listen();
  expect(await send({ from: '', message: plain('undelivered: see below') })).toMatch(/^250/);
  expect(sink.messages).toHaveLength(1);
  expect(sink.commands.filter((line) => line.startsWith('MAIL'))).toEqual(['MAIL FROM:<>']);
  expect(readForwarded(sink.messages[0] ?? Buffer.alloc(0)).text).toContain('undelivered: see below');
});

test('S48 S49 a bounce that cannot be delivered makes no bounce: one notice inside, and none about that one', async () => {
  await listen({ answer: (line) => (/^(?:RCPT|DATA)/.test(line) ? '550 5.1.1 no' : undefined) });
  const id = idIn(await send({ from: '', message: plain('bounce') }));
  const told = (await auditByMessage(gateway)).get(id)?.map(({ event }) => event);
  expect(told?.sort()).toEqual(['accepted', 'delivery-intended', 'refused', 'sanitized']);
  // The hop refused the notice too: the audit log has it, and that is the end.
  expect(sink.commands.filter((line) => line.startsWith('RCPT'))).toEqual([
    'RCPT TO:<a@t1.example>',
    'RCPT TO:<admin@t1.example>',
  ]);
  expect(sink.messages).toEqual([]);
  expect(gateway.log()).toContain('"notice-undeliverable"');
});

test.each([
  ['an unknown recipient', { to: ['nobody@t1.example'] }, /^503/],
  ['a relay attempt', { to: ['x@evil.example'] }, /^503/],
  ['a program attached', { message: 'program' }, /^250/],
  ['a hop that says 550', { to: ['b@t1.example'] }, /^250/],
])('S49 %s from a forged sender: nothing is written to anybody outside', async (_, given, status) => {
  await listen({ answer: (line) => (line === 'RCPT TO:<b@t1.example>' ? '550 5.1.1 no' : undefined) });
  const program = `MZ${'\x90'.repeat(200)}`;
  const attached = `Content-Type: application/octet-stream; name=a.exe\r\nContent-Disposition: attachment; filename=a.exe\r\n`;
  const isProgram = 'message' in given;
  const message = isProgram
    ? wire(
        Buffer.from(program, 'latin1').toString('base64'),
        `From: v@evil.example\r\n${attached}Content-Transfer-Encoding: base64\r\n`,
      )
    : plain('x');
  expect(await send({ from: 'victim@evil.example', ...given, message })).toMatch(status);
  expect(outsiders()).toEqual([]);
  expect(sink.commands.filter((line) => line.startsWith('MAIL') && line !== 'MAIL FROM:<>')).toEqual([]);
  if (isProgram) expect(readForwarded(sink.messages[0] ?? Buffer.alloc(0)).text).toContain('a.exe');
});

test('S51 a peer that never read our 250 sends again: nothing lost, and the second is told as a copy of the first', async () => {
  await listen();
  const message = plain('twice', 'Message-ID: <once@example.com>\r\n');
  const first = new RawClient(gateway.smtpPort);
  await first.reply();
  await first.command('EHLO mx.example.com');
  await first.command('MAIL FROM:<sender@example.com>');
  await first.command('RCPT TO:<a@t1.example>');
  await first.command('DATA');
  await first.write(message);
  first.end();
  await vi.waitFor(() => expect(sink.messages).toHaveLength(1), 30_000);
  const second = idIn(await send({ message }));
  expect(sink.messages).toHaveLength(2);
  const ids = sink.messages.map((bytes) => /^Message-ID: (.*)\r$/im.exec(bytes.toString('latin1'))?.[1]);
  expect(ids).toEqual(['<once@example.com>', '<once@example.com>']);
  const { stdout } = await runCommand(gateway, 'messages', 'show', second);
  expect(stdout).toMatch(/duplicateOf[^0-9A-Z]+[0-9A-HJKMNP-TV-Z]{26}/);
});

test('S54 S55 two tenants in one transaction: a message each, sealed apart; To and Cc stay, Bcc is nowhere', async () => {
  await listen();
  const header = 'Cc: c@other.example\r\nBcc: secret@t2.example\r\nResent-Bcc: secret@t2.example\r\n';
  const id = idIn(await send({ to: ['a@t1.example', 'b@t2.example'], message: plain('for two', header) }));
  expect(sink.messages).toHaveLength(2);
  expect(mailsTo('a@t1.example')).toHaveLength(1);
  expect(mailsTo('b@t2.example')).toHaveLength(1);
  for (const bytes of sink.messages) {
    const { header: shown, text } = readForwarded(bytes);
    expect(shown).toMatch(/^To: .*a@t1\.example/m);
    expect(shown).toMatch(/^Cc: .*c@other\.example/m);
    expect(shown + text).not.toContain('secret@');
  }
  expect(mailsTo('a@t1.example')[0]?.toString('latin1')).not.toMatch(/t2\.example/);
  const database = await gateway.openDatabase();
  const own = await database.read.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const both = await database.read
    .selectFrom('message')
    .select(['tenant', 'original_object'])
    .where('received_at', '=', own.received_at)
    .execute();
  await database.close();
  expect(both.map(({ tenant }) => tenant).sort()).toEqual(['t1', 't2']);
  expect(new Set(both.map(({ original_object }) => original_object)).size).toBe(2);
});

test('S60 forged Received and Authentication-Results: what goes on has one Received, ours, and no result', async () => {
  await listen();
  const forged =
    'Authentication-Results: sekisho.example; spf=pass\r\nReceived: from evil by sekisho.example; Mon, 1 Jan 2026 00:00:00 +0900\r\n' +
    'Received: from other by mx.example.com; Mon, 1 Jan 2026 00:00:00 +0900\r\nARC-Seal: i=1; cv=pass\r\nDKIM-Signature: v=1\r\n';
  await send({ message: wire('x', `${forged}From: s@example.com\r\nSubject: x\r\n`) });
  const { header } = readForwarded(sink.messages[0] ?? Buffer.alloc(0));
  expect(header.match(/^Received:/gim)).toHaveLength(1);
  expect(header).toMatch(/^Received: from \[127\.0\.0\.1\] by sekisho\.example with SMTP id /m);
  expect(header).not.toMatch(/authentication-results|arc-seal|dkim|from evil/i);
});

test('F50 a mail over the next hop’s SIZE: the recipient gets a notice instead, the administrators hear of it, the original stays', async () => {
  await listen({ extensions: ['SIZE 4000'] });
  const body = Array.from({ length: 80 }, (_, line) => `${line} ${'long line '.repeat(6)}`).join('\r\n');
  const id = idIn(await send({ message: plain(body) }));
  expect(mailsTo('a@t1.example')).toHaveLength(1);
  expect(mailsTo('admin@t1.example')).toHaveLength(1);
  const notice = readForwarded(mailsTo('a@t1.example')[0] ?? Buffer.alloc(0));
  expect(notice.files).toEqual([]);
  expect(notice.text).toContain('受け取れる大きさを超えている');
  expect(notice.text).toContain(id);
  expect(notice.text).not.toContain('long line');
  expect((await runCommand(gateway, 'vault', 'check')).code).toBe(0);
  // Benign twin: a mail that fits.
  await send({ message: plain('short') });
  expect(mailsTo('a@t1.example')).toHaveLength(2);
});
