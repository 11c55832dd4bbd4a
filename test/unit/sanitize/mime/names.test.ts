/** File names as people and attackers write them (threats.tsv M50–M53, M56, M57). */
import { expect, test } from 'vitest';
import { parse, twoParts } from './mails.ts';

const PLAIN = 'Content-Type: multipart/mixed; boundary="foo"';

const namesOf = (...fields: readonly string[]): readonly string[] =>
  parse(...twoParts([PLAIN], 'foo', [...fields, '', 'x'])).leaves[1]?.untrustedNames ?? [];

const disposition = (parameters: string): readonly string[] =>
  namesOf(`Content-Disposition: attachment; ${parameters}`);

test('M50: all candidates of a conflict are kept, RFC 2231 first', () => {
  const names = namesOf(
    'Content-Type: application/octet-stream; name="a.pdf"',
    `Content-Disposition: attachment; filename="safe.txt"; filename*=UTF-8''b.exe`,
  );
  expect(names).toEqual(['b.exe', 'safe.txt', 'a.pdf']);
});

test.each([
  ['percent-encoded by JavaScript', "filename*=UTF-8''%E4%BA%88%E7%AE%97(%E6%A1%88).txt", '予算(案).txt'],
  ['without quotes', 'filename=memo(1).txt', 'memo(1).txt'],
  ['a comment behind a blank', 'filename=memo.txt (signed)', 'memo.txt'],
  ['a bracket that is never closed', 'filename=memo(1.txt', 'memo(1.txt'],
  ['nothing but a comment', 'filename=(x)memo.txt', 'memo.txt'],
])('brackets in a name that has no quotes: %s', (_what, parameters, name) => {
  expect(disposition(parameters)).toEqual([name]);
});

test('M50: one name said twice is one', () => {
  expect(
    namesOf('Content-Type: application/pdf; name="a.pdf"', 'Content-Disposition: attachment; filename="a.pdf"'),
  ).toEqual(['a.pdf']);
});

test.each([
  ['pieces', `filename*0="long "; filename*1="name.txt"`, 'long name.txt'],
  ['pieces out of order', `filename*1="name.txt"; filename*0="long "`, 'long name.txt'],
  ['a hole', `filename*0="a"; filename*2="c.txt"`, 'ac.txt'],
  ['mixed forms', `filename*0*=UTF-8''%E8%A1%A8; filename*1=".txt"`, '表.txt'],
  ['a charset that is none', `filename*=x-none''%E8%A1%A8.txt`, '表.txt'],
  ['no charset at all', `filename*=%E8%A1%A8.txt`, '表.txt'],
  ['Shift_JIS', `filename*=Shift_JIS'ja'%95%5C.txt`, '表.txt'],
  ['a character split over two pieces', `filename*0*=UTF-8''%E8%A1; filename*1*=%A8.txt`, '表.txt'],
])('M51: RFC 2231, %s', (_, parameters, expected) => {
  expect(disposition(parameters)[0]).toBe(expected);
});

test.each([
  ['ISO-2022-JP', 'filename="=?ISO-2022-JP?B?GyRCNUQ7dk8/GyhCLnBkZg==?="', '議事録.pdf'],
  ['UTF-8', 'filename="=?UTF-8?Q?=E8=A1=A8?= =?UTF-8?Q?.pdf?="', '表.pdf'],
])('M52: encoded-word in %s', (_, parameters, expected) => {
  expect(disposition(parameters)[0]).toBe(expected);
});

test.each([
  ['Shift_JIS with a backslash inside', 'filename="\x95\x5c.exe"', '表.exe'],
  ['Shift_JIS without quotes', 'filename=\x95\x5c.exe', '表.exe'],
  ['EUC-JP', 'filename="\xc9\xbd\xb7\xd7\xbb\xbb.xls"', '表計算.xls'],
  ['UTF-8', 'filename="\xe8\xa1\xa8.txt"', '表.txt'],
  ['ISO-2022-JP with a quote inside', 'filename="\x1b$B$"\x1b(B.txt"', 'あ.txt'],
])('M53: raw %s', (_, parameters, expected) => {
  expect(disposition(parameters)[0]).toBe(expected);
});

test('M54: a Windows path keeps its meaning for who cleans it', () => {
  expect(disposition('filename="C:\\\\dir\\\\a.txt"')[0]).toBe('C:\\dir\\a.txt');
});

test('M56: no name, an empty name', () => {
  expect(namesOf('Content-Type: application/pdf')).toEqual([]);
  expect(disposition('filename=""')).toEqual([]);
});

test('M57: a NUL cuts nothing off', () => {
  expect(disposition('filename="a.exe\0.txt"')[0]).toBe('a.exe.txt');
});
