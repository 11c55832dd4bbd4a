/** Transfer encodings as people write them: what is decoded, what other readers would get instead, and what is called odd. */
import { describe, expect, test } from 'vitest';
import { decodeTransfer, type Encoding, encodingOf, looksLikeBase64 } from '../../../../src/sanitize/mime/encodings.ts';

interface Read {
  readonly text: string;
  readonly others: readonly string[];
  readonly defects: readonly string[];
}
function read(raw: string, encoding: Encoding): Read {
  const { bytes, others, defects } = decodeTransfer(Buffer.from(raw, 'latin1'), encoding);
  const latin1 = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
  return { text: latin1(bytes), others: others.map(latin1), defects };
}
const base64 = (raw: string): Read => read(raw, 'base64');
const quoted = (raw: string): Read => read(raw, 'quoted-printable');
const uu = (raw: string): Read => read(raw, 'uuencode');
const clean = (text: string, ...defects: readonly string[]): Read => ({ text, others: [], defects });

describe('names of encodings', () => {
  test.each<[Encoding | undefined, string]>([
    ...['', '7bit', '7-bit', '8bit', '8-bit', '8bits', '7bits', 'binary', 'none'].map(
      (name) => ['identity', name] as [Encoding, string],
    ),
    ...['base64', 'base-64'].map((name) => ['base64', name] as [Encoding, string]),
    ...['quoted-printable', 'quotedprintable', 'quoted printable'].map(
      (name) => ['quoted-printable', name] as [Encoding, string],
    ),
    ...['x-uuencode', 'x-uue', 'uuencode', 'uue'].map((name) => ['uuencode', name] as [Encoding, string]),
    ...['base65', 'x-gzip64', 'binhex', 'constructor', '__proto__', 'BASE64'].map(
      (name) => [undefined, name] as [undefined, string],
    ),
  ])('%s: %j', (encoding, name) => {
    expect(encodingOf(name)).toBe(encoding);
  });
});

describe('base64', () => {
  test.each([
    ['aGVsbG8=', 'hello'],
    ['aGVs\r\nbG8=\r\n', 'hello'],
    ['aGVsbG8h\n', 'hello!'],
    ['aA==', 'h'],
    ['aA= =', 'h'],
    ['aA=\r\n=\r\n', 'h'],
    ['aA==\t \r\n', 'h'],
    ['', ''],
    ['  \r\n', ''],
  ])('%j is whole', (raw, text) => {
    expect(base64(raw)).toEqual(clean(text));
  });

  test('letters that make no whole groups are told', () => {
    expect(base64('aGVsbG8')).toEqual(clean('hello', 'base64-padding'));
    expect(base64('aGVsbG8 \x20\x1f')).toEqual(expect.objectContaining({ text: 'hello' }));
    expect(base64('aGVs bG8 \t')).toEqual(clean('hello', 'base64-padding'));
    expect(base64('=')).toEqual(clean('', 'base64-padding'));
  });

  test('a footer behind the padding is text, however it begins', () => {
    const footer = (rest: string): Read => base64(`aGVsbG8=\r\n${rest}`);
    expect(footer('-- \r\nlist\r\n')).toEqual(clean('hello', 'base64-trailing-text'));
    expect(footer('two words\r\n')).toEqual(clean('hello', 'base64-trailing-text'));
    expect(footer('two \t words\r\n')).toEqual(clean('hello', 'base64-trailing-text'));
    expect(footer('b64\r\n \r\nline\r\n-- x\r\n')).toEqual(clean('hello', 'base64-trailing-text'));
    expect(base64('aGVsbG8= \t\n!')).toEqual(clean('hello', 'base64-trailing-text'));
    expect(base64('aGVs!bG8=\r\na footer!')).toEqual({
      text: 'hello',
      others: [],
      defects: ['base64-trailing-text', 'base64-junk'],
    });
    // Behind twenty lines of letters it is no footer but the second of two streams.
    const letters = 'aGVs\n'.repeat(20);
    expect(footer(`${letters}!`).defects).toEqual(['base64-junk', 'base64-concatenated']);
  });

  test('two streams behind each other: all of it, and what readers get who stop or begin in between', () => {
    expect(base64('aGVsbG8=d29ybGQ=')).toEqual({
      text: 'helloworld',
      others: [Buffer.from('aGVsbG8d29ybGQ', 'base64').toString('latin1'), 'world'],
      defects: ['base64-concatenated'],
    });
    expect(base64('aA==aQ==ag==')).toEqual({
      text: 'hij',
      others: [Buffer.from('aAaQag', 'base64').toString('latin1'), Buffer.from('aQag', 'base64').toString('latin1')],
      defects: ['base64-concatenated'],
    });
    // Whole groups before the first padding: everybody reads the same.
    expect(base64('=aGVsbG8h')).toEqual(clean('hello!'));
    expect(base64('aGVsbG8h=d29y')).toEqual({ text: 'hello!wor', others: ['wor'], defects: ['base64-concatenated'] });
  });

  test('junk is left out, as most readers do; others stop there', () => {
    expect(base64('aGVs!bG8h')).toEqual(clean('hello!', 'base64-junk'));
    expect(base64('!aGVs')).toEqual(clean('hel', 'base64-junk'));
    expect(base64('aGV!sbG8h')).toEqual(clean('hello!', 'base64-junk'));
    expect(base64('aGVsbG!8=aGVs').defects).toEqual(['base64-junk', 'base64-concatenated']);
    expect(base64('aGVs\xe9\0bG8h')).toEqual(clean('hello!', 'base64-junk'));
  });

  test('padding strewn about is no stream of its own', () => {
    const strewn = 'aGVs='.repeat(1000);
    expect(base64(strewn)).toMatchObject({ text: 'hel'.repeat(1000), defects: ['base64-concatenated'] });
    expect(base64(`${strewn}aGVs`)).toEqual(clean('hel'.repeat(1001)));
  });

  test('the other alphabet (RFC 4648 §5): and what a reader gets who leaves its letters out', () => {
    expect(base64('-_-_')).toEqual(clean('\xfb\xff\xbf', 'base64-url-alphabet'));
    expect(base64('aGVs-_-_bG8h')).toEqual({
      text: 'hel\xfb\xff\xbflo!',
      others: ['hello!'],
      defects: ['base64-url-alphabet'],
    });
    expect(base64('aGVs_bG8h')).toMatchObject({ others: ['hello!'], defects: ['base64-url-alphabet'] });
    // With letters of both alphabets, or other junk, they are junk.
    expect(base64('aGVs-+/+bG8h').defects).toContain('base64-junk');
    expect(base64('aGVs-!bG8h').defects).toEqual(['base64-junk']);
  });
});

describe('quoted-printable', () => {
  test.each([
    ['a=3Db=3dc', 'a=b=c'],
    ['=E6=97=a5', '\xe6\x97\xa5'],
    ['=0D=0A=09=20', '\r\n\t '],
    ['=2f=3A=40=47=60=67', '/:@G`g'],
    ['a=\r\nb', 'ab'],
    ['a=\nb', 'ab'],
    ['a= \t\r\nb', 'ab'],
    ['a= \t', 'a'],
    ['a=', 'a'],
    ['a=\n', 'a'],
    ['a \t\r\nb', 'a\r\nb'],
    ['a \t\nb', 'a\nb'],
    ['a \rb', 'a\rb'],
    [' \r\nb', '\r\nb'],
    ['\r\n \r\n', '\r\n\r\n'],
    ['a=20\r\nb', 'a \r\nb'],
    ['a=20 \r\nb', 'a \r\nb'],
    ['a\r\n\r\nb', 'a\r\n\r\nb'],
    ['a  b', 'a  b'],
    ['', ''],
  ])('%j is %j', (raw, text) => {
    expect(quoted(raw)).toEqual(clean(text));
  });

  test.each([
    ['a=b', 'a=b'],
    ['a=4', 'a=4'],
    ['a=4\r\n', 'a=4\r\n'],
    ['a=g0', 'a=g0'],
    ['a=0g', 'a=0g'],
    ['a==41', 'a=A'],
    ['=\rb', '=\rb'],
    ['= x', '= x'],
    ['=/0=:0=`0=@0=G0', '=/0=:0=`0=@0=G0'],
    ['=0/=0:=0`=0@=0G', '=0/=0:=0`=0@=0G'],
  ])('%j keeps what is no code: %j', (raw, text) => {
    expect(quoted(raw)).toEqual(clean(text, 'quoted-printable-malformed'));
  });
});

describe('uuencode', () => {
  /** POSIX's historical algorithm. */
  const line = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1');
    const char = (value: number): string => String.fromCharCode(0x20 + (value & 0x3f));
    let out = char(bytes.length);
    for (let i = 0; i < bytes.length; i += 3) {
      const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
      out += char(a >> 2) + char((a << 4) | (b >> 4)) + char((b << 2) | (c >> 6)) + char(c);
    }
    return out;
  };
  const encoded = (text: string): string => (text.match(/[\s\S]{1,45}/g) ?? []).map(line).join('\r\n');
  const text = Array.from({ length: 200 }, (_, i) => String.fromCharCode((i * 37 + 11) & 0xff)).join('');

  test('any bytes, of any length, come back', () => {
    for (let length = 1; length <= 46; length++) {
      const part = text.slice(0, length);
      expect([length, uu(`begin 644 a.bin\r\n${encoded(part)}\r\n \r\nend\r\n`)]).toEqual([length, clean(part)]);
    }
    expect(uu(`begin 0755 a b\n${encoded(text).replaceAll('\r', '')}\n\`\nend \t\n`)).toEqual(clean(text));
  });

  test('blanks that a mail system cut at line ends are zeroes', () => {
    expect(uu('begin 644 a\n#86)C\n#\n#  \nend\n')).toEqual(clean('abc\0\0\0\0\0\0'));
  });

  test('two files behind each other are one', () => {
    expect(uu('begin 644 a\n#86)C\nend\nbegin 644 b\n#9&5F\nend\n')).toEqual(clean('abcdef'));
  });

  test('text around it, and no end, are told', () => {
    expect(uu('hello\nbegin 644 a\n#86)C\nend\n')).toEqual(clean('abc', 'uuencode-trailing-text'));
    expect(uu('begin 644 a\n#86)C\nend\nbye')).toEqual(clean('abc', 'uuencode-trailing-text'));
    expect(uu(' \n\nbegin 644 a\n#86)C\nend\n \t\n')).toEqual(clean('abc'));
    expect(uu('begin 644 a\n#86)C\n')).toEqual(clean('abc', 'uuencode-unterminated'));
  });

  test.each([
    'hello',
    'xbegin 644 a',
    'begin 64 a',
    'begin 64444 a',
    'begin 888 a',
    'begin 644',
    'begin644 a',
    'begin-x 644 a',
  ])('%j begins nothing: it stays as it is', (raw) => {
    expect(uu(raw)).toEqual(clean(raw, 'uuencode-without-begin'));
  });

  test('an end is a line of its own', () => {
    expect(uu('begin 644 a\n#86)C\nend\n').text).toBe('abc');
    expect(uu('begin 644 a\n#86)C\nxend\n#9&5F\nend\n').text).toContain('def');
    expect(uu('begin 644 a\n#86)C\nends\n#9&5F\nend\n').text).toContain('def');
  });
});

describe('bodies that look like base64', () => {
  const looks = (raw: string): boolean => looksLikeBase64(Buffer.from(raw, 'latin1'));
  const LINE = `${'QUJD'.repeat(19)}\r\n`;

  test.each([
    LINE,
    LINE.repeat(5),
    'QUJD',
    'QQ==',
    'QUI= \r\n',
    ` \r\n${LINE}`,
    `${LINE}\r\n \r\n${LINE}`,
    LINE.replace('\r', ''),
  ])('%j does', (raw) => {
    expect(looks(raw)).toBe(true);
  });
  test.each(['', 'QUJ', '   ', 'hello world', 'QUJ===', 'Q=UJ', '日本', 'a-b-c-d', '!QUJD', 'QUJD!'])(
    '%j does not',
    (raw) => {
      expect(looks(raw)).toBe(false);
    },
  );
  test('eight lines of ten do; less do not', () => {
    expect(looks(LINE.repeat(8) + 'a line\r\n'.repeat(2))).toBe(true);
    expect(looks(LINE.repeat(7) + 'a line\r\n'.repeat(2))).toBe(false);
    expect(looks(`${LINE.repeat(4)}a line\n \n\n`)).toBe(true);
  });
  test('only the first 8,192 bytes are looked at', () => {
    expect(looks(LINE.repeat(120) + 'a line\r\n'.repeat(100))).toBe(true);
  });
});

test('what is not encoded is handed on as it is', () => {
  expect(read('a\0\xff=20', 'identity')).toEqual(clean('a\0\xff=20'));
});
