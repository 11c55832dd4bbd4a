/** Small rules of the MIME reader, each at its edge: delimiters, gaps, structured header values, the union of two readers. */
import { describe, expect, test } from 'vitest';
import {
  beforeLineEnd,
  fieldFollows,
  guessBoundary,
  isPadding,
  occurs,
  startsWithAt,
} from '../../../../src/sanitize/mime/boundaries.ts';
import { gapContent } from '../../../../src/sanitize/mime/gaps.ts';
import { newLeaves, sameContent } from '../../../../src/sanitize/mime/message.ts';
import {
  candidatesOf,
  decodedCandidatesOf,
  isShiftJisTrail,
  parseStructured,
  type StructuredValue,
} from '../../../../src/sanitize/mime/parameters.ts';
import type { SecondLeaf } from '../../../../src/sanitize/mime/second.ts';
import type { Leaf, MimeMessage } from '../../../../src/sanitize/mime/tree.ts';
import { united } from '../../../../src/sanitize/mime/union.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('delimiters', () => {
  test('blanks, TABs and line ends may follow one', () => {
    expect([0x20, 0x09, 0x0d, 0x0a].map(isPadding)).toEqual([true, true, true, true]);
    expect([0x00, 0x2d, 0x41, 0xa0, undefined].map(isPadding)).toEqual([false, false, false, false, false]);
  });

  test('compared at their place, up to the last byte', () => {
    expect(startsWithAt(bytes('xab'), 1, bytes('ab'))).toBe(true);
    expect(startsWithAt(bytes('xab'), 2, bytes('ab'))).toBe(false);
    expect(startsWithAt(bytes('xab'), 2, bytes('b'))).toBe(true);
    expect(startsWithAt(bytes('xab'), 0, bytes('ab'))).toBe(false);
    expect(startsWithAt(bytes('xab'), 3, bytes('b'))).toBe(false);
  });

  test('the line end before one belongs to it, and not more than that', () => {
    expect(beforeLineEnd(bytes('ab\r\n--x'), 4, 0)).toBe(2);
    expect(beforeLineEnd(bytes('ab\n--x'), 3, 0)).toBe(2);
    expect(beforeLineEnd(bytes('ab\r--x'), 3, 0)).toBe(3);
    expect(beforeLineEnd(bytes('ab--x'), 2, 0)).toBe(2);
    expect(beforeLineEnd(bytes('a\r\r\n--x'), 4, 0)).toBe(2);
    expect(beforeLineEnd(bytes('\n\n--x'), 2, 0)).toBe(1);
    expect(beforeLineEnd(bytes('ab\r\n--x'), 4, 4)).toBe(4);
    expect(beforeLineEnd(bytes('ab\r\n--x'), 4, 3)).toBe(3);
    expect(beforeLineEnd(bytes('ab\r\n--x'), 4, 2)).toBe(2);
    expect(beforeLineEnd(bytes('\n--x'), 1, 0)).toBe(0);
    expect(beforeLineEnd(bytes('\r\n--x'), 2, 0)).toBe(0);
  });

  test('one occurs at the beginning of a line, whole, with nothing, blanks or -- behind it', () => {
    const found = (text: string, from = 0): boolean => occurs(bytes(text), from, 'ab');
    for (const text of [
      '--ab',
      '--ab\r\n',
      '--ab\n',
      '--ab x',
      '--ab\t',
      '--ab--',
      '--ab--x',
      'x\n--ab',
      'x\r\n--ab--',
      '--abc\n--ab',
    ])
      expect([text, found(text)]).toEqual([text, true]);
    for (const text of ['', '--a', '-ab', '--abc', '--ab-', '--ab-x', 'x--ab', 'x--ab\n', '\r--ab', '--ab\0'])
      expect([text, found(text)]).toEqual([text, false]);
    // What stands before `from` is not looked at, but for the line end.
    expect(found('--ab\nxx', 1)).toBe(false);
    expect(found('xx--ab', 2)).toBe(true);
    expect(found('xx--ab\n--ab', 3)).toBe(true);
  });

  test('one is looked for within a mebibyte', () => {
    expect(occurs(Buffer.concat([Buffer.alloc(1024 * 1024 - 5, 0x0a), bytes('--ab')]), 0, 'ab')).toBe(true);
    expect(occurs(Buffer.concat([Buffer.alloc(1024 * 1024 + 5, 0x0a), bytes('--ab')]), 0, 'ab')).toBe(false);
  });

  const guess = (text: string, open: readonly string[] = [], from = 0): string | undefined =>
    guessBoundary(
      bytes(text),
      from,
      open.map((name) => ({ delimiter: bytes(`--${name}`) })),
    );
  test('an undeclared one is a line that a field of a part follows', () => {
    expect(guess('--x\nContent-Type: a')).toBe('x');
    expect(guess('hello\r\n--x y \t\r\nContent-Type: a')).toBe('x y');
    expect(guess('--x\nhello\n--y\ncontent-id \t: a')).toBe('y');
    expect(guess('--\nContent-A: b')).toBe('');
    for (const text of [
      '',
      '--x',
      '--x\n',
      '--x\nhello',
      '-x\nContent-Type: a',
      'a-\nContent-Type: a',
      '--x\n\nContent-Type: a',
      '- -x\nContent-Type: a',
    ])
      expect([text, guess(text)]).toEqual([text, undefined]);
    expect(guess('--x\nContent-Type: a', [], 1)).toBeUndefined();
  });
  test('an open multipart’s own ends the search', () => {
    expect(guess('--x\nContent-Type: a', ['x'])).toBeUndefined();
    expect(guess('--outer\n--x\nContent-Type: a', ['outer'])).toBeUndefined();
    expect(guess('--x\nContent-Type: a', ['other'])).toBe('x');
  });
  test('fifty lines are looked at', () => {
    expect(guess(`${'a\n'.repeat(49)}--x\nContent-Type: a`)).toBe('x');
    expect(guess(`${'a\n'.repeat(50)}--x\nContent-Type: a`)).toBeUndefined();
  });

  test('a field of a part begins with Content-', () => {
    for (const line of ['Content-Type: x', 'content-x-y:', 'CONTENT-ID \t: x'])
      expect([line, fieldFollows(bytes(`ab${line}`), 2)]).toEqual([line, true]);
    for (const line of [
      'Content: x',
      'Content-: x',
      'Content-1: x',
      'xContent-Type: x',
      'Content-Type x',
      ' Content-Type: x',
      '',
    ])
      expect([line, fieldFollows(bytes(`ab${line}`), 2)]).toEqual([line, false]);
  });
});

describe('bytes that belong to no part', () => {
  const LINE = 'QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD';
  test.each([
    ['', 'blank'],
    [' \r\n\t', 'blank'],
    ['This is a multi-part message in MIME format.', 'text'],
    ['Content-Type: text/plain\n\nx', 'part'],
    ['x\nCONTENT-TRANSFER-ENCODING \t: x', 'part'],
    ['x\r\ncontent-disposition: x', 'part'],
    ['x Content-Type: text/plain', 'text'],
    ['Content-Id: x', 'text'],
    ['MZ\x90\0', 'encoded-file'],
    ['\r\n MZxx', 'encoded-file'],
    ['MZ', 'text'],
    ['MZx', 'text'],
    ['xMZ\x90\0', 'text'],
    ['PK\x03\x04', 'encoded-file'],
    ['%PDF-1.4', 'encoded-file'],
    ['\xd0\xcf\x11\xe0', 'encoded-file'],
    ['Rar!\x1a', 'encoded-file'],
    ['7z\xbc\xaf', 'encoded-file'],
    ['\x7fELF', 'encoded-file'],
    ['\x1f\x8b\x08', 'encoded-file'],
    ['PK\x03\x05', 'text'],
    ['a %PDF-1.4', 'text'],
    ['begin 644 a', 'encoded-file'],
    ['hello\nbegin 0755 a b', 'encoded-file'],
    ['begin-base64 644 a', 'encoded-file'],
    ['begin 64 a', 'text'],
    ['begin 64444 a', 'text'],
    ['begin 888 a', 'text'],
    ['begin 644  ', 'text'],
    ['we begin 644 a', 'text'],
    [`${LINE}\n`.repeat(8), 'encoded-file'],
    [`${LINE}== \r\n`.repeat(8), 'encoded-file'],
    [`${LINE}\n`.repeat(7), 'text'],
    [`${`${LINE}\n`.repeat(7)}x y\n${`${LINE}\n`.repeat(7)}`, 'text'],
    [`x\n${`${LINE}\n`.repeat(8)}x`, 'encoded-file'],
    [`${LINE.slice(1)}\n`.repeat(20), 'text'],
    [`${LINE}===\n`.repeat(20), 'text'],
    [`!${LINE}\n`.repeat(20), 'text'],
    [`${LINE}!\n`.repeat(20), 'text'],
  ])('%j is %s', (text, content) => {
    expect(gapContent(bytes(text))).toBe(content);
  });
});

describe('structured values', () => {
  const parse = (raw: string): StructuredValue => parseStructured(raw);
  const parameter = (name: string, value: string, section = -1, extended = false) => ({
    name,
    section,
    extended,
    value,
  });

  test.each<[string, string, readonly (readonly [string, string])[], readonly string[]]>([
    ['Text/Plain', 'text/plain', [], []],
    [' text/plain ; Charset=UTF-8', 'text/plain', [['charset', 'UTF-8']], []],
    ['a;b="c;d"', 'a', [['b', 'c;d']], []],
    ['a;b="c\\"d\\\\e"', 'a', [['b', 'c"d\\e']], []],
    ['a;b=" c "', 'a', [['b', ' c ']], []],
    ['a;b=', 'a', [['b', '']], []],
    ['a;b=""', 'a', [['b', '']], []],
    ['a;b=c=d', 'a', [['b', 'c=d']], []],
    ['a;;b=c;', 'a', [['b', 'c']], []],
    ['', '', [], []],
    ['a (comment); b=c', 'a', [['b', 'c']], ['comment']],
    ['a (x (y) z); b=c', 'a', [['b', 'c']], ['comment']],
    ['a (x \\) y); b=c', 'a', [['b', 'c']], ['comment']],
    ['a; b=c (d;e=f)', 'a', [['b', 'c']], ['comment']],
    ['a (x; b=c', 'a (x', [['b', 'c']], ['comment', 'unclosed-comment']],
    ['a ((x); b=c', 'a ((x)', [['b', 'c']], ['comment', 'unclosed-comment']],
    ['a (x) (y; b=c', 'a  (y', [['b', 'c']], ['comment', 'unclosed-comment']],
    [
      'a; b="c; d=e',
      'a',
      [
        ['b', 'c'],
        ['d', 'e'],
      ],
      ['unclosed-quote'],
    ],
    ['a; b = c', 'a', [['b', 'c']], ['space-around-equals']],
    ['a; b =c', 'a', [['b', 'c']], ['space-around-equals']],
    ['a; b= c', 'a', [['b', 'c']], ['space-around-equals']],
    ['a; b', 'a', [], ['parameter-without-value']],
    ['a; b=c"d"', 'a', [['b', 'c"d"']], ['quote-inside-token']],
    ['a; b=c\\d', 'a', [['b', 'c\\d']], ['quote-inside-token']],
    ['a; b="c"d', 'a', [['b', 'c']], ['text-after-quote']],
    ['a; b="c" ', 'a', [['b', 'c']], []],
    ['a\0b; c\0=d\0e', 'ab', [['c', 'de']], ['nul-in-header']],
    ['a; name=\x1b$B$"$;\x1b(B.txt', 'a', [['name', '\x1b$B$"$;\x1b(B.txt']], ['quote-inside-token']],
    [
      'a; b="\x1b$B$"\x1b(B"; c=d',
      'a',
      [
        ['b', '\x1b$B$"\x1b(B'],
        ['c', 'd'],
      ],
      [],
    ],
    [
      'a; b="\x95\x5c"; c=d',
      'a',
      [
        ['b', '\x95\x5c'],
        ['c', 'd'],
      ],
      [],
    ],
    [
      'a; name=x(1).txt; c=d',
      'a',
      [
        ['name', 'x(1).txt'],
        ['c', 'd'],
      ],
      [],
    ],
    ['a; filename*0=x(1).txt', 'a', [['filename', 'x(1).txt']], []],
    ['a; filename=x (1).txt', 'a', [['filename', 'x .txt']], ['comment']],
    ['a; boundary=x(1)', 'a', [['boundary', 'x']], ['comment']],
    ['a; name="x(1).txt"', 'a', [['name', 'x(1).txt']], []],
    ['a; filename=a b(1).txt', 'a', [['filename', 'a b(1).txt']], []],
    ['a;  name  =  x(1)', 'a', [['name', 'x(1)']], ['space-around-equals']],
    ['a; xname=x(1)', 'a', [['xname', 'x']], ['comment']],
    [
      'a; b=c\\;d=e',
      'a',
      [
        ['b', 'c\\'],
        ['d', 'e'],
      ],
      ['quote-inside-token'],
    ],
    ['a; b="c"  d', 'a', [['b', 'c']], ['text-after-quote']],
    ['a; ; b=c', 'a', [['b', 'c']], []],
    ['a;=c', 'a', [['', 'c']], []],
  ])('%j', (raw, value, parameters, oddities) => {
    const parsed = parse(raw);
    expect({ ...parsed, parameters: parsed.parameters.map(({ name, value: text }) => [name, text]) }).toEqual({
      value,
      parameters,
      oddities,
    });
  });

  test('sections and extended values of RFC 2231', () => {
    expect(parse("a; B*=UTF-8''x; c*0=x; d*12*=y; e**=z; *=q; f*x=1; g*12345=2").parameters).toEqual([
      parameter('b', "UTF-8''x", -1, true),
      parameter('c', 'x', 0),
      parameter('d', 'y', 12, true),
      parameter('e**', 'z'),
      parameter('', 'q', -1, true),
      parameter('f*x', '1'),
      parameter('g*12345', '2'),
    ]);
  });

  test('two hundred parameters, and no more', () => {
    const many = (n: number): StructuredValue => parse(`a${Array.from({ length: n }, (_, i) => `;p${i}=x`).join('')}`);
    expect([many(200).parameters.length, many(200).oddities]).toEqual([200, []]);
    expect([many(201).parameters.length, many(201).oddities]).toEqual([200, ['too-many-parameters']]);
  });

  test('the second byte of a kanji in Shift_JIS, by the run of first bytes before it', () => {
    expect(isShiftJisTrail('\x95\x5c', 1)).toBe(true);
    expect(isShiftJisTrail('a\x5c', 1)).toBe(false);
    expect(isShiftJisTrail('\x5c', 0)).toBe(false);
    expect(isShiftJisTrail('\x95\x95\x5c', 2)).toBe(false);
    expect(isShiftJisTrail('a\x95\x95\x95\x5c', 4)).toBe(true);
    for (const [lead, expected] of [
      [0x80, false],
      [0x81, true],
      [0x9f, true],
      [0xa0, false],
      [0xdf, false],
      [0xe0, true],
      [0xfc, true],
      [0xfd, false],
    ] as const)
      expect([lead, isShiftJisTrail(`${String.fromCharCode(lead)}\x5c`, 1)]).toEqual([lead, expected]);
  });

  test.each<[string, readonly string[]]>([
    ['a; f=1; f=2', ['1', '2']],
    ['a; f=1; f=1', ['1']],
    ["a; f=1; f*=UTF-8''%41%2e", ['1', 'A.']],
    ['a; f*1=b; f*0=a', ['ab', 'ba']],
    ['a; f*0=a; f*0=x; f*1=b', ['ab', 'xb', 'axb']],
    ["a; f*0*=UTF-8'ja'%41; f*1=%42; f*2*=%43'd'e", ["A%42C'd'e"]],
    ['a; g=1', []],
    ["a; g=1; f=2; g*=UTF-8''3; g*0=4", ['2']],
    ["a; f*='x", ["'x"]],
    ['a; f*=%4g%zz%', ['%4g%zz%']],
  ])('all that readers give f of %j: %j', (raw, values) => {
    expect(candidatesOf(parse(raw), 'f')).toEqual(values);
  });

  test.each<[string, readonly string[]]>([
    ["a; f=plain; f*=UTF-8''%E8%A1%A8", ['表', 'plain']],
    ["a; f=plain; f*0=sec; f*1=tion; f*=UTF-8''x", ['x', 'section', 'plain']],
    ["a; f*0*=Shift_JIS''%95; f*1*=%5C", ['表']],
    ["a; f*=ISO-8859-1''%E9t%E9", ['été']],
    ["a; f*0*=ISO-8859-1''%E9; f*1=.txt", ['é.txt']],
    ["a; g=other; f=x; name=y; g*=UTF-8''z; g*0=w", ['x']],
    ["a; f*0*=UTF-8''%E8; f*1*=%A1%A8; f*2=.txt", ['表.txt']],
    ['a; f*0==?UTF-8?Q?=E8=A1=A8?=', ['表']],
    ['a; f="=?UTF-8?B?6KGo?="', ['表']],
    ["a; f*=UTF-8''%3D%3FUTF-8%3FB%3F6KGo%3F%3D", ['表']],
    ['a; f=""; f=x', ['x']],
    ['a; f=x; f=x', ['x']],
    ['a; f*1=b; f*1=c; f*0=a', ['ab']],
    ['a', []],
  ])('decoded, best first, f of %j: %j', (raw, values) => {
    expect(decodedCandidatesOf(parse(raw), 'f')).toEqual(values);
  });
});

const leaf = (content: string | Uint8Array, more: Partial<Leaf> = {}): Leaf => ({
  kind: 'leaf',
  path: '1',
  header: [],
  contentType: { type: 'text/plain', params: {} },
  disposition: '',
  untrustedNames: [],
  contentId: '',
  encoding: 'identity',
  charset: '',
  within: [],
  bytes: typeof content === 'string' ? bytes(content) : content,
  start: 0,
  end: 0,
  seenBy: 'first',
  ...more,
});
const own = (...leaves: readonly Leaf[]): MimeMessage => ({
  header: [],
  root: leaves[0] ?? leaf(''),
  leaves,
  defects: [],
  spans: [],
  limits: [],
});
const other = (
  content: string | Uint8Array,
  type = 'application/octet-stream',
  untrustedName = '',
  disposition = '',
): SecondLeaf => ({
  type,
  untrustedName,
  disposition,
  bytes: typeof content === 'string' ? bytes(content) : content,
});

describe('the union of two readers', () => {
  const told = (message: MimeMessage) => Object.fromEntries(message.defects.map(({ what, count }) => [what, count]));

  test('what both saw is both’s; what one saw alone is told', () => {
    const message = united(own(leaf('one'), leaf('two', { path: '2' })), [
      other('two'),
      other('three', 'image/png', 'a.png', 'inline'),
    ]);
    expect(message.leaves.map(({ path, seenBy }) => [path, seenBy])).toEqual([
      ['1', 'first'],
      ['2', 'both'],
      ['u1', 'second'],
    ]);
    expect(told(message)).toEqual({ 'only-second-reader': 1, 'only-first-reader': 1 });
    expect(message.leaves[2]).toEqual(
      leaf('three', {
        path: 'u1',
        contentType: { type: 'image/png', params: {} },
        disposition: 'inline',
        untrustedNames: ['a.png'],
        seenBy: 'second',
      }),
    );
  });

  test('a stranger without a type is text; without a name it has none; further ones are numbered on', () => {
    const message = united(own(leaf('x', { path: 'u1', seenBy: 'reading' })), [other('three', ''), other('four')]);
    expect(message.leaves.slice(1)).toEqual([
      leaf('three', { path: 'u2', seenBy: 'second' }),
      leaf('four', { path: 'u3', contentType: { type: 'application/octet-stream', params: {} }, seenBy: 'second' }),
    ]);
    // A leaf of another reading is no leaf of the main one that the second missed.
    expect(told(message)).toEqual({ 'only-second-reader': 2 });
  });

  test('defects of the first reading stay', () => {
    const message = united({ ...own(leaf('a')), defects: [{ what: 'bare-lf', count: 3 }] }, [other('a')]);
    expect(message.defects).toEqual([{ what: 'bare-lf', count: 3 }]);
  });

  test('white space and soft breaks make no other file, below a mebibyte', () => {
    const same = (a: string, b: string): boolean => united(own(leaf(a)), [other(b)]).leaves.length === 1;
    expect(same('a b\r\nc=', 'ab c')).toBe(true);
    expect(same('a', 'b')).toBe(false);
    const long = 'x'.repeat(1000);
    expect(same(long, `${long}${' '.repeat(180)}`)).toBe(true);
    expect(same(long, `${long}${' '.repeat(189)}y`)).toBe(false);
    expect(same(`${'x '.repeat(100)}`, 'x'.repeat(100))).toBe(false);
    const large = 'x'.repeat(1024 * 1024 - 20);
    expect(same(`a ${large}`, `a${large}`)).toBe(true);
    expect(same(`a ${large}${'y'.repeat(100)}`, `a${large}${'y'.repeat(100)}`)).toBe(false);
  });

  test('each leaf has one partner', () => {
    const message = united(own(leaf('same'), leaf('same', { path: '2' })), [
      other('same'),
      other('same'),
      other('same'),
    ]);
    expect(message.leaves.map(({ seenBy }) => seenBy)).toEqual(['both', 'both']);
    const one = united(own(leaf('same'), leaf('same', { path: '2' })), [other('same')]);
    expect(one.leaves.map(({ seenBy }) => seenBy)).toEqual(['both', 'first']);
  });

  test('nothing much is no stranger, and none is missed', () => {
    expect(united(own(leaf('a')), [other('a'), other(' \r\n=')]).leaves).toHaveLength(1);
    expect(united(own(leaf('a')), [other('a'), other(' '.repeat(63))]).leaves).toHaveLength(1);
    expect(united(own(leaf('a')), [other('a'), other(' '.repeat(64))]).leaves).toHaveLength(2);
    expect(told(united(own(leaf('a'), leaf(' \r\n', { path: '2' })), [other('a')]))).toEqual({});
    expect(told(united(own(leaf('a'), leaf(' '.repeat(70), { path: '2' })), [other('a')]))).toEqual({
      'only-first-reader': 1,
    });
  });

  test('a text that we show within a longer one of its type is no stranger; a file is', () => {
    const whole = leaf(`hello\r\nthe end of it${'.'.repeat(300)}`);
    expect(united(own(whole), [other(' the end of it \r\n', 'text/plain')]).leaves).toHaveLength(1);
    expect(united(own(whole), [other('the end of it', 'text/html')]).leaves).toHaveLength(2);
    expect(united(own(whole), [other('the end of it', 'application/octet-stream')]).leaves).toHaveLength(2);
    expect(
      united(own(leaf(`the end of it${'.'.repeat(300)}`, { contentType: { type: 'application/x', params: {} } })), [
        other('the end of it', 'application/x'),
      ]).leaves,
    ).toHaveLength(2);
    expect(united(own(whole), [other('another end', 'text/plain')]).leaves).toHaveLength(2);
  });

  test('fifty strangers at most, none of them empty or twice', () => {
    const many = Array.from({ length: 60 }, (_, i) => leaf(`content ${i}`));
    expect(newLeaves(many, []).map(({ path }) => path)).toEqual(Array.from({ length: 50 }, (_, i) => `u${i + 1}`));
    expect(
      newLeaves([leaf(''), leaf('a'), leaf('a\r\n'), leaf('b')], [leaf('b')], 7).map(({ path, bytes: content }) => [
        path,
        content.toString(),
      ]),
    ).toEqual([['u7', 'a']]);
  });

  test('white space at the end is no difference, up to eight bytes', () => {
    expect(sameContent(bytes('a'), bytes('a \t\r\n'))).toBe(true);
    expect(sameContent(bytes('a'), bytes(`a${' '.repeat(8)}`))).toBe(true);
    expect(sameContent(bytes('a'), bytes(`a${' '.repeat(9)}`))).toBe(false);
    expect(sameContent(bytes(`a${' '.repeat(9)}`), bytes('a'))).toBe(false);
    expect(sameContent(bytes('a'), bytes('b'))).toBe(false);
    expect(sameContent(bytes('ab'), bytes('a'))).toBe(false);
    expect(sameContent(bytes(' a'), bytes('a'))).toBe(false);
    expect(sameContent(bytes('   '), bytes(''))).toBe(true);
    expect(sameContent(bytes('a\0'), bytes('a'))).toBe(false);
  });
});
