/** Canonical base64 (docs/output-grammar.md §4): what is read, where it ends, and why each other spelling is refused. */
import { expect, test } from 'vitest';
import { readBase64Body } from '../../../src/gate/base64.ts';

const read = (text: string, start = 0) => readBase64Body(Buffer.from(text, 'latin1'), start);
const FULL = `${'QUJD'.repeat(19)}\r\n`;

test.each([
  ['one pad', 'YWI=\r\n', 'ab'],
  ['two pads', 'YQ==\r\n', 'a'],
  ['no pad', 'YWJj\r\n', 'abc'],
  ['a full line alone', FULL, 'ABC'.repeat(19)],
  ['a full line and a short one', `${FULL}YQ==\r\n`, `${'ABC'.repeat(19)}a`],
  ['two full lines', FULL + FULL, 'ABC'.repeat(38)],
  ['a full line that ends in a pad', `${'QUJD'.repeat(18)}QUI=\r\n`, `${'ABC'.repeat(18)}AB`],
])('reads %s to its end', (_, text, content) => {
  expect(read(text)).toEqual({ bytes: Buffer.from(content), end: text.length });
});

test('every letter of the alphabet counts', () => {
  const bytes = Buffer.from(Array.from({ length: 48 }, (_, i) => (i * 89 + 7) & 255));
  for (let value = 0; value < 64; value++) {
    const three = Buffer.from([(value << 2) & 255, 0, 0]);
    expect(read(`${three.toString('base64')}\r\n`)).toEqual({ bytes: three, end: 6 });
  }
  expect(read(`${bytes.toString('base64')}\r\n`)).toEqual({ bytes, end: 66 });
});

test('begins where it is told and ends before a line of something else', () => {
  expect(read('----YQ==\r\n--b', 4)).toEqual({ bytes: Buffer.from('a'), end: 10 });
  expect(read(`---${FULL}YQ==\r\n`, 3)).toEqual({ bytes: Buffer.from(`${'ABC'.repeat(19)}a`), end: 87 });
  expect(read(`${FULL}--b`)).toEqual({ bytes: Buffer.from('ABC'.repeat(19)), end: 78 });
  expect(read('YQ==\r\n=')).toEqual({ bytes: Buffer.from('a'), end: 6 });
});

test.each([
  ['an empty base64 line', ['', '\r\n', '-', '--b\r\n', '\n']],
  [
    'a base64 line that does not end where it must',
    [
      'YQ==',
      'YQ==\r',
      'YQ==\n',
      'YQ==X\n',
      'YQ==\rX',
      'YWJj \r\n',
      `${'QUJD'.repeat(19)}QUJD\r\n`,
      'YQ===\r\n',
      'YQ======\r\n',
      'YWI=-\r\n',
      'YWJj-\r\n',
    ],
  ],
  [
    'base64 goes on after its last line',
    ['YWJj\r\nYWJj\r\n', `YQ==\r\n${FULL}`, `${'QUJD'.repeat(18)}QUI=\r\nYQ==\r\n`, `${FULL}YWJj\r\nYQ==\r\n`],
  ],
  ['base64 padding that is not needed', ['YWJj=\r\n', 'YWJj==\r\n', '=\r\n', '==\r\n', `${FULL.slice(0, -2)}=\r\n`]],
  [
    'base64 padding is missing',
    ['YQ\r\n', 'YWI\r\n', 'Y\r\n', 'Y=\r\n', 'Y==\r\n', 'Y===\r\n', 'YQ=\r\n', 'YQ=-\r\n', 'YWI==\r\n'],
  ],
  ['base64 pad bits are not zero', ['YR==\r\n', 'YS==\r\n', 'YU==\r\n', 'YY==\r\n', 'YWJ=\r\n', 'YWK=\r\n']],
])('refuses: %s', (why, texts) => {
  for (const text of texts) expect([text, read(text)]).toEqual([text, why]);
});
