/** One message through the child: what goes on, what is held, what is said. */
import { expect, test } from 'vitest';
import { parsePreview, parseReport } from '../../../src/config/report-schema.ts';
import { readDraft } from '../../../src/gate/grammar.ts';
import type { MessageJob } from '../../../src/message/jobs.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits } from '../../../src/policy/policy.ts';
import { composeNotice, sanitizeDocument, sanitizeMessage, warm } from '../../../src/sanitize/sanitize.ts';
import { rawZip } from '../../kit/zip-raw.ts';
import { ATTACHMENT, bytesOf, MARKER, twoParts } from './mime/mails.ts';

const PLAIN = 'Content-Type: multipart/mixed; boundary="foo"';
const TEXT_FILE = ['Content-Type: text/plain', 'Content-Disposition: attachment; filename="議事録.txt"', '', 'minutes'];

const facts: MessageJob['facts'] = {
  messageId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  tenant: { id: 't', name: '見本市', domains: ['city.example.lg.jp'] },
  gatewayHost: 'gw.example.lg.jp',
  reversePath: 'a@example.jp',
  recipients: ['x@city.example.lg.jp'],
  peerAddress: '192.0.2.1',
  receivedAtMs: Date.UTC(2026, 10, 22),
  originalBytes: 1000,
  contact: '情報政策課',
};

const jobWith = (limits: Partial<Limits> = {}, more: Partial<MessageJob> = {}): MessageJob => ({
  kind: 'message',
  facts,
  policy: { ...DEFAULT_POLICY, version: '0123456789abcdef', limits: { ...DEFAULT_LIMITS, ...limits } },
  holdParts: {},
  passwords: [],
  lineEnds: 'crlf',
  ...more,
});

async function run(lines: readonly string[], job: MessageJob = jobWith()) {
  const opened: string[] = [];
  const answer = await sanitizeMessage(job, bytesOf(...lines), (path) => opened.push(path));
  expect(parseReport(answer.report)).toEqual(answer.report);
  expect(parsePreview(answer.preview)).toEqual(answer.preview);
  const draft = readDraft(answer.bytes);
  const notice = draft.kind === 'fits' ? Buffer.from(draft.bodyText).toString('utf8') : '';
  return {
    ...answer,
    opened,
    mail: Buffer.from(answer.bytes).toString('latin1'),
    notice,
    leaves: draft.kind === 'fits' ? draft.leaves : [],
  };
}

test('an ordinary mail: text shown, file rebuilt, each part announced', async () => {
  const { report, preview, opened } = await run(twoParts([PLAIN], 'foo', TEXT_FILE));
  expect(report.verdict).toEqual({ kind: 'sanitized' });
  expect(report.attachments).toMatchObject([
    { path: '2', detectedType: 'text', outcome: 'rebuilt', outputs: [{ type: 'text' }] },
  ]);
  expect(report.defects).toEqual([]);
  expect(report.header.from).toBe('a@example.invalid');
  expect(preview.textAfter).toContain('hello');
  expect(opened).toEqual(['1', '2']);
});

test('M59: a program that calls itself text is held, the text goes on', async () => {
  const pe = ['Content-Type: text/plain', '', `MZ\x90\0\x03\0\0\0${'\0'.repeat(60)}PE\0\0`];
  const { report, preview } = await run(twoParts([PLAIN], 'foo', pe));
  expect(report.verdict).toEqual({ kind: 'sanitized-with-hold' });
  expect(report.attachments[0]).toMatchObject({ outcome: 'blocked', reason: 'executable' });
  expect(preview.textAfter).toContain('hello');
});

test('a part that killed a child before is held without being opened', async () => {
  const job = jobWith({}, { holdParts: { '2': 'timeout' } });
  const { report, opened } = await run(twoParts([PLAIN], 'foo', TEXT_FILE), job);
  expect(report.attachments).toMatchObject([
    { path: '2', outcome: 'blocked', reason: 'timeout', detectedType: 'unknown' },
  ]);
  expect(opened).toEqual(['1']);
});

test('a body that killed a child before is held like a file', async () => {
  const job = jobWith({}, { holdParts: { '1': 'timeout' } });
  const { report, preview } = await run(twoParts([PLAIN], 'foo', TEXT_FILE), job);
  expect(report.attachments.map(({ path, outcome }) => [path, outcome])).toEqual([
    ['1', 'blocked'],
    ['2', 'rebuilt'],
  ]);
  expect(preview.textAfter).not.toContain('hello');
});

test('M26: a part in an unknown encoding is held, the others go on', async () => {
  const odd = ['Content-Type: text/plain; name=a.txt', 'Content-Transfer-Encoding: base65', '', MARKER];
  const { report, opened } = await run(twoParts([PLAIN], 'foo', odd));
  expect(report.attachments).toMatchObject([{ outcome: 'blocked', reason: 'encoding-unknown' }]);
  expect(opened).toEqual(['1']);
});

test('an attachment that only the second reader saw goes the same way', async () => {
  const { report, opened } = await run([PLAIN, '', '--foo--', '--foo', ...TEXT_FILE, '--foo--', '']);
  expect(report.attachments).toMatchObject([{ path: 'u1', outcome: 'rebuilt' }]);
  expect(report.defects.map(({ what }) => what)).toContain('only-second-reader');
  expect(opened).toEqual(['u1']);
});

test.each([
  ['M35', ['Content-Type: message/partial; id=1; number=1; total=2', '', MARKER], 'fragment'],
  ['M36', ['Content-Type: message/external-body; access-type=URL', '', MARKER], 'remote-content'],
  ['M33', [PLAIN, '', ...Array.from({ length: 600 }, () => '--foo\r\n'), MARKER], 'limit-exceeded'],
])('%s: held as a whole, a notice goes on, nothing was opened', async (_, lines, reason) => {
  const { report, mail, opened } = await run(lines);
  expect(report.verdict).toEqual({ kind: 'held', reason });
  expect(opened).toEqual([]);
  expect(mail).not.toContain('multipart/mixed');
  expect(Buffer.from(mail.split('\r\n\r\n')[1] ?? '', 'base64').toString()).not.toContain(MARKER);
});

test('M46: a signature is dropped and said so', async () => {
  const signature = ['Content-Type: application/pkcs7-signature; name=smime.p7s', '', MARKER];
  const { report, mail } = await run(twoParts(['Content-Type: multipart/signed; boundary=foo'], 'foo', signature));
  expect(report.attachments).toEqual([]);
  expect(report.body.removed).toEqual([{ what: 'signature', count: 1 }]);
  expect(mail).not.toContain(MARKER);
});

test('budgets hold for the whole message', async () => {
  const two = [...twoParts([PLAIN], 'foo', TEXT_FILE).slice(0, -2), '--foo', ...TEXT_FILE, '--foo--'];
  const { report } = await run(two, jobWith({ maxOutputBytes: 20 }));
  expect(report.attachments.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['rebuilt', 'limit-exceeded']);
  const late = await run(two, jobWith({ messageMs: 0 }));
  expect(late.report.attachments.map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
});

test('a body longer than the limit goes on in a file', async () => {
  const long = ['Content-Type: text/plain', '', ...Array.from({ length: 100 }, (_, i) => `line ${i}`)];
  const { report, mail } = await run(long, jobWith({ maxBodyChars: 200 }));
  expect(report.limits).toEqual(['maxBodyChars']);
  expect(mail).toContain('Content-Disposition: attachment');
});

test('several texts and a wrong charset label are told', async () => {
  const parts = ['Content-Type: text/plain; charset=us-ascii', '', '\x93\xfa\x96{\x8c\xea\x82\xcc\x83e\x83X\x83g'];
  const { report, preview } = await run(twoParts([PLAIN], 'foo', parts));
  expect(preview.textAfter).toBe('hello\n\n日本語のテスト');
  expect(report.defects).toContainEqual({ what: 'charset-guessed', count: 1 });
});

test('two attachments of one name get two names', async () => {
  const two = [...twoParts([PLAIN], 'foo', TEXT_FILE).slice(0, -2), '--foo', ...TEXT_FILE, '--foo--'];
  const names = (await run(two)).report.attachments.flatMap(({ outputs }) => outputs.map(({ name }) => name));
  expect(new Set(names).size).toBe(2);
});

test('an empty input is a message without text', async () => {
  const { report } = await run([]);
  expect(report.verdict).toEqual({ kind: 'sanitized' });
});

test('a document: its files and the report', async () => {
  const job = { kind: 'document', untrustedName: 'a.txt', policy: jobWith().policy, passwords: [] } as const;
  const { files, report } = await sanitizeDocument(job, Buffer.from('hello'), () => {});
  expect(files).toMatchObject([{ name: 'a.txt', type: 'text' }]);
  expect(parseReport(report)).toEqual(report);
  const held = await sanitizeDocument(job, Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), () => {});
  expect(held.files).toEqual([]);
  expect(held.report.verdict).toEqual({ kind: 'sanitized-with-hold' });
});

test('a notice: from trusted facts alone', async () => {
  const { report, bytes } = await composeNotice({
    kind: 'notice',
    facts,
    notice: { kind: 'message-held', reason: 'timeout' },
    to: facts.recipients,
    from: 'postmaster@city.example.lg.jp',
    policyVersion: '0123456789abcdef',
  });
  expect(report.verdict).toEqual({ kind: 'held', reason: 'timeout' });
  expect(parseReport(report)).toEqual(report);
  expect(bytes.length).toBeGreaterThan(500);
});

test('warming up leaves no trace', async () => {
  await expect(warm()).resolves.toBeUndefined();
});

test('attachments that nothing converts are held one by one', async () => {
  const { report, mail } = await run(twoParts([PLAIN], 'foo', ATTACHMENT));
  expect(report.attachments).toHaveLength(1);
  expect(mail).not.toContain(Buffer.from(MARKER).toString('base64'));
});

const ZIP = [
  'Content-Type: application/zip',
  'Content-Disposition: attachment; filename=a.zip',
  'Content-Transfer-Encoding: base64',
  '',
];
const PROGRAM = { name: 'b.exe', content: Buffer.from('4d5a90000300000004000000ffff', 'hex') };

test('A20: files in an archive go their own way, the notice names what is held in it', async () => {
  const zip = rawZip([{ name: '会議/議事録.txt', flags: 0x800, content: 'minutes' }, PROGRAM]).toString('base64');
  const { report, opened, notice } = await run(twoParts([PLAIN], 'foo', [...ZIP, zip]));
  expect(report.verdict).toEqual({ kind: 'sanitized-with-hold' });
  expect(report.attachments).toMatchObject([
    { path: '2', outcome: 'rebuilt', members: 2, outputs: [] },
    { path: '2/1', untrustedName: '会議/議事録.txt', outputs: [{ name: '議事録.txt' }] },
    { path: '2/2', reason: 'executable', outputs: [] },
  ]);
  expect([...new Set(opened)]).toEqual(['1', '2', '2/1', '2/2']);
  expect(notice).toContain('a.zip > b.exe: プログラム');
  expect(notice).toContain('a.zip: 中の2件');
});

test('an archive without files is told as an empty file', async () => {
  const { notice } = await run(twoParts([PLAIN], 'foo', [...ZIP, rawZip([{ name: 'd/' }]).toString('base64')]));
  expect(notice).toContain(': 中身のない空のファイルでした');
  expect(notice).not.toContain('無害化できない種類');
});

test('A36: limits met inside an archive stand in the report', async () => {
  const zip = rawZip([{ name: 'in.zip', content: rawZip([{ name: 'a.txt', content: 'a' }]) }, PROGRAM]);
  const attached = twoParts([PLAIN], 'foo', [...ZIP, zip.toString('base64')]);
  expect((await run(attached, jobWith({ maxParts: 3 }))).report.limits).toEqual(['maxParts']);
  expect((await run(attached, jobWith({ maxInnerBytes: 20 }))).report.limits).toEqual(['maxInnerBytes']);
  expect((await run(attached, jobWith({ maxDepth: 2 }))).report.limits).toEqual(['maxDepth']);
});

test('F03: a file in an archive that killed a child is held alone', async () => {
  const zip = rawZip([
    { name: 'a.txt', content: 'a' },
    { name: 'b.txt', content: 'b' },
  ]).toString('base64');
  const job = jobWith({}, { holdParts: { '2/1': 'timeout' } });
  const { report, opened } = await run(twoParts([PLAIN], 'foo', [...ZIP, zip]), job);
  expect(report.attachments.map((part) => part.reason ?? part.outcome)).toEqual(['rebuilt', 'timeout', 'rebuilt']);
  expect(opened).not.toContain('2/1');
});

test('INV-15: every held file is named: in the notice, or when they are many in a list beside it', async () => {
  const programs = Array.from({ length: 12 }, (_, i) => ({ ...PROGRAM, name: `dir/p${i}.exe` }));
  const zip = rawZip([...programs, { name: 'a.txt', content: 'a' }]).toString('base64');
  const { notice, leaves } = await run(twoParts([PLAIN], 'foo', [...ZIP, zip]));
  expect(notice).toContain('a.zip > dir/p0.exe: プログラム');
  expect(notice).toContain('全部で 12 件です。一覧を添付ファイル「保留したファイルの一覧.txt」');
  const list = leaves.find(({ name }) => name === '保留したファイルの一覧.txt')?.bytes ?? Buffer.alloc(0);
  const lines = Buffer.from(list).toString('utf8').trim().split('\r\n');
  expect(lines).toHaveLength(12);
  for (const [i, line] of lines.entries()) expect(line).toContain(`a.zip > dir/p${i}.exe`);
});

test('A37: many files of an archive go on as one, the notice has a line for it', async () => {
  const entries = Array.from({ length: 12 }, (_, i) => ({ name: `d/${i}.txt`, content: `${i}` }));
  const zip = rawZip([...entries, PROGRAM]).toString('base64');
  const { notice, leaves, report } = await run(twoParts([PLAIN], 'foo', [...ZIP, zip]));
  expect(leaves.map(({ name, type }) => [name, type])).toEqual([['a.zip', 'zip']]);
  expect(notice).toContain('a.zip → a.zip: 中の13件');
  expect(notice).toContain('a.zip > b.exe: プログラム');
  expect(notice).not.toContain('d/1.txt');
  expect(report.attachments[1]?.outputs).toMatchObject([{ archivePath: 'd/0.txt' }]);
});
