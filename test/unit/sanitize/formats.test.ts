/** Text, CSV and HTML files; the registry around them; names of what comes out. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvProblems } from '../../../src/inspect/csv.ts';
import { textProblems } from '../../../src/inspect/text.ts';
import type { FileType } from '../../../src/message/file-type.ts';
import { BLOCK_REASONS } from '../../../src/message/outcome.ts';
import { BLOCK_SENTENCES, fill } from '../../../src/message/texts.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/policy/policy.ts';
import { built, type Conversion, type ConvertContext, type Converter } from '../../../src/sanitize/converter.ts';
import { csv } from '../../../src/sanitize/formats/csv/csv.ts';
import { html } from '../../../src/sanitize/formats/html/html.ts';
import { text } from '../../../src/sanitize/formats/text/text.ts';
import { outputNames, stemOf } from '../../../src/sanitize/names.ts';
import { createRegistry } from '../../../src/sanitize/registry.ts';

const policy: Policy = { ...DEFAULT_POLICY, version: '0123456789abcdef' };
const context = (change: Partial<ConvertContext> = {}): ConvertContext => ({
  policy,
  passwords: [],
  left: { files: 0, bytes: 0, depth: 0 },
  deadline: performance.now() + 20_000,
  ...change,
});
const registry = createRegistry([text, csv, html]);
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

const convert = (
  type: FileType,
  bytes: Uint8Array,
  untrustedName = 'a.txt',
  change: Partial<ConvertContext> = {},
): Promise<Conversion> => registry.convertFile({ type, untrustedName, untrustedCharset: '', bytes }, context(change));

async function written(type: FileType, source: string | Uint8Array): Promise<string> {
  const conversion = await convert(type, typeof source === 'string' ? bytesOf(source) : source);
  if (conversion.kind !== 'converted') throw new Error(JSON.stringify(conversion));
  return Buffer.from(conversion.files[0]?.bytes ?? []).toString('utf8');
}

test.each([
  ["=cmd|' /C calc'!A1", "'=cmd|' /C calc'!A1"],
  ['+1+1', "'+1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['-2+3', "'-2+3"],
  ['　＝1+1', "'　＝1+1"],
  ['  =1', "'  =1"],
  ['+81-3-1234-5678', "'+81-3-1234-5678"],
  ['-5', '-5'],
  ['+1,234.50', '+1,234.50'],
  ['-12%', '-12%'],
  ['-1.5E-3', '-1.5E-3'],
  ['-¥1,000', '-¥1,000'],
  ['−', '−'],
  ['--', '--'],
  ['03-1234-5678', '03-1234-5678'],
  ['a=b', 'a=b'],
])('A56: the cell %s becomes %s', async (before, after) => {
  expect(await written('csv', `x,"${before}"\r\n`)).toBe(`\uFEFF"x","${after}"\r\n`);
});

test('CSV keeps rows, cells, quotes and line breaks inside cells; TAB and semicolon files become commas', async () => {
  expect(await written('csv', '"a ""b""","c\r\nd",\r\n\r\n1,2')).toBe('\uFEFF"a ""b""","c\nd",""\r\n""\r\n"1","2"\r\n');
  expect(await written('csv', '"a\nContent-Type: x\nbegin 644 a"\r\n')).toBe(
    '\uFEFF"a\nContent-[Type]: x\n[begin] 644 a"\r\n',
  );
  expect(await written('csv', 'a\tb,c\r\nd\te\r\n')).toBe('\uFEFF"a","b,c"\r\n"d","e"\r\n');
  expect(await written('csv', 'a;b\nc;"d')).toBe('\uFEFF"a","b"\r\n"c","d"\r\n');
});

test('any CSV ends within the inspector’s grammar, and twice is once', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(',', '"', '\n', '\r\n', '=', '-1', '+', '@', '＝', '\t', ';', '\u3000', '漢'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 20 }), async (pieces) => {
      const source = pieces.join('').replaceAll('\uFEFF', '');
      if (source === '') return;
      const conversion = await convert('csv', bytesOf(source));
      if (conversion.kind !== 'converted') return;
      const once = conversion.files[0]?.bytes ?? new Uint8Array();
      expect(csvProblems(once)).toEqual([]);
      expect(await written('csv', once)).toBe(Buffer.from(once).toString('utf8'));
    }),
    { numRuns: 400 },
  );
});

test('A57: any text ends within the inspector’s rules, in UTF-8 with mark and CRLF', async () => {
  const utf16 = Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from('日本語\nabc', 'utf16le')]);
  const result = await written('text', utf16);
  expect(textProblems(Buffer.from(result))).toEqual([]);
  expect(result).toContain('日本語\r\nabc');
  expect(await written('text', 'a\0b\x1b[31m\nhttp://x.example/')).toBe('\uFEFFab[31m\r\nhxxp://x[.]example/\r\n');
});

test('A54: an HTML file becomes text; one without any visible text is held as a script', async () => {
  expect(await written('html', '<p>請求書<script>CANARY</script>')).toBe('\uFEFF請求書\r\n');
  expect(await convert('html', bytesOf('<script>CANARY</script>'))).toMatchObject({
    kind: 'blocked',
    reason: 'script',
  });
});

const samples = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'samples/office');
test.skipIf(!existsSync(samples))('the same list in Shift_JIS and UTF-8 comes out the same', async () => {
  const [sjis, utf8] = await Promise.all(
    ['meibo-sjis.csv', 'meibo-utf8bom.csv'].map((file) => written('csv', readFileSync(join(samples, file)))),
  );
  expect(sjis).toBe(utf8);
});

test('INV-11: what throws, hangs, answers nothing or too much is blocked', async () => {
  const like = (run: Converter['convert']) => createRegistry([{ ...text, convert: run }]);
  const file = { type: 'text', untrustedName: 'a', untrustedCharset: '', bytes: bytesOf('x') } as const;
  const blockedBy = async (run: Converter['convert'], change: Partial<ConvertContext> = {}) => {
    const conversion = await like(run).convertFile(file, context(change));
    return conversion.kind === 'blocked' ? conversion.reason : conversion.kind;
  };
  const safe = { kind: 'converted', outcome: 'text', removed: [] } as const;
  expect(await blockedBy(() => Promise.reject(new Error('bug')))).toBe('sanitizer-failed');
  expect(
    await blockedBy(() => {
      throw new Error('bug');
    }),
  ).toBe('sanitizer-failed');
  expect(await blockedBy(async () => ({ ...safe, files: [] }))).toBe('sanitizer-failed');
  expect(await blockedBy(() => new Promise(() => {}), { deadline: performance.now() + 20 })).toBe('timeout');
  expect(await blockedBy(async () => ({ ...safe, files: [] }), { deadline: 0 })).toBe('timeout');
  const small = { ...policy, limits: { ...policy.limits, maxOutputBytes: 1 } };
  const files = [{ type: 'text', untrustedStem: 'a', bytes: built(bytesOf('xx')) }] as const;
  expect(await blockedBy(async () => ({ ...safe, files }), { policy: small })).toBe('limit-exceeded');
  const tiny = { ...policy, limits: { ...policy.limits, maxFileBytes: Number.NaN } };
  expect(await blockedBy(async () => ({ ...safe, files }), { policy: tiny })).toBe('limit-exceeded');
});

test.each<[FileType, string]>([
  ['pe', 'executable'],
  ['lnk', 'script'],
  ['ooxml-macro', 'macro'],
  ['zip', 'archive'],
  ['eml', 'nested-mail'],
  ['pkcs7', 'signed-data'],
  ['office-encrypted', 'encrypted'],
  ['audio', 'media'],
  ['svg', 'unsupported-image'],
  ['unknown', 'unsupported-type'],
  ['archive-other', 'archive'],
  ['volume', 'fragment'],
])('A05–A13: %s has no converter and is blocked as %s', async (type, reason) => {
  expect(await convert(type, bytesOf('x'))).toMatchObject({ kind: 'blocked', reason });
});

test('a registry with a converter for programs, or with two for one type, does not load', () => {
  expect(() => createRegistry([{ ...text, accepts: ['pe'] }])).toThrow('never');
  expect(() => createRegistry([text, { ...csv, accepts: ['text'] }])).toThrow('two');
});

test('every reason has its sentence, and values are not taken for placeholders', () => {
  for (const reason of BLOCK_REASONS) expect(BLOCK_SENTENCES[reason].ja.length).toBeGreaterThan(5);
  expect(fill({ ja: '{a}{b}', en: '' }, 'ja', { a: '$&{b}', b: 2 })).toBe('$&{b}2');
});

const namesOf = (...stems: string[]) =>
  outputNames(stems.map((untrustedStem) => ({ untrustedStem: stemOf(untrustedStem), type: 'pdf' as const })));

test.each([
  ['a.pdf.exe', 'a.pdf'],
  ['a.exe.pdf', 'a.pdf'],
  ['invoice\u202Efdp.exe', 'invoicefdp.pdf'],
  ['C:\\temp\\x.docx', 'x.pdf'],
  ['..\\..\\a.txt', 'a.pdf'],
  ['/etc/passwd', 'passwd.pdf'],
  ['a.txt:ads', 'a.txt_ads.pdf'],
  ['CON', '_CON.pdf'],
  ['nul.txt', '_nul.pdf'],
  ['com¹.tar.gz', '_com¹.tar.pdf'],
  ['a.exe\0.txt', 'a.pdf'],
  ['name. . ', 'name.pdf'],
  ['', 'attachment-1.pdf'],
  ['.pdf', 'attachment-1.pdf'],
  ['a<b>|"c*?.doc', 'a_b___c__.pdf'],
  ['見積書（最終）.xlsx', '見積書（最終）.pdf'],
  ['か\u3099.doc', 'が.pdf'],
  ['report 2026.11.22.doc', 'report 2026.11.22.pdf'],
  ['0.exe\u3000.txt', '0.pdf'],
  [`${'x'.repeat(112)}.exercise`, `${'x'.repeat(112)}.pdf`],
])('the name %j is passed on as %s', (untrusted, expected) => {
  expect(namesOf(untrusted)).toEqual([expected]);
});

test('names are unique in a message and at most 120 code points long', () => {
  expect(namesOf('A.doc', 'a.xls', 'Ａ.doc')).toEqual(['A.pdf', 'a (2).pdf', 'Ａ (3).pdf']);
  const long = namesOf('😀'.repeat(300), '😀'.repeat(300));
  expect(long.map((name) => [...name].length)).toEqual([120, 120]);
});
