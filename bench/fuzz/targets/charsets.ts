/** Text in the charsets of Japanese mail and others, under right and wrong labels: bodies, header fields, names of files. */
import encoding from 'encoding-japanese';
import { mailDepth, plantField, throughMessage } from '../judge.ts';
import { changedCharset } from '../mutate/charsets.ts';
import { corpusFiles, withCrlf } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 3072;

const TEXTS = [
  '日本語のテスト、こんにちは。①㈱髙﨑ｶﾅ',
  '表示ソ予能～−‖¢£¬ 葛󠄀城市 😀',
  'plain ASCII http://example.jp/ \\\\server\\x',
];
const CHARSETS = [
  ['UTF8', 'utf-8'],
  ['JIS', 'iso-2022-jp'],
  ['SJIS', 'shift_jis'],
  ['EUCJP', 'euc-jp'],
  ['UTF16', 'utf-16'],
  ['UTF16LE', 'utf-16le'],
] as const;

const written = (text: string, to: (typeof CHARSETS)[number][0]): Buffer =>
  Buffer.from(encoding.convert(encoding.stringToCode(text), { from: 'UNICODE', to, type: 'array' }));

const mailOf = (label: string, bytes: Buffer): Buffer => {
  const word = `=?${label}?B?${bytes.toString('base64').slice(0, 40)}?=`;
  // Without its mark UTF-16 is no text to anybody, and what else it may be is asked at great cost.
  const content = /^utf-16/.test(label) ? Buffer.from('text\r\n') : bytes;
  const name = [...bytes.subarray(0, 12)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const head = `From: ${word} <a@example.com>\r\nTo: soumu@chuo.lg.jp\r\nSubject: ${word}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`;
  const text = `--b\r\nContent-Type: text/plain; charset=${label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`;
  const file = `\r\n--b\r\nContent-Type: text/plain; charset=${label}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=${label}''${name}.txt\r\n\r\n${content.toString('base64')}\r\n--b--\r\n`;
  return Buffer.concat([Buffer.from(head + text), bytes, Buffer.from(file)]);
};

export const charsets: Target = {
  name: 'charsets',
  rooms:
    /^sanitize\/(?:charset\/|header|mime\/(?:addresses|parameters|facts)|formats\/(?:text|csv)\/|body\/(?:characters|safe-text|width|flowed|frames))/,
  isText: true,
  dearMs: 6,
  slowMs: 2000,
  hungMs: 20_000,
  wanted: 200_000,
  seeds: async (shared) => [
    ...CHARSETS.flatMap(([to, label]) => TEXTS.map((text) => mailOf(label, written(text, to)))),
    ...corpusFiles(shared, /^mail-ja/, MAX_BYTES).map(withCrlf),
  ],
  mutate: changedCharset,
  execute: (input, scrutiny) => throughMessage(input, scrutiny, { depthOf: mailDepth, plant: plantField }),
};
