/** One header block, line by line: what is a field, where it ends, what readers split on (M14–M19, M64, M65). */
import { describe, expect, test } from 'vitest';
import { type HeaderBlock, type HeaderRules, readHeader } from '../../../../src/sanitize/mime/header.ts';

const RULES: HeaderRules = { blankFoldEnds: false, junkEnds: false, foldedFieldCounts: false };

interface Asked {
  readonly rules?: Partial<HeaderRules>;
  /** Not the message's own header, but a part's. */
  readonly inside?: boolean;
  readonly start?: number;
  readonly delimiter?: string;
}

function block(text: string, { rules = {}, inside = false, start = 0, delimiter }: Asked = {}): HeaderBlock {
  const data = Buffer.from(text, 'latin1');
  const isDelimiter = (at: number): boolean =>
    delimiter !== undefined && data.toString('latin1', at, at + delimiter.length) === delimiter;
  return readHeader(data, start, { ...RULES, ...rules }, !inside, isDelimiter);
}

const fieldsOf = ({ fields }: HeaderBlock): readonly string[] => fields.map(({ name, value }) => `${name}=${value}`);
const pieces = (text: string, { spans }: HeaderBlock): readonly string[] =>
  spans.map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
const CLEAN = { defects: [], forks: [], overLimit: false };

describe('an ordinary header', () => {
  test('ends behind the blank line; names in lower case, values without their blanks', () => {
    const text = 'From: a\r\nX-Long:  b \r\n c\r\n\td\r\n\r\nbody: x\r\n';
    const read = block(text);
    expect(read).toMatchObject(CLEAN);
    expect(fieldsOf(read)).toEqual(['from=a', 'x-long=b  c\td']);
    expect(read.fields.map(({ start, end }) => text.slice(start, end))).toEqual([
      'From: a\r\n',
      'X-Long:  b \r\n c\r\n\td\r\n',
    ]);
    expect(text.slice(read.bodyStart)).toBe('body: x\r\n');
    expect(pieces(text, read)).toEqual([`header:${text.slice(0, read.bodyStart)}`]);
  });

  test('with bare LF, without a blank line, without a line end, and none at all', () => {
    const bare = block('A: b\nC: d\n\nx');
    expect([fieldsOf(bare), bare.bodyStart]).toEqual([['a=b', 'c=d'], 11]);
    expect(bare).toMatchObject(CLEAN);
    const open = block('A: b\r\nC: d');
    expect([fieldsOf(open), open.bodyStart]).toEqual([['a=b', 'c=d'], 10]);
    expect(open).toMatchObject(CLEAN);
    expect(block('')).toEqual({ fields: [], spans: [], bodyStart: 0, ...CLEAN });
    const empty = block('\r\nx: y', { inside: true });
    expect([fieldsOf(empty), empty.bodyStart]).toEqual([[], 2]);
    expect(empty).toMatchObject(CLEAN);
  });

  test('is read from where it stands', () => {
    const text = 'skipped\r\nA: b\r\n\r\nx';
    const read = block(text, { start: 9, inside: true });
    expect([fieldsOf(read), read.bodyStart]).toEqual([['a=b'], 17]);
    expect(read.spans).toEqual([{ kind: 'header', start: 9, end: 17 }]);
  });

  test.each(['A:b', 'a-1:b', '!:b', '~:b', 'A/B:b'])('%j is a field', (line) => {
    expect(fieldsOf(block(`${line}\r\n\r\n`))).toEqual([`${line.slice(0, -2).toLowerCase()}=b`]);
  });
  test.each([':b', 'a b:c', 'no colon', '\x80a: b', 'a\x7f: b', 'ä: b'])('%j is none: the body begins', (line) => {
    const read = block(`A: b\r\n${line}\r\n\r\nX: y`);
    expect([fieldsOf(read), read.bodyStart, read.defects, read.forks]).toEqual([
      ['a=b'],
      6,
      ['header-without-colon'],
      [],
    ]);
  });
});

describe('M14: blanks and NULs around a name', () => {
  test('are no part of it, and are named', () => {
    expect(block('Subject : x\r\n\r\n')).toMatchObject({
      fields: [{ name: 'subject', value: 'x' }],
      defects: ['space-before-colon'],
    });
    expect(block('Sub\0ject: x\r\n\r\n')).toMatchObject({ fields: [{ name: 'subject' }], defects: ['nul-in-header'] });
    expect(block('Subject: x\0y\r\n\r\n')).toMatchObject({ fields: [{ value: 'x\0y' }], defects: ['nul-in-header'] });
    expect(block('Subject: x y\r\n\r\n').defects).toEqual([]);
  });

  test('M18: a CR inside a line', () => {
    expect(block('Subject: x\ry\r\n\r\n').defects).toEqual(['bare-cr']);
    expect(block('Subject: x\n\n').defects).toEqual([]);
  });

  test('M16: a colon on the line behind the name', () => {
    const read = block('Content-Type\r\n : text/html\r\nA: b\r\n\r\n');
    expect(fieldsOf(read)).toEqual(['content-type=text/html', 'a=b']);
    expect(fieldsOf(block('Content-Type\r\n\t : text/html\r\n\r\n'))).toEqual(['content-type=text/html']);
    for (const text of [
      'Content-Type\r\n: text/html\r\n\r\n',
      'two words\r\n : x\r\n\r\n',
      'Content-Type\r\n x : y\r\n\r\n',
    ])
      expect([text, fieldsOf(block(text))]).toEqual([text, []]);
  });
});

describe('what stands before the first field', () => {
  test.each(['\r\n', '\n', '\r\n\n\r\n'])('blank lines %j are skipped when a field follows', (blank) => {
    const text = `${blank}A: b\r\n\r\nx`;
    const read = block(text);
    expect([fieldsOf(read), read.defects]).toEqual([['a=b'], ['leading-blank-line']]);
    expect(pieces(text, read)).toEqual([`gap:${blank}`, 'header:A: b\r\n\r\n']);
    expect(fieldsOf(block(`${blank}From a@b\r\nA: b\r\n\r\n`))).toEqual(['a=b']);
  });
  test.each(['\r\nno field', '\n: x', '\r\n', '\r x', '\r\n1A: b'])('%j: the body begins at once', (text) => {
    const read = block(text);
    expect([fieldsOf(read), read.bodyStart, read.defects.includes('leading-blank-line')]).toEqual([
      [],
      text.startsWith('\r\n') ? 2 : text.startsWith('\n') ? 1 : 0,
      false,
    ]);
  });
  test('in a part a blank line ends the header, whatever follows', () => {
    const read = block('\r\nA: b\r\n\r\n', { inside: true });
    expect([fieldsOf(read), read.bodyStart, read.defects]).toEqual([[], 2, []]);
  });

  test.each(['From a@b Sat', '>From a@b'])('an mbox line %j is the envelope', (line) => {
    const text = `${line}\r\nA: b\r\n\r\nx`;
    const read = block(text);
    expect([fieldsOf(read), read.defects]).toEqual([['a=b'], ['mbox-from']]);
    expect(pieces(text, read)).toEqual([`envelope:${line}\r\n`, 'header:A: b\r\n\r\n']);
    expect(pieces(`\r\n${text}`, block(`\r\n${text}`))[1]).toBe(`envelope:${line}\r\n`);
  });
  test('an mbox line is one at the beginning of the message only', () => {
    expect(block('A: b\r\nFrom x\r\nC: d\r\n\r\n')).toMatchObject({
      defects: ['header-without-colon'],
      forks: ['junkEnds'],
    });
    expect(block('From x\r\nC: d\r\n\r\n', { inside: true }).defects).toEqual(['header-without-colon']);
    expect(block('From\r\nC: d\r\n\r\n').defects).toEqual(['header-without-colon']);
    expect(block('x From y\r\nC: d\r\n\r\n').defects).toEqual(['header-without-colon']);
  });

  test('a first line with blanks before it is a field when it looks like one', () => {
    for (const text of [' A: b\r\n\r\n', '\tA: b\r\n\r\n']) {
      const read = block(text);
      expect([fieldsOf(read), read.defects, read.bodyStart]).toEqual([['a=b'], ['leading-space'], text.length]);
    }
    const none = block(' no field\r\nA: b\r\n');
    expect([fieldsOf(none), none.bodyStart, none.defects]).toEqual([[], 0, []]);
  });
});

describe('where readers split', () => {
  test('M64: a line of blanks continues a field; to others the header ends there', () => {
    const text = 'A: b\r\n \t\r\nC: d\r\n\r\nx';
    const main = block(text);
    expect([fieldsOf(main), main.defects, main.forks]).toEqual([['a=b', 'c=d'], ['blank-fold'], ['blankFoldEnds']]);
    const other = block(text, { rules: { blankFoldEnds: true } });
    expect([fieldsOf(other), text.slice(other.bodyStart)]).toEqual([['a=b'], 'C: d\r\n\r\nx']);
    expect(pieces(text, other)).toEqual(['header:A: b\r\n \t\r\n']);
    expect(block('A: b\r\n c\r\n\r\n', { rules: { blankFoldEnds: true } })).toMatchObject({ ...CLEAN, bodyStart: 12 });
  });

  test.each(['type', 'transfer-encoding', 'disposition', 'TYPE'])(
    'M16: a continuation that reads Content-%s is a field to some',
    (kind) => {
      const text = `A: b\r\n \tContent-${kind} : x\r\n\r\n`;
      const main = block(text);
      expect([main.fields.length, main.defects, main.forks]).toEqual([1, ['folded-field'], ['foldedFieldCounts']]);
      const other = block(text, { rules: { foldedFieldCounts: true } });
      expect(fieldsOf(other)).toEqual(['a=b', `content-${kind.toLowerCase()}=x`]);
      expect(other.bodyStart).toBe(text.length);
    },
  );
  test.each([' content-id: x', ' x content-type: y', ' content-type', ' content-types: x'])(
    'the continuation %j is one to everybody',
    (line) => {
      const read = block(`A: b\r\n${line}\r\n\r\n`, { rules: { foldedFieldCounts: true } });
      expect(read).toMatchObject({ ...CLEAN, fields: [{ name: 'a' }] });
      expect(read.fields).toHaveLength(1);
    },
  );

  test('M15: a line without colon is skipped when a field follows; to others the header ends before it', () => {
    const text = 'A: b\r\njunk\r\nC: d\r\n\r\nx';
    const main = block(text);
    expect([fieldsOf(main), main.defects, main.forks]).toEqual([
      ['a=b', 'c=d'],
      ['header-without-colon'],
      ['junkEnds'],
    ]);
    expect(pieces(text, main)).toEqual(['header:A: b\r\n', 'gap:junk\r\n', 'header:C: d\r\n\r\n']);
    const other = block(text, { rules: { junkEnds: true } });
    expect([fieldsOf(other), text.slice(other.bodyStart)]).toEqual([['a=b'], 'junk\r\nC: d\r\n\r\nx']);
    // A continuation behind the junk belongs to nobody.
    expect(fieldsOf(block('A: b\r\njunk\r\nC: d\r\n e\r\n\r\n'))).toEqual(['a=b', 'c=d e']);
  });

  test('a delimiter ends the header without a blank line; another line with a dash does not', () => {
    const text = 'A: b\r\n--x\r\nC: d\r\n\r\n';
    const read = block(text, { delimiter: '--x' });
    expect([fieldsOf(read), read.bodyStart, read.defects]).toEqual([['a=b'], 6, ['missing-blank-line']]);
    expect(fieldsOf(block('A: b\r\n-y: z\r\n\r\n', { delimiter: '--x' }))).toEqual(['a=b', '-y=z']);
    expect(block('A: b\r\n\r\n', { delimiter: 'A: b' }).defects).toEqual([]);
  });
});

describe('limits', () => {
  const fields = (n: number): string => 'a: b\r\n'.repeat(n);
  test('2,000 fields are a header, 2,002 lines of them are none', () => {
    const enough = block(`${fields(2000)}\r\n`);
    expect([enough.overLimit, enough.fields.length]).toEqual([false, 2000]);
    // The field that is being read is counted when the next one begins.
    const full = block(`${fields(2001)}\r\nx`);
    expect([full.overLimit, full.fields.length]).toEqual([false, 2001]);
    const over = block(`${fields(2010)}\r\n`);
    expect([over.overLimit, over.fields.length]).toEqual([true, 2002]);
  });
  test('a mebibyte, counted from its own beginning', () => {
    const long = (n: number): string => `a: ${'x'.repeat(n - 5)}\r\n`;
    const mebi = 1024 * 1024;
    expect(block(`${long(mebi)}\r\nx`).overLimit).toBe(false);
    expect(block(`${long(mebi + 1)}\r\nx`).overLimit).toBe(true);
    expect(block(`${'y'.repeat(mebi)}\r\nA: b\r\n\r\n`, { start: mebi + 2 }).overLimit).toBe(false);
  });
});
