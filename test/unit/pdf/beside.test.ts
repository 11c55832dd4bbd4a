/** Comments, links and signatures of a PDF: told in words, on pages of ours and in the report. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { Conversion } from '../../../src/sanitize/converter.ts';
import { convert, onePage, runsIn } from './documents.ts';

type Converted = Extract<Conversion, { kind: 'converted' }>;

const TEXT = 'BT /F1 20 Tf 100 700 Td (Click here) Tj 0 -40 Td (www.city.lg.jp) Tj ET';
const hex = (text: string): string => `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
const note = (contents: string, more = '', subtype = 'Text'): string =>
  `<< /Type /Annot /Subtype /${subtype} /Rect [10 10 30 30] /Contents ${hex(contents)} ${more} >>`;
const link = (action: string, rectangle = '95 690 220 725'): string =>
  `<< /Type /Annot /Subtype /Link /Rect [${rectangle}] /A << ${action} >> >>`;
const uri = (target: string, rectangle?: string): string => link(`/S /URI /URI (${target})`, rectangle);

/** The result, and the text of the pages behind the first one, without the places of its pieces. */
async function told(
  annotations: readonly string[],
  more: readonly string[] = [],
  catalog = '',
): Promise<{ readonly result: Converted; readonly list: string }> {
  const result = await convert(onePage(TEXT, `/Annots [${annotations.join(' ')}]`, catalog, more));
  if (result.kind !== 'converted') throw new Error(`${result.kind}: ${result.detail}`);
  const output = Buffer.from(result.files[0]?.bytes ?? []);
  expect(await inspectFile('pdf', output)).toEqual([]);
  const [, ...added] = runsIn(output);
  return { result, list: added.map((runs) => runs.map(({ text }) => text.replaceAll(' ', '')).join('')).join('\n') };
}

const counts = ({ removed }: Converted): Record<string, number> =>
  Object.fromEntries(removed.map(({ what, count }) => [what, count]));

test('a comment is told with its page and who wrote it', async () => {
  const { result, list } = await told([
    note('修正をお願いします。', `/T ${hex('山田太郎')}`),
    note('二つ目', '', 'Highlight'),
  ]);
  expect(list).toContain('注釈一覧');
  expect(list).toContain('1ページ山田太郎');
  expect(list).toContain('修正をお願いします。');
  expect(list).toContain('二つ目');
  expect(result.files[0]?.pages).toBe(2);
  expect(counts(result)).not.toHaveProperty('annotation');
});

test('a document without comments and links gets no page', async () => {
  const { result, list } = await told([]);
  expect(list).toBe('');
  expect(result.files[0]?.pages).toBe(1);
});

test('P21 a comment that no reader of the original saw is not told', async () => {
  const { list } = await told([note('CANARY', '/F 2'), note('CANARY', '/F 32'), note('見える')]);
  expect(list).toContain('見える');
  expect(list).not.toContain('CANARY');
});

test('free text that stands on the page is not told twice, a pop-up that repeats its mark neither', async () => {
  const drawn = '<< /Length 0 /Type /XObject /Subtype /Form /BBox [0 0 9 9] >>\nstream\n\nendstream';
  const { list } = await told(
    [
      note('DRAWN', '/AP << /N 6 0 R >>', 'FreeText'),
      note('NOTDRAWN', '', 'FreeText'),
      note('once'),
      note('once', '', 'Popup'),
    ],
    [drawn],
  );
  expect(list.match(/DRAWN/g)).toHaveLength(1);
  expect(list.match(/once/g)).toHaveLength(1);
});

test('B05 P13 what a comment says is inert: no link, nothing that steers', async () => {
  const { list } = await told([note('見て https://evil.example/a \u202eexe.pdf \\\\server\\share\u200b')]);
  expect(list).toContain('hxxps://evil[.]example/a');
  expect(list).not.toMatch(/https:|[\u202e\u200b]/);
});

test('letters that our font lacks are shown as missing, long texts go over several lines and pages', async () => {
  const { result, list } = await told([note(`${'かきくけこ'.repeat(700)}\u{1f600}終`)]);
  expect(list).toContain('〓終');
  expect(list.match(/き/g)).toHaveLength(700);
  expect(result.files[0]?.pages).toBe(3);
});

test('a comment without end is cut, and so is a list', async () => {
  const { list } = await told([note('い'.repeat(20_000))]);
  expect(list.match(/い/g)?.length).toBe(4000);
  const many = await told(Array.from({ length: 350 }, (_, i) => note(`n${i}`)));
  expect(many.list).toContain('ほか50件');
  expect(counts(many.result)).toMatchObject({ annotation: 50 });
});

test('P13 a link whose text says something else is listed and reported', async () => {
  const { result, list } = await told([
    uri('http://evil.example/phish?x=1'),
    uri('http://evil.example/', '95 650 320 685'),
  ]);
  expect(list).toContain('「Clickhere」→<hxxp://evil[.]example/phish?x=1>');
  expect(list).toContain('表示と行き先が違います');
  expect(result.links).toEqual([
    { untrustedText: 'www.city.lg.jp', target: 'hxxp://evil[.]example', suspicion: ['text-differs'] },
    { untrustedText: 'Click here', target: 'hxxp://evil[.]example', suspicion: [] },
  ]);
  expect(counts(result)).not.toHaveProperty('link');
});

test('a link that shows where it leads is reported, and needs no list', async () => {
  const page = 'BT /F1 20 Tf 100 700 Td (https://example.jp/a) Tj ET';
  const result = await convert(onePage(page, `/Annots [${uri('https://example.jp/a', '95 690 400 725')}]`));
  expect(result).toMatchObject({
    links: [{ untrustedText: 'https://example.jp/a', target: 'hxxps://example[.]jp', suspicion: [] }],
    files: [{ pages: 1 }],
  });
});

test.each(['javascript:alert\\(1\\)', 'file://server/share', 'ms-word:ofe|u|http://evil.example/a'])(
  'P13 a link of a dangerous kind is taken out and counted: %s',
  async (target) => {
    const { result, list } = await told([uri(target)]);
    expect(counts(result)).toMatchObject({ link: 1 });
    expect(list).toContain('リンクを取り除きました');
    expect(list).not.toMatch(/alert|share|evil/);
  },
);

test('P06 a link into another document is counted, one inside the document is told in the report', async () => {
  const inside = '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /Dest [3 0 R /Fit] >>';
  const { result } = await told([
    link('/S /GoToR /F (other.pdf) /D [0 /Fit]'),
    inside,
    link('/S /GoTo /D [3 0 R /Fit]'),
  ]);
  expect(counts(result)).toMatchObject({ link: 1 });
  expect(result.detail).toContain('links inside the document: 2');
});

test('P14 a signature is counted and named; the rebuilt file has none', async () => {
  const field = '<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /Rect [0 0 0 0] /V 7 0 R >>';
  const value = `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Reason ${hex('承認')} /M (D:20261122140000+09'00') /Contents <00> /ByteRange [0 1 2 3] >>`;
  const { result } = await told(['6 0 R'], [field, value], '/AcroForm << /Fields [6 0 R] /SigFlags 3 >>');
  expect(counts(result)).toMatchObject({ signature: 1 });
  expect(result.detail).toBe('signed: adbe.pkcs7.detached 2026-11-22 «承認»');
});
