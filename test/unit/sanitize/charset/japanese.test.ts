/** Golden vectors of the charsets of Japanese mail (threats.tsv B31–B36, M61). */
import { expect, test } from 'vitest';
import { charsetOf, decodeText } from '../../../../src/sanitize/charset/decode.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const decode = (bytes: string, label: string) => decodeText(latin1(bytes), label);

/** One sentence in the four charsets. */
const SENTENCE = '日本語のテスト、こんにちは。';
const IN = {
  'utf-8': Buffer.from(SENTENCE).toString('latin1'),
  'iso-2022-jp': '\x1b$BF|K\\8l$N%F%9%H!"$3$s$K$A$O!#\x1b(B',
  shift_jis: '\x93\xfa\x96{\x8c\xea\x82\xcc\x83e\x83X\x83g\x81A\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\x81B',
  'euc-jp':
    '\xc6\xfc\xcb\xdc\xb8\xec\xa4\xce\xa5\xc6\xa5\xb9\xa5\xc8\xa1\xa2\xa4\xb3\xa4\xf3\xa4\xcb\xa4\xc1\xa4\xcf\xa1\xa3',
} as const;
const CHARSETS = Object.keys(IN) as (keyof typeof IN)[];

const MATRIX = CHARSETS.flatMap((content) =>
  [...CHARSETS, 'us-ascii', 'iso-8859-1', 'x-none', ''].map((label) => [content, label] as const),
);

test.each(MATRIX)('B36: %s under the label «%s»', (content, label) => {
  const decoded = decode(IN[content], label);
  expect(decoded).toEqual({ text: SENTENCE, charset: content, replaced: 0, guessed: content !== label });
});

test.each([
  ['NEC row 13', '\x1b$B-!-j\x1b(B', '①㈱'],
  ['IBM characters as NEC chose them', '\x1b$B|b\x1b(B', '髙'],
  ['half-width kana by escape', '\x1b(I6E\x1b(B', 'ｶﾅ'],
  ['half-width kana by SO and SI', '\x0e6E\x0f', 'ｶﾅ'],
  ['half-width kana in eight bits', '\x1b(J\xb6\xc5\x1b(B', 'ｶﾅ'],
  ['the old JIS C 6226 escape', '\x1b$@F|\x1b(J', '日'],
  ['JIS X 0212', '\x1b$(D0!\x1b(B', '丂'],
  ['JIS Roman', '\x1b(J\\~\x1b(B', '¥‾'],
])('B32: ISO-2022-JP, %s', (_, bytes, expected) => {
  for (const label of ['ISO-2022-JP', 'iso-2022-jp-ms', 'CP50220', 'cp50221', 'CP50222']) {
    expect(decode(bytes, label)).toMatchObject({ text: expected, replaced: 0, guessed: false });
  }
});

test.each([
  ['no escape back before the line ends', '\x1b$BF|\r\n<b>', '日\r\n<b>'],
  ['no escape back at the end', '\x1b$BF|', '日'],
  ['half a character at the end', '\x1b$BF', '\ufffd'],
  ['an escape nobody defined', 'a\x1b%Gb', 'a\ufffd%Gb'],
  ['empty pairs', 'a\x1b$B\x1b(Bb', 'ab'],
  ['a byte that is no half of a kanji', '\x1b$B \x1b(Ba', ' a'],
  ['an escape at the very end', 'a\x1b', 'a\ufffd'],
])('B31: ISO-2022-JP, %s', (_, bytes, expected) => {
  const { text } = decode(bytes, 'iso-2022-jp');
  expect(text).toBe(expected);
  expect(text).not.toContain('\x1b');
});

test.each([
  ['a quote behind a lead byte stays a quote', '\x83"', '\ufffd"'],
  ['a backslash as trail byte', '\x95\\.txt', '表.txt'],
  ['IBM extensions', '\xfb\xfc', '髙'],
  ['NEC extensions', '\x87\x40\x87\x8a', '①㈱'],
  ['wave dash', '10\x81\x6011', '10～11'],
  ['half-width kana', '\xb6\xc5', 'ｶﾅ'],
])('B32, B33: Shift_JIS, %s', (_, bytes, expected) => {
  expect(decode(bytes, 'Shift_JIS').text).toBe(expected);
});

test.each(['cp932', 'windows-31j', 'x-sjis', 'MS932', 'shift-jis', '"Shift_JIS"', 'SHIFT_JIS;'])(
  'B32: label %s',
  (label) => {
    expect(decode(IN.shift_jis, label)).toMatchObject({ text: SENTENCE, guessed: false });
  },
);

test.each([
  ['overlong', '\xc0\x80'],
  ['surrogate', '\xed\xa0\x80'],
  ['beyond Unicode', '\xf5\x80\x80\x80'],
])('B34: UTF-8, %s', (_, bytes) => {
  const { text, replaced } = decode(`a${bytes}b`, 'utf-8');
  expect(text).toMatch(/^a\ufffd+b$/);
  expect(replaced).toBeGreaterThan(0);
});

test('B34: UTF-8 with all lengths of characters is exact', () => {
  expect(decode(Buffer.from('aé日𠮷').toString('latin1'), 'utf-8')).toMatchObject({ text: 'aé日𠮷', replaced: 0 });
});

test.each([
  'utf-7',
  'unicode-1-1-utf-7',
  'hz-gb-2312',
  'iso-2022-cn',
  'iso-2022-kr',
  'utf-32',
  'x-user-defined',
  'cesu-8',
  '__proto__',
])('B35, M61: %s is not decoded as what it says', (label) => {
  expect(charsetOf(label)).toBe('');
  expect(decode('+ADw-script+AD4- ~{<:Ky~}', label).text).toBe('+ADw-script+AD4- ~{<:Ky~}');
});

test.each([
  ['iso-8859-1', 'caf\xe9', 'café'],
  ['windows-1252', '\x93a\x94', '“a”'],
  ['utf-16le', 'a\0b\0', 'ab'],
  ['gb2312', '\xc4\xe3', '你'],
])('M61: %s is decoded', (label, bytes, expected) => {
  expect(decode(bytes, label)).toMatchObject({ text: expected, guessed: false });
});

test('without a label, Western bytes are Western', () => {
  expect(decode('Le caf\xe9 est tr\xe8s bon, n\x92est-ce pas? D\xe9j\xe0 vu.', '').text).toBe(
    'Le café est très bon, n’est-ce pas? Déjà vu.',
  );
});
