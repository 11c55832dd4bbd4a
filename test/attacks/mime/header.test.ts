/** Header fields from an allow-list: nothing that a sender writes becomes a field, an address or a line of its own. */
import { expect, test } from 'vitest';
import { through } from '../through.ts';

const BODY = ['', 'body'];
const word = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
const FIELDS =
  'Received Message-ID Date From To Cc Reply-To Subject In-Reply-To References MIME-Version Content-Type Content-Transfer-Encoding';
const names = (header: string): string[] => [...header.matchAll(/^([A-Za-z-]+):/gm)].map(([, name = '']) => name);

test.each([
  [
    'B01',
    'CRLF in an encoded subject',
    [`Subject: ${word('a\r\nBcc: x@evil.example\r\n\r\nbody')}`, 'From: a@b.example'],
  ],
  ['B01', 'CRLF as quoted-printable', ['Subject: =?utf-8?Q?a=0D=0ABcc:_x@evil.example?=', 'From: a@b.example']],
  ['B01', 'line separators', [`Subject: ${word('a\u2028Bcc: x\u2029\u0085Cc: y')}`, 'From: a@b.example']],
  ['B02', 'CRLF and quotes in a name', [`From: ${word('a" <b@evil.example>\r\nBcc: x')} <a@b.example>`]],
  ['B03', 'broken ids', ['From: a@b.example', 'Message-ID: <a b@c>', 'In-Reply-To: x y', 'References: <"@x> <a@b>']],
  [
    'B11',
    'fields that make programs act',
    [
      'From: a@b.example',
      'Disposition-Notification-To: x@evil.example',
      'Return-Receipt-To: x@evil.example',
      'List-Unsubscribe: <https://evil.example/>',
      'List-Unsubscribe-Post: One-Click',
    ],
  ],
  [
    'B13',
    'a stamp of ours, forged',
    ['From: a@b.example', 'X-Sanitized: ok', 'Authentication-Results: gw.chuo.lg.jp; spf=pass'],
  ],
  ['S43', 'NUL and escapes', ['From: a@b.example', 'Subject: a\0b\x1b]52;c\x07']],
  ['S55', 'Bcc', ['From: a@b.example', 'Bcc: secret@chuo.lg.jp', 'Resent-Bcc: secret@chuo.lg.jp']],
  ['S60', 'Received lines', ['Received: from evil.example by gw.chuo.lg.jp; x', 'From: a@b.example']],
  [
    'M62',
    'content fields',
    ['From: a@b.example', 'Content-Location: https://evil.example/', 'Content-Base: x', 'Content-ID: <x@evil.example>'],
  ],
  ['M70', 'raw 8-bit bytes', ['From: \x8eR\x93c <a@b.example>', 'Subject: \x8eR\x93c']],
  ['B45', 'a subject of 100 kB', ['From: a@b.example', `Subject: ${'=?utf-8?Q?abc?= '.repeat(6000)}`]],
  [
    'M66',
    'every field twice',
    ['From: a@b.example', 'From: x@evil.example', 'Subject: a', 'Subject: b', 'Date: x', 'Date: y'],
  ],
])('%s: %s', async (_id, _what, fields) => {
  const mail = await through(...fields, ...BODY);
  const found = names(mail.header);
  expect(found.filter((name) => ![...FIELDS.split(' '), 'Sekisho-Receipt'].includes(name))).toEqual([]);
  expect(new Set(found).size).toBe(found.length);
  expect(mail.header).not.toMatch(/evil\.example\/|secret@|[^\r\n\t -~\u00a0-\uffff]/);
  expect(mail.header.match(/^Received: .*$/m)?.[0]).toContain('by gw.chuo.lg.jp');
  expect(mail.text).toContain('body');
});

test.each([
  ['B09', 'two addresses', 'a@b.example, x@evil.example', 'a@b.example', '2名'],
  ['B09', 'a group', 'Group: a@b.example, c@b.example;', 'a@b.example', '2名'],
  ['B09', 'a comment', 'a@b.example (x@evil.example)', 'a@b.example', '差出人名に別のアドレス'],
  ['B08', 'a name that is an address', '"x@evil.example" <a@b.example>', 'a@b.example', '差出人名に別のアドレス'],
  ['B08', 'a name that ends an address', '"x@evil.example>, <" <a@b.example>', 'a@b.example', '差出人名に別のアドレス'],
  ['B08', 'an address in an encoded word alone', word('<x@evil.example>'), 'unreadable@invalid', '読み取れません'],
  ['B05', 'a name with bidi', `${word('a\u202Egpj.x')} <a@b.example>`, 'a@b.example', '実際の送信元'],
  ['B09', 'an empty address', '<>', 'sender@example.com', ''],
  ['S20', 'an address in UTF-8', '\xe5\xb1\xb1@\xe4\xbe\x8b.jp', 'unreadable@invalid', ''],
])('%s: %s in From shows one address and says so', async (_id, _what, from, address, said) => {
  const mail = await through(`From: ${from}`, 'Subject: x', ...BODY);
  const shown = mail.header.match(/^From: (.*)$/m)?.[1] ?? '';
  expect(/<([^<>]*)>$/.exec(shown)?.[1]).toBe(address);
  expect(mail.text).toContain(said);
  expect(shown).not.toMatch(/[\u202A-\u202E]/);
});

test('B04: a date that cannot be read gives the time of receipt, and the notice says so', async () => {
  const mail = await through('From: a@b.example', 'Date: yesterday\x0b', ...BODY);
  expect(mail.header).toContain('Date: Sun, 22 Nov 2026 23:22:01 +0900');
  expect(mail.text).toContain('送信日時が読み取れないため');
});

test('B03: a thread stays a thread (benign twin)', async () => {
  const ids = [
    'Message-ID: <3@b.example>',
    'In-Reply-To: <2@b.example>',
    'References: <1@b.example>\r\n <2@b.example>',
  ];
  const mail = await through('From: a@b.example', ...ids, 'Subject: Re: x', ...BODY);
  expect(mail.header).toContain('Message-ID: <3@b.example>');
  expect(mail.header).toContain('In-Reply-To: <2@b.example>');
  expect(mail.header).toContain('References: <1@b.example> <2@b.example>');
});

test('M73: a thousand recipients keep the mail going; that the list was cut is said', async () => {
  const to = Array.from({ length: 1200 }, (_, i) => `u${i}@chuo.lg.jp`).join(',\r\n ');
  const mail = await through('From: a@b.example', `To: ${to}`, 'Subject: x', ...BODY);
  expect(mail.header).toContain('<u0@chuo.lg.jp>');
  expect(mail.report.defects.map(({ what }) => what)).toContain('too-many-addresses');
});

test('M73: as many as the header holds are no matter (benign twin)', async () => {
  const to = Array.from({ length: 300 }, (_, i) => `u${i}@chuo.lg.jp`).join(',\r\n ');
  const mail = await through('From: a@b.example', `To: ${to}`, 'Subject: x', ...BODY);
  expect(mail.header).toContain('<u299@chuo.lg.jp>');
  expect(mail.report.defects).toEqual([]);
});

test('M73: 700 recipients are cut by the composer, and that is said too', async () => {
  const to = Array.from({ length: 700 }, (_, i) => `u${i}@chuo.lg.jp`).join(',\r\n ');
  const mail = await through('From: a@b.example', `To: ${to}`, 'Subject: x', ...BODY);
  expect(mail.header).not.toContain('<u699@chuo.lg.jp>');
  expect(mail.report.defects.map(({ what }) => what)).toContain('too-many-addresses');
});

test.each([
  ['nothing at all', []],
  ['blank lines', ['', '', '']],
  ['a body without header', ['', 'body']],
  ['text without header or blank line', ['body', 'more']],
  ['only a subject', ['Subject: x', '', '']],
])('a mail of %s becomes a whole message from its envelope', async (_what, lines) => {
  const mail = await through(...lines);
  expect(names(mail.header)).toEqual(expect.arrayContaining(['Message-ID', 'Date', 'From']));
  expect(mail.header).toContain('From: <sender@example.com>');
  expect(mail.text).toContain(lines.some((line) => line === 'body') ? 'body' : '本文はありません');
});
