/** Which leaves are the text, which are files (threats.tsv M38, M39, M46, M58, M59, M74). */
import { expect, test } from 'vitest';
import type { MimeMessage } from '../../../src/sanitize/mime/tree.ts';
import { planOf } from '../../../src/sanitize/plan.ts';
import { parse } from './mime/mails.ts';

type Part = readonly string[];
const mixed = (type: string, ...parts: readonly Part[]): MimeMessage =>
  parse(`Content-Type: ${type}; boundary=b`, '', ...parts.flatMap((part) => ['--b', ...part]), '--b--', '');

const TEXT: Part = ['Content-Type: text/plain', '', 'hello'];
const HTML: Part = ['Content-Type: text/html', '', '<p>hello</p>'];
const PNG: Part = ['Content-Type: image/png', 'Content-ID: <2>', '', '\x89PNG'];

const shape = (message: MimeMessage) => {
  const { body, files, signatures, alternatives } = planOf(message);
  return {
    body: body.map(({ plain, html }) => [plain?.path, html?.path]),
    files: files.map(({ path }) => path),
    signatures: signatures.length,
    alternatives: alternatives.length,
  };
};

test('M38: both forms of an alternative are one unit of text', () => {
  expect(shape(mixed('multipart/alternative', TEXT, HTML))).toMatchObject({ body: [['1', '2']], files: [] });
});

test('M39: a picture that a text shows is a file, whatever the root is called', () => {
  expect(shape(mixed('multipart/related; start="<2>"', HTML, PNG))).toMatchObject({
    body: [[undefined, '1']],
    files: ['2'],
  });
});

test('M46: a clear signature is dropped, the text stays', () => {
  const signature = ['Content-Type: application/pkcs7-signature; name=smime.p7s', '', 'x'];
  expect(shape(mixed('multipart/signed', TEXT, signature))).toMatchObject({
    body: [['1', undefined]],
    files: [],
    signatures: 1,
  });
  expect(shape(mixed('multipart/mixed', TEXT, signature))).toMatchObject({ files: ['2'], signatures: 0 });
});

test.each([
  ['an executable inline', ['Content-Type: application/x-msdownload', 'Content-Disposition: inline', '', 'MZ']],
  ['an executable without disposition', ['Content-Type: application/octet-stream', '', 'MZ']],
  ['a text that is an attachment', ['Content-Type: text/plain', 'Content-Disposition: attachment', '', 'hello']],
  ['a text with a file name', ['Content-Type: text/plain; name=a.txt', '', 'hello']],
  ['another text type', ['Content-Type: text/calendar', '', 'BEGIN:VCALENDAR']],
])('M58, M60: %s is a file', (_, part) => {
  expect(shape(mixed('multipart/mixed', TEXT, part))).toMatchObject({ body: [['1', undefined]], files: ['2'] });
});

test.each([
  ['PE', 'MZ\x90\0\x03\0\0\0'],
  ['ZIP', 'PK\x03\x04'],
  ['PDF', '%PDF-1.7'],
  ['controls', '\x01\x02\x03 text'],
])('M59: text/plain that is really %s is a file', (_, bytes) => {
  expect(shape(mixed('multipart/mixed', TEXT, ['Content-Type: text/plain', '', bytes]))).toMatchObject({
    files: ['2'],
  });
  expect(shape(parse('Content-Type: text/plain', '', bytes))).toMatchObject({ body: [], files: ['1'] });
});

test('M59: text that only begins like a program or holds escapes is text', () => {
  for (const text of ['MZの件について', '\x1b$BF|K\\\x1b(B', 'a\x0cb\ttab']) {
    expect(shape(parse('Content-Type: text/plain', '', text))).toMatchObject({ body: [['1', undefined]], files: [] });
  }
});

test('M74: another form of the same text is dropped and counted', () => {
  const amp = ['Content-Type: text/x-amp-html', '', '<html amp4email>'];
  expect(shape(mixed('multipart/alternative', TEXT, amp, HTML))).toMatchObject({
    body: [['1', '3']],
    files: [],
    alternatives: 1,
  });
});

test('text after an attachment is text too', () => {
  expect(shape(mixed('multipart/mixed', TEXT, PNG, TEXT))).toMatchObject({
    body: [
      ['1', undefined],
      ['3', undefined],
    ],
    files: ['2'],
  });
});

test('what only the second reader saw is a file', () => {
  const own = parse('Content-Type: text/plain', '', 'hello');
  const stranger = { ...own.leaves[0]!, path: 'u1', seenBy: 'second' as const };
  expect(shape({ ...own, leaves: [...own.leaves, stranger] })).toMatchObject({
    body: [['1', undefined]],
    files: ['u1'],
  });
});
