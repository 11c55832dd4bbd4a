/** What a header says (threats.tsv M66, M70–M73). */
import { expect, test } from 'vitest';
import { decodeHeader } from '../../../../src/sanitize/charset/header.ts';
import { MAX_MAILBOXES, parseAddresses } from '../../../../src/sanitize/mime/addresses.ts';
import { headerFacts } from '../../../../src/sanitize/mime/facts.ts';
import { parse } from './mails.ts';

const factsOf = (...lines: readonly string[]) => headerFacts(parse(...lines, '', '').header);
const header = (raw: string): string => decodeHeader(Buffer.from(raw, 'latin1'));

test('M66: of duplicates the first counts and the others are named', () => {
  const { facts, defects } = factsOf('From: a@example.jp', 'Subject: one', 'From: b@example.jp', 'Subject: two');
  expect(facts.from).toEqual([{ name: '', address: 'a@example.jp' }]);
  expect(facts.subject).toBe('one');
  expect(defects).toEqual([
    { what: 'duplicate-from', count: 1 },
    { what: 'duplicate-subject', count: 1 },
  ]);
});

test('M66: an ordinary header has no defect', () => {
  const { facts, defects } = factsOf(
    'From: =?UTF-8?B?5bGx55Sw?= <yamada@example.jp>',
    'To: "Sato, Hanako" <sato@city.example.lg.jp>, suzuki@city.example.lg.jp',
    'Message-ID: <1@example.jp>',
    'References: <a@x>',
    ' <b@x>',
  );
  expect(facts).toMatchObject({
    from: [{ name: '山田', address: 'yamada@example.jp' }],
    to: [
      { name: 'Sato, Hanako', address: 'sato@city.example.lg.jp' },
      { name: '', address: 'suzuki@city.example.lg.jp' },
    ],
    messageId: '<1@example.jp>',
    references: ['<a@x>', '<b@x>'],
  });
  expect(defects).toEqual([]);
});

test.each([
  ['a character split over two words', '=?UTF-8?B?5bE=?= =?UTF-8?B?sQ==?=', '山'],
  ['two charsets', '=?ISO-2022-JP?B?GyRCOzMbKEI=?= =?UTF-8?Q?=E7=94=B0?=', '山田'],
  ['ISO-2022-JP split without escapes back', '=?ISO-2022-JP?B?GyRCOzM=?= =?ISO-2022-JP?B?GyRCRUQbKEI=?=', '山田'],
  ['a word that touches text', 'Re:=?UTF-8?B?5bGx?=(1)', 'Re:山(1)'],
  ['blanks between word and text stay', '=?UTF-8?B?5bGx?= x', '山 x'],
  ['a fold between words', '=?UTF-8?B?5bGx?=\r\n =?UTF-8?B?55Sw?=', '山田'],
  ['an unknown charset', '=?x-none?B?5bGx?=', '山'],
  ['not a word', '=?UTF-8?X?5bGx?=', '=?UTF-8?X?5bGx?='],
])('M71: encoded-words, %s', (_, raw, expected) => {
  expect(header(raw)).toBe(expected);
});

test.each([
  ['Shift_JIS', '\x8e\x52\x93\x63', '山田'],
  ['EUC-JP', '\xbb\xb3\xc5\xc4\xa4\xb5\xa4\xf3', '山田さん'],
  ['ISO-2022-JP', '\x1b$B;3ED\x1b(B', '山田'],
  ['UTF-8', '\xe5\xb1\xb1\xe7\x94\xb0', '山田'],
])('M70: raw %s', (_, raw, expected) => {
  expect(header(`Re: ${raw}`)).toBe(`Re: ${expected}`);
});

test('M72: 20,000 encoded-words are decoded', () => {
  expect(header('=?UTF-8?B?5bGx?= '.repeat(20_000)).length).toBeGreaterThanOrEqual(20_000);
});

test('M73: 50,000 addresses and 5,000 nested groups are cut, not followed', () => {
  const many = parseAddresses(Array.from({ length: 50_000 }, (_, i) => `a${i}@example.invalid`).join(','));
  expect(many.mailboxes).toHaveLength(MAX_MAILBOXES);
  expect(many.cut).toBe(true);
  expect(parseAddresses(`${'g:'.repeat(5000)}a@example.invalid${';'.repeat(5000)}`).mailboxes).toEqual([
    { name: '', address: 'a@example.invalid' },
  ]);
  expect(parseAddresses('('.repeat(50_000)).mailboxes).toEqual([]);
});

test.each([
  ['a comment as name', 'a@example.jp (Taro)', [{ name: 'Taro', address: 'a@example.jp' }]],
  [
    'a group',
    'friends: a@x.jp, "B" <b@x.jp>;',
    [
      { name: '', address: 'a@x.jp' },
      { name: 'B', address: 'b@x.jp' },
    ],
  ],
  ['an empty group', 'undisclosed-recipients:;', []],
  ['a bare name', 'noone', [{ name: 'noone', address: '' }]],
  [
    'an address as name (B08)',
    '"info@city.lg.jp" <x@evil.example>',
    [{ name: 'info@city.lg.jp', address: 'x@evil.example' }],
  ],
  ['a quoted local part', '"a b"@example.jp', [{ name: '', address: 'ab@example.jp' }]],
])('addresses: %s', (_, value, expected) => {
  expect(parseAddresses(value).mailboxes).toEqual(expected);
});
