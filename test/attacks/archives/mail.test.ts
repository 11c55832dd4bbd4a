/** Mails in mails (threats.tsv M34, A39): read like the outer one, counted with it. */
import { expect, test } from 'vitest';
import { rawZip } from '../../kit/zip-raw.ts';
import { opened, textOf } from './opened.ts';

const PROGRAM = Buffer.from('4d5a90000300000004000000ffff', 'hex');

interface Attached {
  readonly name: string;
  readonly type?: string;
  readonly bytes: Uint8Array;
}

function mail(text: string, files: readonly Attached[] = [], header: readonly string[] = []): Buffer {
  const parts = files.map(({ name, type = 'application/octet-stream', bytes }) =>
    [
      `--b\r\nContent-Type: ${type}`,
      `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      'Content-Transfer-Encoding: base64\r\n',
      `${Buffer.from(bytes).toString('base64')}\r\n`,
    ].join('\r\n'),
  );
  const fields = ['From: =?UTF-8?B?5bGx55Sw?= <yamada@example.co.jp>', 'To: soumu@city.example.jp', ...header];
  return Buffer.from(
    `${fields.join('\r\n')}\r\nDate: Sun, 22 Nov 2026 14:00:00 +0900\r\nSubject: =?UTF-8?B?5LuK5pyI?= 1/2\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n${parts.join('')}--b--\r\n`,
  );
}

const open = (bytes: Uint8Array, limits = {}) => opened(bytes, limits, '転送.eml');

test('a forwarded mail: who, when, what and the text as a file, attachments made safe', async () => {
  const zip = rawZip([
    { name: 'b.exe', content: PROGRAM },
    { name: 'c.txt', content: 'gamma' },
  ]);
  const { told, files } = await open(
    mail('本文 https://example.jp/x', [
      { name: '別紙.txt', type: 'text/plain', bytes: Buffer.from('alpha') },
      { name: 'z.zip', bytes: zip },
    ]),
  );
  expect(told).toEqual([
    '1 転送.eml text',
    '1/1 別紙.txt rebuilt',
    '1/2 z.zip rebuilt',
    '1/2/1 b.exe executable',
    '1/2/2 c.txt rebuilt',
  ]);
  expect(files.map(({ name }) => name)).toEqual(['転送.txt', '別紙.txt', 'c.txt']);
  const lines = textOf(files[0]).split('\r\n');
  expect(lines.slice(0, 4)).toEqual([
    '差出人: 山田 <yamada@example.co.jp>',
    '宛先: soumu@city.example.jp',
    '送信日時: 2026年11月22日 14:00',
    '件名: 今月 1/2',
  ]);
  expect(lines.at(-1)).toBe('本文 hxxps://example[.]jp/x');
});

test('a mail without a name is called by its subject', async () => {
  const outer = mail('see below', [{ name: '', type: 'message/rfc822', bytes: mail('inner') }]);
  const { files } = await open(outer);
  expect(files.map(({ name }) => name)).toEqual(['転送.txt', '今月 1_2.txt']);
});

const chain = (levels: number): Buffer => {
  let bytes = mail('innermost');
  for (let i = 1; i < levels; i++) bytes = mail(`${i}`, [{ name: 'm.eml', type: 'message/rfc822', bytes }]);
  return bytes;
};

test('M34: mails in mails, as deep as allowed and no deeper; each is accounted for', async () => {
  const good = await open(chain(5));
  expect(good.rows.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'text'));
  const deep = await open(chain(8), { maxDepth: 6 });
  expect(deep.rows.at(-1)).toMatchObject({ outcome: 'blocked', reason: 'limit-exceeded' });
  expect(deep.rows.length).toBeLessThan(8);
});

test('M34: a chain of 5,000 ends at the depth limit', async () => {
  const link = 'Subject: x\r\nContent-Type: message/rfc822\r\n\r\n';
  const { rows } = await open(Buffer.from(`${link.repeat(5000)}Subject: end\r\n\r\nend\r\n`));
  expect(rows.length).toBeLessThan(25);
  expect(rows.at(-1)).toMatchObject({ outcome: 'blocked', reason: 'limit-exceeded' });
});

test('M34: the same with no other field, as RFC 2046 allows', async () => {
  const link = 'Content-Type: message/rfc822\r\n\r\n';
  const bytes = Buffer.from(`${link.repeat(5000)}Content-Type: text/plain\r\n\r\nend\r\n`);
  const { rows } = await open(mail('outer', [{ name: '', type: 'message/rfc822', bytes }]));
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.at(-1)).toMatchObject({ outcome: 'blocked', reason: 'limit-exceeded' });
});

test('A39: the budget is one for mail, ZIP, mail, ZIP', async () => {
  let bytes: Buffer = rawZip([{ name: 'a.txt', content: 'alpha' }]);
  for (let i = 0; i < 3; i++) {
    bytes = rawZip([{ name: 'm.eml', content: mail('in', [{ name: 'z.zip', bytes }]) }]);
  }
  const good = await opened(bytes);
  expect(good.told.at(-1)).toBe('1/1/1/1/1/1/1/1 a.txt rebuilt');
  const tight = await opened(bytes, { maxDepth: 6 });
  expect(tight.rows.at(-1)).toMatchObject({ reason: 'limit-exceeded' });
  const few = await opened(bytes, { maxParts: 4 });
  expect(few.rows.at(-1)).toMatchObject({ reason: 'limit-exceeded' });
});

test.each([
  ['M35', 'message/partial; id=x; number=1; total=2', 'fragment'],
  ['M36', 'message/external-body; access-type=URL; URL="http://canary.example.invalid/"', 'remote-content'],
])('%s: what holds a whole message holds a mail in it', async (_, type, reason) => {
  const inner = Buffer.from(`From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\nx\r\n`);
  const { told, files } = await open(mail('outer', [{ name: 'in.eml', type: 'message/rfc822', bytes: inner }]));
  expect(told).toEqual(['1 転送.eml text', `1/1 in.eml ${reason}`]);
  expect(files.map(({ name }) => name)).toEqual(['転送.txt']);
});
