/** Pages that fail, pages that are too large, pages that another process drew. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import type { Help, HelpWanted } from '../../../src/sanitize/converter.ts';
import { drawPages } from '../../../src/sanitize/formats/pdf/help.ts';
import { pdf } from '../../../src/sanitize/formats/pdf/pdf.ts';
import { convert, pdfOf, rebuilt, runsIn } from './documents.ts';

/** A document of these pages: content streams, and dictionary entries. */
function pagesOf(pages: readonly { readonly content: string; readonly box?: string }[]): Buffer {
  const kids = pages.map((_, i) => `${4 + 2 * i} 0 R`).join(' ');
  return pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap(({ content, box = '[0 0 595 842]' }, i) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox ${box} /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * i} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    ]),
  ]);
}
const says = (text: string): { readonly content: string } => ({ content: `BT /F1 20 Tf 100 700 Td (${text}) Tj ET` });
const textsOf = (output: Buffer): readonly string[] =>
  runsIn(output).map((runs) => runs.map(({ text }) => text).join(''));

test('a page that is too large becomes a page that says so; the others are there', async () => {
  const bytes = pagesOf([says('first'), { content: '', box: '[0 0 2000000 2000000]' }, says('third')]);
  const result = await convert(bytes);
  expect(result).toMatchObject({ kind: 'converted', removed: [{ what: 'failed-page', count: 1 }] });
  const output = await rebuilt(bytes);
  const [first, second, third] = textsOf(output);
  expect([first, third]).toEqual(['first', 'third']);
  expect(second).toContain('2 ページ目は変換できませんでした');
  expect(second).toContain('Page 2 of the original could not be converted');
  expect(await inspectFile('pdf', output)).toEqual([]);
});

test('benign twin: a document whose pages can all be drawn has no such page', async () => {
  const result = await convert(pagesOf([says('first'), says('second')]));
  expect(result).toMatchObject({ kind: 'converted', removed: [] });
});

test('a document of which no page can be drawn is held with the reason of the first', async () => {
  const huge = { content: '', box: '[0 0 2000000 2000000]' };
  expect(await convert(pagesOf([huge, huge]))).toMatchObject({ kind: 'blocked', reason: 'limit-exceeded' });
});

test('a page above its budget is made coarser and says so', async () => {
  const noise = Array.from({ length: 3000 }, (_, i) => {
    const [x, y] = [(i * 7919) % 590, (i * 104_729) % 840];
    return `${(i % 10) / 10} ${(i % 7) / 7} ${(i % 13) / 13} rg ${x} ${y} 9 9 re f`;
  }).join('\n');
  const bytes = pagesOf([{ content: noise }]);
  const [whole, small] = await Promise.all([convert(bytes), convert(bytes, { limits: { maxPageBytes: 20_000 } })]);
  if (whole.kind !== 'converted' || small.kind !== 'converted') throw new Error('not converted');
  expect(whole.limits ?? []).toEqual([]);
  expect(small.limits).toEqual(['maxPageBytes']);
  expect(small.files[0]?.bytes.length).toBeLessThan(whole.files[0]?.bytes.length ?? 0);
  expect(await inspectFile('pdf', small.files[0]?.bytes ?? new Uint8Array())).toEqual([]);
});

const FIVE = pagesOf(['one', 'two', 'three', 'four', 'five'].map(says));
const policy = { ...DEFAULT_POLICY, version: '0' };

/** The document, its second half by somebody else. */
async function withHelp(answer: (wanted: HelpWanted, honest: Help) => Help | undefined): Promise<Buffer> {
  let wanted: HelpWanted | undefined;
  const range = { from: 3, to: 5, timeMs: 30_000, pageBytes: policy.limits.maxPageBytes };
  const honest = await drawPages({ kind: 'pages', policy, passwords: [], ...range }, FIVE);
  const result = await pdf.convert(
    { type: 'pdf', untrustedName: 'a.pdf', untrustedCharset: '', bytes: FIVE },
    {
      policy,
      passwords: [],
      left: { files: 0, bytes: 0, depth: 0 },
      deadline: performance.now() + 60_000,
      helper: {
        ask: (asked) => {
          wanted = asked;
          return () => answer(asked, structuredClone(honest));
        },
      },
    },
  );
  expect(wanted).toMatchObject({ from: 3, to: 5 });
  if (result.kind !== 'converted') throw new Error(result.kind);
  return Buffer.from(result.files[0]?.bytes ?? []);
}

test('two draw the same bytes as one', async () => {
  const alone = await rebuilt(FIVE, { dpi: policy.pdfDpi });
  expect((await withHelp((_, honest) => honest)).equals(alone)).toBe(true);
});

type Json = { [key: string]: unknown };
const pagesIn = (help: Help): Json[] => (help.body as { pages: Json[] }).pages;
const changed =
  (change: (page: Json) => void) =>
  (_: HelpWanted, honest: Help): Help => {
    change(pagesIn(honest)[0] ?? {});
    return honest;
  };
const content = (page: Json): Json => page['content'] as Json;
const run = (page: Json): Json => (content(page)['runs'] as Json[])[0] ?? {};

test.each<[string, (wanted: HelpWanted, honest: Help) => Help | undefined]>([
  ['is not there', () => undefined],
  ['is something else', () => ({ body: 'pages', blobs: [] })],
  ['has a page less', (_, { body, blobs }) => ({ body, blobs: blobs.slice(1) })],
  ['has one page twice', (_, { body, blobs }) => ({ body, blobs: [...blobs, ...blobs] })],
  ['has a width that is no number', changed((page) => Object.assign(content(page), { widthPt: '595' }))],
  ['has a page of no size', changed((page) => Object.assign(content(page), { widthPt: Number.NaN }))],
  ['has an unknown picture', changed((page) => Object.assign(content(page)['image'] as Json, { kind: 'jpx' }))],
  ['has a picture too wide', changed((page) => Object.assign(content(page)['image'] as Json, { width: 1e6 }))],
  ['turns its text around', changed((page) => Object.assign(run(page), { glyphs: [{ text: '\u202E', advance: 1 }] }))],
  ['has text off the page', changed((page) => Object.assign(run(page), { matrix: [1, 0, 0, 1, 5000, 0] }))],
  ['has a matrix of five', changed((page) => Object.assign(run(page), { matrix: [1, 0, 0, 1, 0] }))],
  ['has an advance below zero', changed((page) => Object.assign(run(page), { glyphs: [{ text: 'x', advance: -1 }] }))],
  ['counts less than nothing', changed((page) => Object.assign(page['layer'] as Json, { hidden: -5 }))],
  ['names a limit that we have not', changed((page) => Object.assign(page, { limits: ['<script>'] }))],
  ['says that a page failed', changed((page) => Object.assign(page, { failed: { pages: 1 } }))],
])('F04 an answer that %s is thrown away, and the pages are drawn here', async (_name, lie) => {
  const alone = await rebuilt(FIVE, { dpi: policy.pdfDpi });
  expect((await withHelp(lie)).equals(alone)).toBe(true);
});
