/** The message grammar (docs/output-grammar.md §4): what fits, at its limits, and for which reason something else does not. */
import { expect, test } from 'vitest';
import { readDraft } from '../../../src/gate/grammar.ts';
import {
  type Attachment,
  BODY,
  BOUNDARY,
  b64,
  HEADER,
  MESSAGE_ID,
  mixed,
  single,
  TEXT_FILE,
} from '../../attacks/gate/specimens.ts';
import { nameLines } from './spelling.ts';

const read = (text: string) => readDraft(Buffer.from(text, 'latin1'));
const problems = (text: string): readonly string[] => {
  const draft = read(text);
  return draft.kind === 'misfit' ? draft.problems : [];
};
const file = (
  name: string,
  bytes: Uint8Array | string = TEXT_FILE,
  media = 'text/plain; charset=utf-8',
): Attachment => ({
  media,
  name: nameLines(name),
  bytes,
});
const attached = mixed([file('a.txt')]);

test('a message alone and one with files, and what is read of them', () => {
  expect(read(single())).toEqual({ kind: 'fits', id: MESSAGE_ID, bodyText: Buffer.from(BODY), leaves: [] });
  expect(read(mixed([file('a.txt'), file('b.txt', '\uFEFFb\r\n')]))).toEqual({
    kind: 'fits',
    id: MESSAGE_ID,
    bodyText: Buffer.from(BODY),
    leaves: [
      { type: 'text', name: 'a.txt', bytes: Buffer.from(TEXT_FILE) },
      { type: 'text', name: 'b.txt', bytes: Buffer.from('\uFEFFb\r\n') },
    ],
  });
});

test('bytes that lie in a larger buffer are read from where they begin', () => {
  const large = Buffer.from(`xx${single()}yy`, 'latin1');
  expect(readDraft(large.subarray(2, -2)).kind).toBe('fits');
});

const TYPES = [
  ['pdf', 'application/pdf', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'],
  ['png', 'image/png', '\x89PNG\r\n\x1a\n'],
  ['jpg', 'image/jpeg', '\xff\xd8\xff\xdb'],
  ['csv', 'text/csv; charset=utf-8', '\xef\xbb\xbf"'],
  ['txt', 'text/plain; charset=utf-8', '\xef\xbb\xbf'],
  ['zip', 'application/zip', 'PK\x03\x04\x14\x00\x00\x08'],
] as const;

test.each(TYPES)('.%s stands under its media type and begins as our writer begins it', (extension, media, begin) => {
  const message = (name: string, bytes: string): string => mixed([file(name, Buffer.from(bytes, 'latin1'), media)]);
  expect(read(message(`a.${extension}`, begin)).kind).toBe('fits');
  expect(read(message(`a.${extension}`, `${begin}more`)).kind).toBe('fits');
  const type = extension === 'jpg' ? 'jpeg' : extension === 'txt' ? 'text' : extension;
  for (let at = 0; at < begin.length; at++) {
    const other = begin.slice(0, at) + String.fromCharCode(begin.charCodeAt(at) ^ 1) + begin.slice(at + 1);
    for (const bytes of [other, begin.slice(0, at) || 'x'])
      expect(problems(message(`a.${extension}`, bytes))).toEqual([`attachment: does not begin like ${type}`]);
  }
  for (const [wrong] of TYPES.filter(([same]) => same !== extension))
    expect(problems(message(`a.${wrong}`, begin))).toEqual(['file name: another extension than the type has']);
});

test.each([
  'application/octet-stream',
  'text/plain',
  'text/html; charset=utf-8',
  'image/gif',
  '',
  'TEXT/PLAIN; charset=utf-8',
])('media type «%s» is none of ours', (media) => {
  expect(problems(mixed([file('a.txt', TEXT_FILE, media)]))).toEqual(['attachment: media type is none of ours']);
});

test('a header that does not end, or is none of ours', () => {
  expect(problems('')).toEqual(['header: no MIME-Version']);
  expect(problems('x'.repeat(100))).toEqual(['header: no MIME-Version']);
  expect(problems(single(HEADER.slice(0, -1)))).toEqual(['header: no MIME-Version']);
  expect(problems('\r\nMIME-Version: 1.0\r\n')).toEqual(['header: Received is missing or out of order']);
  expect(problems(single(HEADER.slice(1)))).toEqual(['header: Received is missing or out of order']);
  expect(problems(single([...HEADER.slice(0, -1), 'X-A: b', 'MIME-Version: 1.0']))).toEqual([
    'header: MIME-Version is missing or out of order',
  ]);
});

test('bodies: CRLF at the end, UTF-8, no byte order mark', () => {
  expect(problems(single(HEADER, '\uFEFFx\r\n'))).toEqual(['body: byte order mark']);
  for (const body of ['x', 'x\n', 'x\r', 'x\r\n\0', 'x\r\n '])
    expect(problems(single(HEADER, body))).toEqual(['body: does not end with CRLF']);
  const bytes = single(HEADER, 'QQQQQQ').replace('UVFRUVFR', b64(Buffer.from([0x61, 0xff, 0x0d, 0x0a])).trim());
  expect(problems(bytes)).toEqual(['body: not UTF-8']);
  expect(problems(single(HEADER, ''))).toEqual(['an empty base64 line']);
  expect(problems(mixed([file('a.txt', '')]))).toEqual(['an empty base64 line']);
});

test('what stands where something of ours must stand is said with its place', () => {
  const at = single().indexOf('Content-Type');
  expect(problems(single().replace('text/plain', 'text/html'))).toEqual([
    `at ${at}: not ${JSON.stringify('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-En')}`,
  ]);
  const begin = attached.lastIndexOf('Content-Type: ') + 'Content-Type: '.length;
  const long = `${attached.slice(0, begin)}${'x'.repeat(80)}${attached.slice(begin)}`;
  expect(problems(long)).toEqual([`at ${begin}: no line end`]);
});

test('part headers may have lines of 78 octets and no more', () => {
  const line = (length: number): string => mixed([{ ...file('a.txt'), media: 'x'.repeat(length) }]);
  expect(problems(line(78))).toEqual(['attachment: media type is none of ours']);
  expect(problems(line(79))[0]).toMatch(/^at [0-9]+: no line end$/);
  expect(problems(attached.slice(0, attached.indexOf('filename')))[0]).toMatch(/^at [0-9]+: no line end$/);
});

test.each([
  `x${BOUNDARY}`,
  `${BOUNDARY}x`,
  BOUNDARY.toUpperCase(),
  BOUNDARY.replace('a', 'g'),
  BOUNDARY.replace('_s', '-s'),
])('a boundary like %s is none of ours', (other) => {
  expect(problems(attached.replaceAll(BOUNDARY, other))).toEqual(
    other === `${BOUNDARY}x` ? [expect.stringMatching(/^at [0-9]+: not /)] : ['boundary of another form'],
  );
});

test('nothing stands behind the end', () => {
  for (const text of [single(), attached]) {
    expect(problems(`${text}-x`)).toEqual(['bytes after the message']);
    expect(problems(`${text}\r\n`)).toEqual(['bytes after the message']);
  }
});

test('one file to 500, of different names', () => {
  const many = (count: number): string =>
    mixed(Array.from({ length: count }, (_, i) => file(`${i}.txt`, '\uFEFFx\r\n')));
  expect(problems(mixed([]))).toEqual(['multipart without attachment']);
  expect(read(many(500)).kind).toBe('fits');
  expect(problems(many(501))).toEqual(['too many attachments']);
  for (const other of ['a.txt', 'A.txt', 'ａ.txt'])
    expect(problems(mixed([file('a.txt'), file(other)]))).toEqual(['two attachments of one name']);
  // «ß» is a letter of its own in lower case; in upper case it would be two.
  expect(read(mixed([file('straße.txt'), file('strasse.txt')])).kind).toBe('fits');
});

test('a file name has at most 40 lines', () => {
  const lines = (count: number): Attachment => ({
    media: 'text/plain; charset=utf-8',
    name: Array.from(
      { length: count },
      (_, i) => ` filename*${i}*=${i === 0 ? "UTF-8''" : ''}aa${i < count - 1 ? ';' : ''}`,
    ),
    bytes: TEXT_FILE,
  });
  expect(problems(mixed([lines(40)]))).toEqual(['file name: spelled in another way']);
  expect(problems(mixed([lines(41)]))).toEqual(['file name: too many lines']);
});

test('a reader that fails refuses too, with a short reason', () => {
  const broken = new Proxy(new Uint8Array(4), {
    get: () => {
      throw new Error('x'.repeat(500));
    },
  });
  expect(readDraft(broken)).toEqual({ kind: 'misfit', problems: [`reader failed: Error: ${'x'.repeat(193)}`] });
});
