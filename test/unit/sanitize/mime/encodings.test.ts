/** Transfer encodings, clean and as decoders disagree on them (threats.tsv M28–M31). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTransfer, type Encoding } from '../../../../src/sanitize/mime/encodings.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
const decode = (raw: string, encoding: Encoding) => decodeTransfer(bytes(raw), encoding);
const b64 = (raw: string): string => Buffer.from(raw, 'latin1').toString('base64');

test('clean base64 of any bytes comes back without a defect', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (data) => {
      const lines = Buffer.from(data).toString('base64').replace(/.{76}/g, '$&\r\n');
      const decoded = decode(lines, 'base64');
      expect(Buffer.from(decoded.bytes)).toEqual(Buffer.from(data));
      expect([decoded.defects, decoded.others]).toEqual([[], []]);
    }),
  );
});

test.each([
  ['M28', 'junk between the letters', 'aGVs!!bG8g\r\nd29ybGQ=', 'hello world', 'base64-junk'],
  ['M28', 'two streams behind each other', b64('hello') + b64('world!'), 'helloworld!', 'base64-concatenated'],
  ['M29', 'cut in the middle of a group', 'aGVsbG8gd29ybGQ', 'hello world', 'base64-padding'],
  ['M29', 'the alphabet of RFC 4648 §5', '-_-_', '\xfb\xff\xbf', 'base64-url-alphabet'],
  [
    'M30',
    'a list footer behind the padding',
    `${b64('hello')}\r\n-- \r\nTo unsubscribe, write\r\n`,
    'hello',
    'base64-trailing-text',
  ],
])('%s: %s', (_, __, raw, expected, defect) => {
  const decoded = decode(raw, 'base64');
  expect(text(decoded.bytes)).toBe(expected);
  expect(decoded.defects).toContain(defect);
});

test('M29: white space after each letter is no defect', () => {
  expect(text(decode([...b64('hello world')].join(' \r\n'), 'base64').bytes)).toBe('hello world');
});

test('M28: what a decoder gets that reads through padding is handed on too', () => {
  const { bytes: main, others } = decode(`${b64('a')}${b64('MARKER-MARKER')}`, 'base64');
  expect([main, ...others].some((data) => text(data).includes('MARKER-MARKER'))).toBe(true);
});

test.each([
  ['lower-case hex', 'caf=c3=a9', 'caf\xc3\xa9', []],
  ['soft break with blanks', 'a= \t\r\nb', 'ab', []],
  ['soft break at the end', 'a=', 'a', []],
  ['encoded line ends', 'a=0D=0Ab', 'a\r\nb', []],
  ['blanks at a line end', 'a  \r\nb', 'a\r\nb', []],
  ['an encoded blank at a line end stays', 'a=20\r\nb', 'a \r\nb', []],
  ['no hex behind the sign', 'a=ZZb', 'a=ZZb', ['quoted-printable-malformed']],
  ['a long line', 'x'.repeat(5000), 'x'.repeat(5000), []],
])('M31: quoted-printable, %s', (_, raw, expected, defects) => {
  const decoded = decode(raw, 'quoted-printable');
  expect(text(decoded.bytes)).toBe(expected);
  expect(decoded.defects).toEqual(defects);
});

test('uuencode: the file between begin and end', () => {
  const decoded = decode('begin 644 a.txt\r\n+:&5L;&\\@=V]R;&0\r\n`\r\nend\r\n', 'uuencode');
  expect(text(decoded.bytes)).toBe('hello world');
  expect(decoded.defects).toEqual([]);
});

test('50 MB of base64 do not exhaust the stack', () => {
  const raw = Buffer.alloc(50_000_000, 'QUJD');
  expect(decodeTransfer(raw, 'base64').bytes.length).toBe(37_500_000);
});
