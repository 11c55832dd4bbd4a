import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Settings, settingsSchema } from '../../../src/config/schema.ts';
import type { CheckedMessage } from '../../../src/gate/receipt.ts';
import { openLgwanOutlet } from '../../../src/outlet/lgwan.ts';
import type { Outlet } from '../../../src/outlet/outlet.ts';
import { openLog } from '../../../src/telemetry/log.ts';
import { openSink, type Script, type Sink } from './sink.ts';

type HopSettings = Partial<Settings['tenants'][number]['nextHop']>;

let sink: Sink;
let outlet: Outlet;
afterEach(async () => {
  await outlet.close();
  await sink.close();
});

async function open(script: Script = {}, hop: HopSettings = {}, timeoutSeconds = 5): Promise<void> {
  sink = await openSink(script);
  const tenant = settingsSchema.shape.tenants.element.parse({
    id: 'chuo',
    name: '中央市',
    domains: ['a.lg.jp'],
    recipients: { kind: 'probe' },
    administrators: ['it@a.lg.jp'],
    contact: 'desk',
    nextHop: { host: '127.0.0.1', port: sink.port, ...hop },
  });
  const settings = {
    host: 'gw.example.lg.jp',
    tenants: [tenant],
    outlet: settingsSchema.shape.outlet.parse({ timeoutSeconds }),
  };
  outlet = openLgwanOutlet(settings, { log: openLog('test', 'silent') });
}

/** Only tests make one without a receipt: the brand has no value of its own. */
const message = (text: string, recipients: readonly string[]): CheckedMessage =>
  ({ messageId: 'm', recipients, bytes: Buffer.from(text, 'latin1'), sha256: '' }) as unknown as CheckedMessage;

const TEXT = 'Sekisho-Receipt: x\r\nSubject: hi\r\n\r\nbody\r\n';
const deliver = (recipients: readonly string[], text = TEXT) =>
  outlet.deliver('chuo', message(text, recipients), recipients);

const [A, B, C] = ['a@a.lg.jp', 'b@a.lg.jp', 'c@a.lg.jp'] as const;

test('S07 the sink receives exactly the checked bytes: one envelope, dots preserved', async () => {
  await open();
  const text = `${TEXT}.\r\n..\r\n.x\r\nlast\r\n`;
  expect(await deliver([A, B], text)).toEqual([
    { kind: 'taken', recipient: A, reply: '250 2.0.0 taken' },
    { kind: 'taken', recipient: B, reply: '250 2.0.0 taken' },
  ]);
  expect(sink.messages.map((each) => each.toString('latin1'))).toEqual([text]);
  expect(sink.commands).toEqual(['EHLO gw.example.lg.jp', 'MAIL FROM:<>', `RCPT TO:<${A}>`, `RCPT TO:<${B}>`, 'DATA']);
});

test('a large message arrives whole', async () => {
  await open();
  const text = `${TEXT}${`${'.'.repeat(76)}\r\n`.repeat(40_000)}`;
  await deliver([A], text);
  expect(sink.messages[0]?.equals(Buffer.from(text, 'latin1'))).toBe(true);
});

test('one connection carries many mails', async () => {
  await open();
  for (let index = 0; index < 5; index++) expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(sink.connections).toBe(1);
  expect(sink.messages).toHaveLength(5);
});

test('no more connections than configured', async () => {
  await open({}, { maxConnections: 2 });
  const results = await Promise.all(Array.from({ length: 8 }, () => deliver([A])));
  expect(results.flat().map(({ kind }) => kind)).toEqual(Array(8).fill('taken'));
  expect(sink.connections).toBe(2);
});

test.each([
  ['pipelined', ['PIPELINING']],
  ['one by one', []],
] as const)('S53 each recipient has its own answer (%s)', async (_, extensions) => {
  const answers: Record<string, string> = { [B]: '550 5.1.1 no such user', [C]: '451 4.2.1 later' };
  await open({ extensions, answer: (line) => answers[line.replace(/^RCPT TO:<|>$/g, '')] });
  expect(await deliver([A, B, C])).toEqual([
    { kind: 'taken', recipient: A, reply: '250 2.0.0 taken' },
    { kind: 'refused', recipient: B, reply: '550 5.1.1 no such user' },
    { kind: 'later', recipient: C, reply: '451 4.2.1 later' },
  ]);
});

test('all recipients refused: no message is sent, the connection is used again', async () => {
  let refused = false;
  await open({
    answer: (line) => {
      if (line.startsWith('MAIL')) refused = false;
      if (line.includes(A)) refused = true;
      if (line === 'DATA' && refused) return '554 5.5.1 no valid recipients';
      return line.includes(A) ? '550 5.1.1 no' : undefined;
    },
  });
  expect(await deliver([A])).toMatchObject([{ kind: 'refused', reply: '550 5.1.1 no' }]);
  expect(await deliver([B])).toMatchObject([{ kind: 'taken' }]);
  expect(sink.connections).toBe(1);
  expect(sink.messages).toHaveLength(1);
});

const onCommand = (verb: string, reply: string) => ({
  answer: (line: string) => (line.startsWith(verb) ? reply : undefined),
});
test.each([
  ['5xx to MAIL', { answer: badMail('550 5.7.1 no') }, 'refused'],
  ['4xx to MAIL, 503 to the RCPTs behind it', { answer: badMail('451 4.3.0 later') }, 'later'],
  ['5xx to DATA', onCommand('DATA', '554 5.6.0 no'), 'refused'],
  ['4xx to DATA', onCommand('DATA', '451 4.3.0 later'), 'later'],
  ['5xx after the dot', { afterData: '554 5.6.0 no' }, 'refused'],
  ['4xx after the dot', { afterData: '452 4.3.1 full' }, 'later'],
  ['421 to MAIL', onCommand('MAIL', '421 4.3.2 closing'), 'later'],
  ['421 after the dot', { afterData: '421 4.3.2 closing' }, 'later'],
  ['a 554 greeting says nothing about the mail', { greeting: '554 5.7.1 not you' }, 'later'],
  ['connection closed at MAIL', onCommand('MAIL', 'hang up'), 'later'],
  ['a reply that is none', { afterData: 'hello' }, 'later'],
] as const)('%s: %s', async (_, script, kind) => {
  await open(script);
  const results = await deliver([A, B]);
  expect(results.map((result) => result.kind)).toEqual([kind, kind]);
  expect(results.every(({ reply }) => reply !== '')).toBe(true);
  // The hop is used again afterwards, whatever happened.
  expect(outlet.hopOf('chuo')).toEqual({ host: '127.0.0.1', port: sink.port });
});

function badMail(reply: string): (line: string) => string | undefined {
  return (line) => {
    if (line.startsWith('MAIL')) return reply;
    return /^(RCPT|DATA)/.test(line) ? '503 5.5.1 bad sequence' : undefined;
  };
}

test('a 550 to one RCPT stays refused when the message itself is deferred', async () => {
  await open({ answer: (line) => (line.includes(B) ? '550 5.1.1 no' : undefined), afterData: '451 4.3.0 later' });
  expect((await deliver([A, B])).map(({ kind }) => kind)).toEqual(['later', 'refused']);
});

test('S52 a connection that closes after the final dot is ambiguous: later, and said so', async () => {
  await open({ afterData: 'hang up' });
  expect(await deliver([A])).toEqual([{ kind: 'later', recipient: A, reply: 'connection closed after data' }]);
  expect(sink.messages).toHaveLength(1);
});

test('nobody listens', async () => {
  await open();
  await sink.close();
  expect(await deliver([A])).toMatchObject([{ kind: 'later', reply: expect.stringContaining('ECONNREFUSED') }]);
});

test('an idle connection that the hop has closed is replaced without a word', async () => {
  let mails = 0;
  await open({
    answer: (line, connection) =>
      connection === 1 && line.startsWith('MAIL') && ++mails === 2 ? 'hang up' : undefined,
  });
  await deliver([A]);
  expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(sink.connections).toBe(2);
  expect(sink.messages).toHaveLength(2);
});

test.each(['x@a.lg.jp>\r\nRCPT TO:<y@b.lg.jp', 'no-at-sign', 'a b@a.lg.jp', '太郎@a.lg.jp', '"a"@a.lg.jp'])(
  'S10 %j is no address: refused here, never on the wire',
  async (bad) => {
    await open();
    expect((await deliver([bad, A])).map(({ kind }) => kind)).toEqual(['refused', 'taken']);
    expect(sink.commands.filter((line) => line.startsWith('RCPT'))).toEqual([`RCPT TO:<${A}>`]);
  },
);

test('a recipient that the receipt does not name is not sent to', async () => {
  await open();
  const results = await outlet.deliver('chuo', message(TEXT, [A]), [A, B]);
  expect(results.map(({ kind }) => kind)).toEqual(['taken', 'refused']);
});

test('replies are kept as printable ASCII of at most 512 characters', async () => {
  await open({ afterData: `250-\x1b[2J太\r\n250 ${'x'.repeat(2000)}` });
  const [result] = await deliver([A]);
  expect(result?.reply).toMatch(/^[\x20-\x7e]{512}$/);
});

function certificate(name: string): { readonly key: Buffer; readonly cert: Buffer; readonly caFile: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-sink-'));
  const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', caFile];
  execFileSync('openssl', ['req', '-x509', ...made, '-days', '2', ...names], { stdio: 'ignore' });
  return { key: readFileSync(keyFile), cert: readFileSync(caFile), caFile };
}

test('S34 required TLS against a hop without STARTTLS: later, nothing in the clear', async () => {
  await open({ answer: (line) => (line === 'STARTTLS' ? '502 no' : undefined) }, { tls: 'required' });
  expect(await deliver([A])).toMatchObject([{ kind: 'later' }]);
  expect(sink.commands.some((line) => line.startsWith('MAIL'))).toBe(false);
  expect(await outlet.probe('chuo', A)).toBe('undecided');
  expect(sink.commands.some((line) => line.startsWith('MAIL'))).toBe(false);
});

test('S35 a certificate that does not verify: later, nothing in the clear, also for opportunistic TLS', async () => {
  const { key, cert } = certificate('relay.lgwan.example');
  await open({ extensions: ['STARTTLS'], tls: { key, cert } }, { tls: 'opportunistic' });
  expect(await deliver([A])).toMatchObject([{ kind: 'later' }]);
  expect(await outlet.probe('chuo', A)).toBe('undecided');
  expect(sink.commands.some((line) => line.startsWith('MAIL'))).toBe(false);
});

test('S35 the right authority but another name', async () => {
  const { key, cert, caFile } = certificate('other.example');
  await open(
    { extensions: ['STARTTLS'], tls: { key, cert } },
    { tls: 'required', caFile, serverName: 'relay.example' },
  );
  expect(await deliver([A])).toMatchObject([{ kind: 'later' }]);
});

test('benign twin: a certificate of the configured authority', async () => {
  const { key, cert, caFile } = certificate('relay.lgwan.example');
  const hop: HopSettings = { tls: 'required', caFile, serverName: 'relay.lgwan.example' };
  await open({ extensions: ['STARTTLS'], tls: { key, cert } }, hop);
  expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(await outlet.probe('chuo', A)).toBe('exists');
});

test('S35 mode unverified: encrypted whoever answers; without STARTTLS in the clear; never because of a bad certificate', async () => {
  const { key, cert } = certificate('other.example');
  await open({ extensions: ['STARTTLS'], tls: { key, cert } }, { tls: 'unverified' });
  expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(await outlet.probe('chuo', A)).toBe('exists');
  // All behind STARTTLS was said inside TLS: EHLO before it and after it.
  expect(sink.commands.slice(0, 4).map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'MAIL']);
  await sink.close();
  await outlet.close();
  await open({}, { tls: 'unverified' });
  expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(await outlet.probe('chuo', A)).toBe('exists');
});

test('S33 what a hop says in the clear behind its 220 to STARTTLS is not believed', async () => {
  const { key, cert, caFile } = certificate('relay.lgwan.example');
  const hop: HopSettings = { tls: 'required', caFile, serverName: 'relay.lgwan.example' };
  const injected = '220 go\r\n250-sink\r\n250 SIZE 1';
  await open({ extensions: ['STARTTLS'], tls: { key, cert }, ...onCommand('STARTTLS', injected) }, hop);
  const [result] = await deliver([A]);
  // SIZE 1 believed would be a final refusal of the mail.
  expect(result?.kind).not.toBe('refused');
  expect(sink.commands.filter((line) => line.startsWith('MAIL')).length).toBe(sink.messages.length);
  expect(await outlet.probe('chuo', A)).not.toBe('unknown');
});

test('F16 a name that does not exist', async () => {
  await open({}, { host: 'no-such-host.invalid' });
  expect(await deliver([A])).toMatchObject([
    { kind: 'later', reply: expect.stringMatching(/ENOTFOUND|EAI_AGAIN|EDNS/) },
  ]);
  expect(await outlet.probe('chuo', A)).toBe('undecided');
});

test('F22 a reply that never ends is cut off', async () => {
  await open({ answer: (line) => (line.startsWith('MAIL') ? `250-${'x'.repeat(400)}\r\n`.repeat(200) : undefined) });
  expect(await deliver([A])).toMatchObject([{ kind: 'later' }]);
  expect((await deliver([A]))[0]?.reply.length).toBeLessThanOrEqual(512);
  expect(await outlet.probe('chuo', A)).toBe('undecided');
});

test('mode none never asks for TLS', async () => {
  await open({ extensions: ['STARTTLS'] }, { tls: 'none' });
  expect(await deliver([A])).toMatchObject([{ kind: 'taken' }]);
  expect(sink.commands).not.toContain('STARTTLS');
});

test.each([
  ['250 2.1.5 ok', 'exists'],
  ['550 5.1.1 no such user', 'unknown'],
  ['550 no such user', 'unknown'],
  ['553 5.1.3 bad', 'unknown'],
  ['550 5.7.1 not from you', 'undecided'],
  ['552 5.2.2 full', 'undecided'],
  ['554 5.7.1 policy', 'undecided'],
  ['451 4.7.1 greylisted', 'undecided'],
  ['421 4.3.2 closing', 'undecided'],
  ['hang up', 'undecided'],
  ['nonsense', 'undecided'],
] as const)('probe: %s means %s; there is never a DATA', async (reply, verdict) => {
  await open(onCommand('RCPT', reply));
  expect(await outlet.probe('chuo', A)).toBe(verdict);
  expect(sink.commands.slice(0, 3)).toEqual(['EHLO gw.example.lg.jp', 'MAIL FROM:<>', `RCPT TO:<${A}>`]);
  expect(sink.commands).not.toContain('DATA');
});

test('probe of something that is no address opens no connection', async () => {
  await open();
  expect(await outlet.probe('chuo', 'a@a.lg.jp>\r\nDATA')).toBe('unknown');
  expect(sink.connections).toBe(0);
});
