/** From a part's fields to a leaf: every name, the encoding the body is really in, nothing believed (M02, M26–M30). */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../../src/sanitize/mime/interpret.ts';
import { chooseEncoding } from '../../../../src/sanitize/mime/leaf.ts';
import type { Leaf } from '../../../../src/sanitize/mime/tree.ts';
import { parse } from '../mime/mails.ts';

/** The one leaf of a message with these fields. */
function leafOf(fields: readonly string[], ...body: readonly string[]): Leaf {
  const [leaf] = parse(...fields, '', ...body).leaves;
  if (leaf === undefined) throw new Error('a message has a leaf');
  return leaf;
}
const named = (...fields: readonly string[]): readonly string[] => leafOf(fields, 'x').untrustedNames;

describe('what a leaf says of itself', () => {
  test('nothing said', () => {
    expect(leafOf([], 'hello')).toMatchObject({
      kind: 'leaf',
      path: '1',
      contentType: { type: 'text/plain', params: {} },
      disposition: '',
      untrustedNames: [],
      contentId: '',
      encoding: 'identity',
      charset: '',
      within: [],
      seenBy: 'first',
    });
  });
  test('all said', () => {
    const fields = [
      'X-Content: a',
      'Content-Type: Text/HTML; charset="Shift_JIS"; Name=a.html',
      'Content-Disposition: ATTACHMENT; filename=b.html',
      'Content-Transfer-Encoding: Base64',
      'Content-ID: <c<d>e@x>',
    ];
    const leaf = leafOf(fields, 'aGVsbG8=');
    expect(leaf).toMatchObject({
      contentType: { type: 'text/html', params: { charset: 'Shift_JIS', name: 'a.html' } },
      disposition: 'attachment',
      untrustedNames: ['b.html', 'a.html'],
      contentId: 'c<d>e@x',
      encoding: 'base64',
      charset: 'Shift_JIS',
    });
    expect(Buffer.from(leaf.bytes).toString()).toBe('hello');
  });
  test('a disposition ends at a blank or comma', () => {
    expect(leafOf(['Content-Disposition: inline, attachment'], 'x').disposition).toBe('inline');
    expect(leafOf(['Content-Disposition: inline attachment'], 'x').disposition).toBe('inline');
    expect(leafOf(['Content-Disposition: ; filename=x'], 'x').disposition).toBe('');
  });
  test('a Content-ID without brackets, with one, and none', () => {
    expect(leafOf(['Content-ID: a@b'], 'x').contentId).toBe('a@b');
    expect(leafOf(['Content-ID: a@b>'], 'x').contentId).toBe('a@b');
    expect(leafOf(['Content-ID: <a@b'], 'x').contentId).toBe('a@b');
    expect(leafOf(['Content-IDs: <a@b>'], 'x').contentId).toBe('');
  });
  test('a multipart that nothing divides is text', () => {
    const leaf = leafOf(['Content-Type: multipart/mixed; boundary=none'], 'hello');
    expect(leaf.contentType).toEqual({ type: 'text/plain', params: {} });
  });
  test('M26: an encoding that nobody knows stays undecoded, is named, and is a defect', () => {
    const message = parse('Content-Transfer-Encoding: x-none', '', 'aGVsbG8=');
    expect(message.leaves[0]?.encoding).toBe('unknown:x-none');
    expect(Buffer.from(message.leaves[0]?.bytes ?? []).toString()).toBe('aGVsbG8=');
    expect(message.defects).toEqual([{ what: 'transfer-encoding-unknown', count: 1 }]);
  });
});

describe('M28: names', () => {
  test('every field that carries one is asked, best first, each name once', () => {
    expect(
      named(
        'Content-Type: text/plain; name=d.exe',
        'Content-Type: text/plain; name=e.exe',
        'Content-Disposition: attachment; filename=b.txt; filename=c.js',
        'Content-Disposition: attachment; filename=f.scr',
        'Content-Disposition: attachment; filename=b.txt',
        'X-Other: attachment; filename=never.txt',
      ),
    ).toEqual(['b.txt', 'c.js', 'd.exe', 'e.exe', 'f.scr']);
  });
  test('the name of the first disposition is not asked for twice, and no other field is one', () => {
    expect(named('Subject: x; filename=a.exe', 'Content-Type: text/plain; filename=b.exe')).toEqual([]);
    expect(named('Content-Disposition: attachment; name=a.exe')).toEqual([]);
  });
  test('one that could not be spelled stands behind those that could', () => {
    expect(named('Content-Type: a/b; name=good.txt', 'Content-Disposition: attachment; filename="????.txt"')).toEqual([
      'good.txt',
      '????.txt',
    ]);
    expect(named('Content-Type: a/b; name=good.txt', 'Content-Disposition: attachment; filename="b.txt"')).toEqual([
      'b.txt',
      'good.txt',
    ]);
    expect(named("Content-Disposition: attachment; filename*=utf-8''%FF.txt; filename=good.txt").at(-1)).toContain(
      '\ufffd',
    );
  });
  test('eight at most, a thousand characters each', () => {
    const many = Array.from({ length: 12 }, (_, i) => `Content-Disposition: attachment; filename=${i}.txt`);
    expect(named(...many)).toEqual(['0.txt', '1.txt', '2.txt', '3.txt', '4.txt', '5.txt', '6.txt', '7.txt']);
    expect(named(`Content-Disposition: attachment; filename=${'x'.repeat(1200)}`)).toEqual(['x'.repeat(1000)]);
  });
});

describe('M29: of several encodings the one that the body is in', () => {
  const choose = (encodings: Parameters<typeof chooseEncoding>[0], raw: string) =>
    chooseEncoding(encodings, Buffer.from(raw));
  test('one alone is taken at its word, none is none', () => {
    expect(choose(['base64'], 'not base64!')).toBe('base64');
    expect(choose(['uuencode'], 'x')).toBe('uuencode');
    expect(choose([], 'x')).toBeUndefined();
  });
  test('base64 when it looks like it', () => {
    const letters = Buffer.from('some bytes that are long enough to look like base64').toString('base64');
    expect(choose(['identity', 'base64'], letters)).toBe('base64');
    expect(choose(['quoted-printable', 'base64'], letters)).toBe('base64');
    expect(choose(['identity', 'quoted-printable'], letters)).toBe('quoted-printable');
    expect(choose(['identity', 'base64'], 'Dear Sir, this is a text.')).toBe('identity');
    expect(choose(['base64', 'quoted-printable'], 'Dear Sir, this is a text.')).toBe('quoted-printable');
    expect(choose(['base64', 'uuencode'], 'Dear,sir')).toBe('base64');
  });
  test('uuencode when there is a blank, as in its first line', () => {
    expect(choose(['identity', 'uuencode'], 'begin 644 a\n#86%A\n`\nend\n')).toBe('uuencode');
    expect(choose(['identity', 'uuencode'], 'one-word')).toBe('identity');
    expect(choose(['quoted-printable', 'uuencode'], 'one-word')).toBe('quoted-printable');
  });
});

describe('interpret', () => {
  const field = (name: string, value: string) => ({ name, value, start: 0, end: 0 });
  const typed = (...values: readonly string[]) => interpret(values.map((value) => field('content-type', value)));
  const encoded = (...values: readonly string[]) =>
    interpret(values.map((value) => field('content-transfer-encoding', value)));
  const types = (...values: readonly string[]) => typed(...values).meanings.map(({ contentType }) => contentType.type);
  const boundaries = (value: string) => typed(value).meanings[0]?.boundaries ?? [];

  test('nothing said is text', () => {
    expect(interpret([field('subject', 'a/b')])).toEqual({
      meanings: [
        {
          contentType: { type: 'text/plain', params: {} },
          structured: { value: '', parameters: [], oddities: [] },
          boundaries: [],
        },
      ],
      encodings: ['identity'],
      unknownEncoding: '',
      disposition: { value: '', parameters: [], oddities: [] },
      defects: [],
    });
  });

  test.each([
    ['', 'text/plain'],
    ['text', 'text/plain'],
    ['Text/HTML', 'text/html'],
    ['text / html', 'text/html'],
    ['"text/html"', 'text/html'],
    ["'text/html'", 'text/html'],
    ['multipart', 'multipart/mixed'],
    ['image', 'application/octet-stream'],
    ['xmultipart', 'application/octet-stream'],
    ['text  /  html', 'text/html'],
    ['""text/html""', 'text/html'],
    ['te"xt/html', 'te"xt/html'],
    ['texts', 'application/octet-stream'],
    ['=?utf-8?Q?text/html?=', 'text/html'],
  ])('the type %j is %s', (value, type) => {
    expect(types(value)).toEqual([type]);
  });

  test('M04: a list names several, multiparts first, four at most', () => {
    expect(types('text/plain, multipart/mixed , a/b')).toEqual(['multipart/mixed', 'text/plain', 'a/b']);
    expect(typed('text/plain, a/b').defects).toEqual(['content-type-list']);
    expect(types('a/1,a/2,a/3,a/4,a/5')).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
  });
  test('M05: several fields: the first three and the last', () => {
    expect(types('a/1', 'a/2')).toEqual(['a/1', 'a/2']);
    expect(typed('a/1', 'a/2').defects).toEqual(['duplicate-content-type']);
    expect(types('a/1', 'a/2', 'a/3', 'a/4')).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
    expect(types('a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'multipart/6')).toEqual(['multipart/6', 'a/1', 'a/2', 'a/3']);
    expect(typed('a/1').defects).toEqual([]);
  });
  test('M08: an encoded word is a defect where it says something', () => {
    expect(typed('=?utf-8?Q?text/html?=').defects).toEqual(['content-type-encoded-word']);
    expect(typed('=?nothing').defects).toEqual([]);
  });
  test('the first of equal parameters counts; oddities are named', () => {
    expect(typed('a/b; x=1; x=2; y=3').meanings[0]?.contentType.params).toEqual({ x: '1', y: '3' });
    const odd = typed('a/b (comment); x=1');
    expect(odd.defects).toEqual(odd.meanings[0]?.structured.oddities.map((what) => `${what}-in-content-type`));
    expect(odd.defects.length).toBeGreaterThan(0);
  });
  test('two dispositions are a defect, the first is taken', () => {
    const read = interpret([field('content-disposition', 'inline'), field('content-disposition', 'attachment')]);
    expect([read.disposition.value, read.defects]).toEqual(['inline', ['duplicate-disposition']]);
    expect(interpret([field('content-disposition', 'inline')]).defects).toEqual([]);
  });

  test('M06: a multipart has boundaries, another type has none', () => {
    expect(typed('multipart/mixed; boundary=b')).toMatchObject({ meanings: [{ boundaries: ['b'] }], defects: [] });
    expect(boundaries('text/plain; boundary=b')).toEqual([]);
    expect(boundaries('x-multipart/mixed; boundary=b')).toEqual([]);
  });
  test('M07: missing, empty, twice the same, two different ones', () => {
    expect(typed('multipart/mixed')).toMatchObject({ meanings: [{ boundaries: [] }], defects: ['missing-boundary'] });
    expect(typed('multipart/mixed; boundary=""')).toMatchObject({ meanings: [{ boundaries: [] }] });
    expect(typed('multipart/mixed; boundary=a; boundary=a')).toMatchObject({
      meanings: [{ boundaries: ['a'] }],
      defects: ['repeated-boundary'],
    });
    expect(typed('multipart/mixed; boundary=a; boundary=b')).toMatchObject({
      meanings: [{ boundaries: ['a', 'b'] }],
      defects: ['duplicate-boundary'],
    });
    expect(typed('multipart/mixed; boundary=a; boundaries=b').defects).toEqual([]);
  });
  test('M08: an encoded word, decoded and not', () => {
    expect(typed('multipart/mixed; boundary="=?utf-8?Q?b?="')).toMatchObject({
      meanings: [{ boundaries: ['=?utf-8?Q?b?=', 'b'] }],
      defects: ['boundary-encoded-word'],
    });
    expect(typed('multipart/mixed; boundary="=?lotus"')).toMatchObject({
      meanings: [{ boundaries: ['=?lotus'] }],
      defects: [],
    });
  });
  test('M09: blanks at its ends, with and without', () => {
    const read = typed('multipart/mixed; boundary=" b "');
    expect(read.meanings[0]?.boundaries).toEqual(expect.arrayContaining([' b ', 'b']));
    expect(read.defects).toContain('boundary-white-space');
    expect(typed('multipart/mixed; boundary="a b"').defects).not.toContain('boundary-white-space');
  });
  test('M10: what readers see that know neither comments nor NULs', () => {
    expect(boundaries('multipart/mixed; boundary=a(b)c')).toEqual(expect.arrayContaining(['a(b)c', 'ac', 'a']));
    expect(boundaries('multipart/mixed; boundary=a\0b')).toEqual(expect.arrayContaining(['ab', 'a']));
    expect(boundaries('multipart/mixed; (x) boundary = "a b"; y')).toEqual(expect.arrayContaining(['a b', 'a']));
    expect(boundaries(`multipart/mixed; ${'('.repeat(2100)} boundary=late`)).not.toContain('late');
    for (const boundary of boundaries('multipart/mixed; (c) boundary=" a (b) "')) expect(boundary).not.toBe('');
  });
  test.each([
    ['boundary=a(b)c', ['ac', 'a(b)c', 'a']],
    ['boundary=a\0b', ['ab', 'a\0b', 'a']],
    ['(x) boundary = "a b"; y', ['a b', 'a', '"a']],
    ['(x) boundary  =  c d; y', ['c d', 'c']],
    ['boundary="(ab)\0 c" (x)', ['(ab) c', '(ab)\0 c', '(ab)', '\0 c', '"(ab)']],
    ['(boundary=z(yy)x )', ['z(yy)x )', 'zx )', 'z', 'z(yy)x']],
    ['boundary = " q (b) " (c)', [' q (b) ', 'q (b)', 'q', '"']],
    ['boundary(x)=k', ['k']],
    ['boundary=(xy) k', ['k', '(xy) k', '(xy)']],
    ['boundary*0=a; boundary*0=b', ['a', 'b', 'ab']],
    ['boundary*0=a; boundary*1=b', ['ab']],
    ['boundary="=?utf-8?Q? b ?="', ['=?utf-8?Q? b ?=', ' b ']],
  ])('M10: %j: with and without comments, quotes, NULs and what stands behind them', (parameters, expected) => {
    expect(boundaries(`multipart/mixed; ${parameters}`)).toEqual(expected);
  });
  test('a thousand characters, eight of them', () => {
    expect(boundaries(`multipart/mixed; boundary=${'a'.repeat(1000)}`)).toHaveLength(1);
    expect(boundaries(`multipart/mixed; boundary=${'a'.repeat(1001)}`)).toEqual([]);
    const many = Array.from({ length: 12 }, (_, i) => `boundary=b${i}`).join('; ');
    expect(boundaries(`multipart/mixed; ${many}`)).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']);
  });

  test.each([
    ['7bit', ['identity'], []],
    ['8bit', ['identity'], []],
    ['binary', ['identity'], []],
    ['BASE64', ['base64'], []],
    ['quoted-printable', ['quoted-printable'], []],
    ['x-uuencode', ['uuencode'], []],
    ['', ['identity'], []],
    ['"base64"', ['base64'], ['transfer-encoding-quoted']],
    ["'base64'", ['base64'], ['transfer-encoding-quoted']],
    ['base64, 7bit', ['base64', 'identity'], ['transfer-encoding-list']],
    ['=?utf-8?Q?base64?=', ['base64'], ['transfer-encoding-encoded-word']],
    ['x base64', ['base64'], ['transfer-encoding-misspelled']],
  ] as const)('M26: the encoding %j', (value, encodings, defects) => {
    const read = encoded(value);
    expect([read.encodings, read.unknownEncoding]).toEqual([encodings, '']);
    expect(read.defects).toEqual(expect.arrayContaining([...defects]));
    if (defects.length === 0) expect(read.defects).toEqual([]);
  });
  test('M26: two fields; unknown ones are named when there is nothing better', () => {
    expect(encoded('7bit', 'base64')).toMatchObject({
      encodings: ['identity', 'base64'],
      defects: ['duplicate-transfer-encoding'],
    });
    expect(encoded('x-none')).toMatchObject({ encodings: [], unknownEncoding: 'x-none', defects: [] });
    expect(encoded('x-none, base64')).toMatchObject({ encodings: ['base64'], unknownEncoding: '' });
    expect(encoded('y'.repeat(60)).unknownEncoding).toBe('y'.repeat(40));
    expect(encoded('x-none', 'base64 ( open').encodings).toEqual(['base64']);
    expect(encoded('x-none , base64').defects).toEqual(['transfer-encoding-list']);
    expect(encoded('7bit', 'x-none').unknownEncoding).toBe('');
  });
});
