/** Bytes to tree: delimiters, what lies between them, limits, and each other reading of an ambiguous message (M05–M34). */
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../../src/sanitize/mime/message.ts';
import { MAIN_READING, type Reading, readTree } from '../../../../src/sanitize/mime/reader.ts';
import type { Entity, MimeMessage, ParseOptions } from '../../../../src/sanitize/mime/tree.ts';

const LIMITS = { maxParts: 500, maxDepth: 20 };

const parsed = (text: string, options: Partial<ParseOptions> = {}): MimeMessage =>
  parseMessage(Buffer.from(text, 'latin1'), { limits: LIMITS, lineEnds: 'crlf', ...options });
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');
const tree = (text: string, choices: Partial<typeof MAIN_READING> = {}): Reading =>
  readTree(Buffer.from(text, 'latin1'), { ...MAIN_READING, ...choices }, LIMITS);

const leavesOf = ({ leaves }: MimeMessage): readonly string[] =>
  leaves.map(({ path, contentType, bytes }) => `${path} ${contentType.type} ${Buffer.from(bytes).toString('latin1')}`);
const defectsOf = ({ defects }: MimeMessage): readonly string[] => defects.map(({ what, count }) => `${what} ${count}`);
const pieces = (text: string, { spans }: Pick<MimeMessage, 'spans'>): readonly string[] =>
  spans.map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
const outline = (entity: Entity): unknown =>
  entity.kind === 'leaf'
    ? entity.path
    : [entity.path, entity.contentType.type, ...entity.children.map((child) => outline(child))];

const MIXED = 'Content-Type: multipart/mixed; boundary=a';
const FILE_LINES: readonly string[] = Array.from({ length: 9 }, () => 'QUJD'.repeat(19));

describe('a tree', () => {
  const text = lines(
    MIXED,
    '',
    'preamble',
    '--a',
    '',
    'one',
    '--a',
    'Content-Type: multipart/alternative; boundary=b',
    '',
    '--b',
    'X: y',
    '',
    'two',
    '--b ',
    'Content-Type: text/html',
    '',
    'three',
    '--b--',
    'between',
    '--a--',
    'after',
  );

  test('its leaves, their paths and what is around them', () => {
    const message = parsed(text);
    expect(leavesOf(message)).toEqual(['1 text/plain one', '2.1 text/plain two', '2.2 text/html three']);
    expect(message.leaves.map(({ within }) => within)).toEqual([
      ['multipart/mixed'],
      ['multipart/mixed', 'multipart/alternative'],
      ['multipart/mixed', 'multipart/alternative'],
    ]);
    expect(message.leaves.map(({ start, end }) => text.slice(start, end))).toEqual(['one', 'two', 'three']);
    expect(outline(message.root)).toEqual(['', 'multipart/mixed', '1', ['2', 'multipart/alternative', '2.1', '2.2']]);
    expect(message.leaves[1]?.header).toMatchObject([{ name: 'x', value: 'y' }]);
    expect(message.header).toMatchObject([{ name: 'content-type' }]);
    expect(message).toMatchObject({ limits: [], root: { kind: 'multipart' } });
    expect('hold' in message).toBe(false);
    expect(message.leaves.every(({ seenBy }) => seenBy === 'first')).toBe(true);
  });

  test('every byte has its kind; text outside the parts is named', () => {
    const message = parsed(text);
    expect(pieces(text, message)).toEqual([
      `header:${MIXED}\r\n\r\n`,
      'preamble:preamble',
      'delimiter:\r\n--a\r\n',
      'header:\r\n',
      'body:one',
      'delimiter:\r\n--a\r\n',
      'header:Content-Type: multipart/alternative; boundary=b\r\n\r\n',
      'delimiter:--b\r\n',
      'header:X: y\r\n\r\n',
      'body:two',
      'delimiter:\r\n--b \r\n',
      'header:Content-Type: text/html\r\n\r\n',
      'body:three',
      'delimiter:\r\n--b--\r\n',
      'epilogue:between',
      'delimiter:\r\n--a--\r\n',
      'epilogue:after\r\n',
    ]);
    expect(defectsOf(message)).toEqual(['epilogue-text 2']);
  });

  test('where its multiparts begin and end', () => {
    const { root, picks, limit, forks } = tree(text);
    expect([root.start, root.end, root.undivided]).toEqual([45, text.indexOf('after'), false]);
    const inner = root.children?.[1];
    expect(text.slice(inner?.start, inner?.end)).toMatch(/^--b\r\n[\s\S]*--b--\r\nbetween$/);
    expect([picks, limit, [...forks]]).toEqual([1, '', []]);
  });

  test('a multipart that is not closed ends with the one around it, or with the message', () => {
    const open = lines(
      MIXED,
      '',
      '--a',
      'Content-Type: multipart/x; boundary=b',
      '',
      '--b',
      '',
      'in',
      '--a',
      '',
      'out',
    );
    const message = parsed(open);
    expect(leavesOf(message)).toEqual(['1.1 text/plain in', '2 text/plain out\r\n']);
    expect(defectsOf(message)).toEqual(['missing-close 2']);
    const { root } = tree(open);
    expect(root.end).toBe(open.length);
    expect(open.slice(root.children?.[0]?.start, root.children?.[0]?.end)).toBe('--b\r\n\r\nin');
  });

  test('a part behind the closing delimiter is in no leaf and is named', () => {
    const message = parsed(lines(MIXED, '', '--a', '', 'one', '--a--', '--a', '', 'two', '--a--'));
    expect(leavesOf(message)).toEqual(['1 text/plain one']);
    expect(defectsOf(message)).toEqual(['part-after-close 2', 'epilogue-text 1']);
  });

  test.each(['--a\t', '--a  ', '--a--', '--a-- \t'])('%j is a delimiter', (line) => {
    const message = parsed(lines(MIXED, '', '--a', '', 'one', line, '', 'two', '--a--'));
    expect(message.leaves[0]?.bytes.length).toBe(3);
  });
  test.each(['--a x', '--ab', '--a-', '--a---', '--ax-', '--a-x', '--axx', '-a', '- --a', ' --a', 'x--a', '--'])(
    '%j is none',
    (line) => {
      const message = parsed(lines(MIXED, '', '--a', '', 'one', line, '', 'two', '--a--'));
      expect(Buffer.from(message.leaves[0]?.bytes ?? []).toString()).toBe(`one\r\n${line}\r\n\r\ntwo`);
    },
  );

  test('a delimiter with high bytes is compared byte by byte', () => {
    const high = 'Content-Type: multipart/mixed; boundary="\xe9"';
    expect(leavesOf(parsed(lines(high, '', '--\xe9', '', 'one', '--\xe9--')))).toEqual(['1 text/plain one']);
  });

  test('the last line needs no end', () => {
    expect(leavesOf(parsed(`${MIXED}\r\n\r\n--a\r\n\r\none\r\n--a--`))).toEqual(['1 text/plain one']);
    expect(defectsOf(parsed(`${MIXED}\r\n\r\n--a\r\n\r\none\r\n--a--`))).toEqual([]);
    expect(leavesOf(parsed(`${MIXED}\r\n\r\n--a\r\n\r\none\r\n--a`))).toEqual(['1 text/plain one', '2 text/plain ']);
  });

  test('a blank line before a part’s fields ends its header', () => {
    const message = parsed(lines(MIXED, '', '--a', '', 'Content-Type: text/html', '', 'x', '--a--'));
    expect(leavesOf(message)).toEqual(['1 text/plain Content-Type: text/html\r\n\r\nx']);
  });

  test('a header that runs into a delimiter', () => {
    const message = parsed(lines(MIXED, '', '--a', 'X: y', '--a', '', 'two', '--a--'));
    expect(leavesOf(message)).toEqual(['1 text/plain ', '2 text/plain two']);
    expect(defectsOf(message)).toEqual(['missing-blank-line 1']);
  });
});

describe('boundaries', () => {
  test('M11: nobody declared it, or it does not occur: it is guessed, and that is said', () => {
    for (const head of ['Content-Type: multipart/mixed', 'Content-Type: multipart/mixed; boundary=other']) {
      const message = parsed(lines(head, '', '--x', 'Content-Type: text/html', '', 'one', '--x--'));
      expect(leavesOf(message)).toEqual(['1 text/html one']);
      expect(message.defects.map(({ what }) => what)).toContain('boundary-guessed');
    }
  });
  test('M11: there is none: the whole is one text', () => {
    const message = parsed(lines('Content-Type: multipart/mixed; boundary=a', '', 'only text'));
    expect(leavesOf(message)).toEqual(['1 text/plain only text\r\n']);
    expect(defectsOf(message)).toEqual(['boundary-not-found 1']);
    expect(message.root).toMatchObject({ kind: 'leaf', path: '1' });
    expect(tree(lines('Content-Type: multipart/mixed; boundary=a', '', 'only text')).root.undivided).toBe(true);
    expect(tree(lines('Content-Type: text/plain', '', 'only text')).root.undivided).toBe(false);
  });
  test('an empty multipart is no lie about its boundary', () => {
    expect(defectsOf(parsed(lines(MIXED, '')))).toEqual([]);
    const inner = lines(MIXED, '', '--a', 'Content-Type: multipart/x; boundary=b', '', '--a--');
    expect(defectsOf(parsed(inner))).toEqual([]);
  });

  test('M12: a line that begins with the delimiter divides for some: both readings are shown', () => {
    const text = lines(MIXED, '', '--a', '', 'one', '--ab', 'Content-Type: text/html', '', 'two', '--a--');
    const message = parsed(text);
    expect(leavesOf(message)).toEqual([
      '1 text/plain one\r\n--ab\r\nContent-Type: text/html\r\n\r\ntwo',
      'u1 text/html two',
    ]);
    expect(message.leaves.map(({ seenBy }) => seenBy)).toEqual(['first', 'reading']);
    expect(defectsOf(message)).toEqual(['ambiguous-structure 1']);
    expect([...tree(text).forks]).toEqual(['prefixMatches']);
    expect(tree(text, { prefixMatches: true }).root.children).toHaveLength(2);
  });
  test('M12: no part follows, or another multipart owns the line: nobody divides there', () => {
    const plain = lines(MIXED, '', '--a', '', 'one', '--ab', 'text', '--a--');
    expect([...tree(plain).forks]).toEqual([]);
    const nested = lines(
      MIXED,
      '',
      '--a',
      'Content-Type: multipart/x; boundary=ab',
      '',
      '--ab',
      'Content-Type: text/plain',
      '',
      'one',
      '--ab--',
      '--a--',
    );
    expect([...tree(nested).forks]).toEqual([]);
    expect(leavesOf(parsed(nested))).toEqual(['1.1 text/plain one']);
  });
  test('M12: the line of an inner multipart that has ended is no delimiter of the outer one', () => {
    const nested = ['--a', 'Content-Type: multipart/x; boundary=ab', '', '--ab', '', 'one', '--ab--'];
    const text = lines(MIXED, '', ...nested, '--ab', 'Content-Type: text/html', '', 'two', '--a--');
    expect([...tree(text).forks]).toEqual([]);
    expect(defectsOf(parsed(text))).toEqual(['part-after-close 1', 'epilogue-part 1']);
  });
  test('M12: a line that begins with the closing delimiter', () => {
    const text = lines(MIXED, '', '--a', '', 'one', '--a--x', 'two', '--a--');
    expect([...tree(text).forks]).toEqual(['prefixMatches']);
    const cut = tree(text, { prefixMatches: true }).root.children?.[0];
    expect(text.slice(cut?.start, cut?.end)).toBe('one');
  });

  test('M07: two boundaries that both occur: two readings', () => {
    const head = 'Content-Type: multipart/mixed; boundary=a; boundary=b';
    const text = lines(head, '', '--a', '', 'one', '--b', '', 'two', '--a--', '--b--');
    const message = parsed(text);
    expect(tree(text).picks).toBe(2);
    expect(leavesOf(message).slice(0, 1)).toEqual(['1 text/plain one\r\n--b\r\n\r\ntwo']);
    expect(leavesOf(message).some((leaf) => leaf.startsWith('u'))).toBe(true);
    const second = tree(text, { pick: 1 }).root.children ?? [];
    expect(second.map(({ start, end }) => text.slice(start, end))).toEqual(['two\r\n--a--']);
    expect(tree(text, { pick: 9 }).root.children?.length).toBe(1);
  });
  test('M07: the second does not occur, or is the same: one reading', () => {
    const head = 'Content-Type: multipart/mixed; boundary=a; boundary=';
    for (const other of ['b', 'a']) expect(tree(lines(`${head}${other}`, '', '--a', '', 'one', '--a--')).picks).toBe(1);
    const same = 'Content-Type: multipart/mixed; boundary=a';
    expect(tree(lines(same, same.replace('mixed', 'related'), '', '--a', '', 'one', '--a--')).picks).toBe(1);
  });
});

describe('what another reading shows', () => {
  const head = 'Content-Type: multipart/mixed; boundary=a; boundary=b';
  const union = (...body: readonly string[]): readonly string[] =>
    leavesOf(parsed(lines(head, '', ...body))).filter((leaf) => leaf.startsWith('u'));

  test('its bytes are the original’s', () => {
    expect(union('--b', 'Content-Type: text/html', '', 'x\ry', '--b--', '--a', '', 'one', '--a--')).toEqual([
      'u1 text/html x\ry',
    ]);
  });
  test('plain text inside a text that is shown anyway is not shown again', () => {
    expect(union('--a', '', 'one', '--a', '', 'two', '--b', '', 'inner', '--b--', '--a--')).toEqual([]);
  });
  test('a file inside a text, or a text inside a file, is', () => {
    const encoded = 'Content-Transfer-Encoding: base64';
    expect(union('--a', '', 'one', '--b', encoded, '', 'aGVsbG8gd29ybGQ=', '--b--', '--a--')).toEqual([
      'u1 text/plain hello world',
    ]);
    expect(union('--a', encoded, '', '--b', '', 'plain words', '--b--', '--a--')).toContain(
      'u2 text/plain plain words',
    );
  });
  test('a text that begins before the leaf or ends behind it is', () => {
    expect(union('--b', '', 'secret', '--a', '', 'one', '--b--', 'two', '--a--')).toEqual([
      'u1 text/plain secret\r\n--a\r\n\r\none',
    ]);
    expect(union('--a', '', 'one', '--b', '', 'two', '--a--', 'secret', '--b--')).toEqual([
      'u1 text/plain two\r\n--a--\r\nsecret',
    ]);
  });
  test('what holds whole leaves of ours shows nothing new, but an empty leaf hides nothing', () => {
    expect(union('--b', 'Content-Type: text/html', '', '--a', '', 'one', '--a--', '--b--')).toEqual([]);
    expect(union('--b', 'Content-Type: text/html', '', 'secret', '--a', '', '--a--', '--b--')).toEqual([
      'u1 text/html secret\r\n--a\r\n\r\n--a--',
    ]);
  });
  test('letters of base64 are no second file', () => {
    const folded = ['X: y', ' Content-Transfer-Encoding: 7bit', 'Content-Transfer-Encoding: base64'];
    expect(leavesOf(parsed(lines(...folded, '', 'Dear Sir, this is a text.')))).toHaveLength(1);
  });
  test('what other decoders would have got', () => {
    const fields = ['Content-Type: text/html', 'Content-Transfer-Encoding: base64'];
    const message = parsed(lines(...fields, '', 'aGVsbG8=', 'd29ybGQ='));
    const others = message.leaves.slice(1);
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) expect(other).toMatchObject({ seenBy: 'reading', contentType: { type: 'text/html' } });
  });
  test('six readings at most', () => {
    const boundaries = Array.from({ length: 8 }, (_, i) => `b${i}`);
    const type = `Content-Type: multipart/mixed; ${boundaries.map((b) => `boundary=${b}`).join('; ')}`;
    const parts = boundaries.flatMap((b, i) => [`--${b}`, 'Content-Type: text/html', '', `part ${i}`]);
    expect(tree(lines(type, '', ...parts)).picks).toBe(8);
    expect(parsed(lines(type, '', ...parts)).leaves).toHaveLength(6);
  });
});

describe('other readings', () => {
  test('M18: a CR alone ends a line for some', () => {
    const text = `${MIXED}\rX: y\r\n\r\n--a\r\n\r\none\r\n--a--\r\n`;
    expect([...tree(text).forks]).toEqual(['bareCrEndsLine']);
    const part = '--a\r\nContent-Type: text/html\r\n\r\nin\r\n--a--\r\n';
    expect(leavesOf(parsed(`X: y\r${MIXED}\r\n\r\n${part}`)).at(-1)).toBe('u1 text/html in');
  });
  test('only CRs: they are the line ends', () => {
    expect(leavesOf(parsed('\rA: b\r\rx'))).toEqual(['1 text/plain x']);
    const message = parsed('Content-Type: multipart/mixed; boundary=a\r\r--a\r\rone\r--a--\r');
    expect(leavesOf(message)).toEqual(['1 text/plain one']);
  });
  test.each([
    ['crlf', 'bare-lf 1'],
    ['any', 'lf-line-ends 1'],
  ] as const)('LF alone, where %s is expected', (lineEnds, defect) => {
    expect(defectsOf(parsed('A: b\n\nx', { lineEnds }))).toEqual([defect]);
    expect(defectsOf(parsed('A: b\r\n\r\nx', { lineEnds }))).toEqual([]);
    expect(defectsOf(parsed('\nx', { lineEnds }))).toEqual([defect]);
    expect(defectsOf(parsed('x: y', { lineEnds }))).toEqual([]);
  });

  test('M15: what the other reading sees is shown when it is new', () => {
    const junk = lines('Content-Type: text/plain', 'junk', 'Content-Transfer-Encoding: base64', '', 'aGVsbG8gd29ybGQ=');
    expect(leavesOf(parsed(junk))).toEqual(['1 text/plain hello world']);
    const folded = lines('X: y', ' Content-Transfer-Encoding: base64', '', 'aGVsbG8gd29ybGQ=');
    const message = parsed(folded);
    expect(leavesOf(message)).toEqual(['1 text/plain aGVsbG8gd29ybGQ=\r\n', 'u1 text/plain hello world']);
    expect(defectsOf(message)).toEqual(['folded-field 1', 'ambiguous-structure 1']);
  });
  test('two forks: each alone and both together', () => {
    const folded = ['X: y', ' Content-Type: multipart/mixed; boundary=a', ' '];
    const text = lines(...folded, '--a', 'Content-Type: text/html', '', 'in', '--a--');
    expect([...tree(text).forks]).toEqual(['foldedFieldCounts', 'blankFoldEnds', 'junkEnds']);
    expect(leavesOf(parsed(text)).at(-1)).toBe('u1 text/html in');
  });

  test('M25: a multipart under base64 is opened once more', () => {
    const inner = Buffer.from('--a\r\nContent-Type: text/html\r\n\r\nin\r\n--a--\r\n').toString('base64');
    const text = lines(MIXED, 'Content-Transfer-Encoding: base64', '', inner);
    const message = parsed(text);
    expect(leavesOf(message).slice(1)).toEqual(['u1 text/html in']);
    expect(defectsOf(message)).toEqual(
      expect.arrayContaining(['encoded-composite 1', 'ambiguous-structure 1', 'boundary-not-found 1']),
    );
    expect(message.leaves[1]).toMatchObject({ start: message.leaves[0]?.start, end: message.leaves[0]?.end });
    const nothing = parsed(lines(MIXED, 'Content-Transfer-Encoding: base64', '', 'aGVsbG8gd29ybGQ='));
    expect(leavesOf(nothing)).toHaveLength(1);
    const text64 = parsed(lines('Content-Type: text/plain', 'Content-Transfer-Encoding: base64', '', inner));
    expect(defectsOf(text64)).toEqual([]);
  });
  test('M25: one that is a part, and one whose boundary has high bytes', () => {
    const inner = Buffer.from('--\xe9\r\nContent-Type: text/html\r\n\r\nin\r\n--\xe9--\r\n', 'latin1').toString(
      'base64',
    );
    const part = ['Content-Type: multipart/x; boundary="\xe9"', 'Content-Transfer-Encoding: base64', '', inner];
    const text = lines(MIXED, '', '--a', '', 'one', '--a', ...part, '--a--');
    expect(leavesOf(parsed(text)).slice(2)).toEqual(['u1 text/html in']);
  });
  test('M05: the last of several types counts when the composite is opened', () => {
    const inner = Buffer.from('--b\r\nContent-Type: text/html\r\n\r\nin\r\n--b--\r\n').toString('base64');
    const types = ['Content-Type: multipart/mixed; boundary=a', 'X: y', 'Content-Type: multipart/mixed; boundary=b'];
    const text = lines(...types, 'Content-Transfer-Encoding: base64', '', inner);
    expect(leavesOf(parsed(text)).slice(1)).toEqual(['u1 text/html in']);
  });
});

describe('what holds a message', () => {
  test.each([
    ['message/partial', 'fragment'],
    ['message/external-body', 'remote-content'],
  ])('M30, M31: %s', (type, hold) => {
    expect(parsed(lines(`Content-Type: ${type}`, '', 'x')).hold).toBe(hold);
    expect(parsed(lines(MIXED, '', '--a', `Content-Type: ${type}`, '', 'x', '--a--')).hold).toBe(hold);
  });
  test.each(['text/plain', 'message/rfc822', 'message/partials'])('%s holds nothing', (type) => {
    expect(parsed(lines(`Content-Type: ${type}`, '', 'x')).hold).toBeUndefined();
  });

  const outside = (preamble: readonly string[], epilogue: readonly string[] = []): MimeMessage =>
    parsed(lines(MIXED, '', ...preamble, '--a', '', 'one', '--a--', ...epilogue));
  test('M20, M21: a file outside the parts', () => {
    expect(outside(FILE_LINES)).toMatchObject({
      hold: 'unexplained-bytes',
      defects: [{ what: 'preamble-encoded-file', count: 1 }],
    });
    expect(outside([], FILE_LINES)).toMatchObject({
      hold: 'unexplained-bytes',
      defects: [{ what: 'epilogue-encoded-file', count: 1 }],
    });
    expect(parsed(lines('A: b', 'MZ\x90\x00', 'C: d', '', 'x'))).toMatchObject({ hold: 'unexplained-bytes' });
  });
  test('M20: a file outside the parts that another reading shows holds nothing', () => {
    const head = 'Content-Type: multipart/mixed; boundary=a; boundary=b';
    const encoded = ['--b', 'Content-Transfer-Encoding: base64', '', ...FILE_LINES, '--b--'];
    const message = parsed(lines(head, '', ...encoded, '--a', '', 'one', '--a--'));
    expect(message.leaves.map(({ path }) => path)).toContain('u1');
    expect(message.hold).toBeUndefined();
    expect(defectsOf(message)).toContain('preamble-encoded-file 1');
  });
  test('M20, M21: another reading that shows something else explains no file', () => {
    const head = 'Content-Type: multipart/mixed; boundary=a; boundary=b';
    const part = ['--a', '', 'one', '--b', 'Content-Type: text/html', '', 'two', '--b--', '--a--'];
    for (const body of [
      [...FILE_LINES, ...part],
      [...part, ...FILE_LINES],
    ]) {
      const message = parsed(lines(head, '', ...body));
      expect(message.leaves).toHaveLength(2);
      expect(message.hold).toBe('unexplained-bytes');
    }
  });
  test('the usual sentence before the parts is no defect, a longer one or one behind them is', () => {
    expect(outside(['This is a multi-part message in MIME format.']).defects).toEqual([]);
    expect(outside(['x'.repeat(256)]).defects).toEqual([]);
    expect(defectsOf(outside(['x'.repeat(257)]))).toEqual(['preamble-text 1']);
    expect(defectsOf(outside([], ['footer']))).toEqual(['epilogue-text 1']);
    expect(outside([], ['', ' ']).defects).toEqual([]);
    expect(defectsOf(outside(['Content-Type: text/html']))).toEqual(['preamble-part 1']);
    expect(outside(['x'.repeat(300)]).hold).toBeUndefined();
  });
});

describe('limits', () => {
  const many = (n: number): string =>
    lines(MIXED, '', ...Array.from({ length: n }, () => ['--a', '', 'x']).flat(), '--a--');
  const limits = { maxParts: 5, maxDepth: 3 };
  test('M32: parts, the multipart counted', () => {
    expect(parsed(many(4), { limits })).toMatchObject({ limits: [], defects: [] });
    const over = parsed(many(5), { limits });
    expect(over).toMatchObject({ hold: 'limit-exceeded', limits: ['maxParts'], leaves: [] });
    expect(over.root).toMatchObject({ kind: 'leaf', path: '1', bytes: Buffer.alloc(0), seenBy: 'first' });
    expect(over.header).toMatchObject([{ name: 'content-type' }]);
    expect(over.spans.at(-1)).toMatchObject({ kind: 'unread', end: many(5).length });
    expect(over.defects).toEqual([{ what: 'missing-close', count: 1 }]);
  });
  test('M33: depth', () => {
    const deep = (n: number): string =>
      lines(
        ...Array.from({ length: n }, (_, i) => [`Content-Type: multipart/x; boundary=b${i}`, '', `--b${i}`]).flat(),
        '',
        'x',
      );
    expect(parsed(deep(3), { limits })).toMatchObject({ limits: [] });
    expect(parsed(deep(4), { limits })).toMatchObject({ hold: 'limit-exceeded', limits: ['maxDepth'] });
    expect(leavesOf(parsed(deep(3), { limits }))).toEqual(['1.1.1 text/plain x\r\n']);
  });
  test('M34: a header', () => {
    expect(parsed('a: b\r\n'.repeat(2010))).toMatchObject({ hold: 'limit-exceeded', limits: ['maxHeaderBytes'] });
  });
});
