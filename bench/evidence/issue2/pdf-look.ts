/**
 * Do rebuilt pages look like the original's? An engine that takes no part in the rebuilding draws both; the pictures are
 * compared by structural similarity where there is ink.
 *
 * How: original and rebuilt page by one and the same engine (poppler), at 300 dpi, averaged 3 × 3 to a picture of 100 dpi,
 * compared at single pixels. Averaged, because poppler reduces pictures by leaving out pixels: at 100 dpi it would compare
 * its own shortcut. That is the bar. Beside it stand MuPDF and PDFium, each drawing both pages, fine and directly at 100 dpi:
 * PDFium draws our pages too, so it could not see what it draws wrongly, and is no judge. About what a picture of 150 dpi
 * can reach is told by a flawless one, and what engines owe to each other by poppler against MuPDF on the same original. The
 * similarity of pages seen whole (averaged by F = max(1, round(shorter side / 256)) first, as the authors of SSIM suggest)
 * is told, too; only the short form and the controls go by it.
 *
 * Cheats and what catches them: a blurred or coarse rebuilding (control: an original drawn at 50 dpi must fall short), a
 * page without its text (control: blank pages), few easy pages (all pages of the kinds count, up to a number per document).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { allPdfs, openablePdfs } from '../../pdf-corpus.ts';
import { markdownTable, sample, sanitizeFiles } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';
import { drawnFine, type Engine, flawlessPicture, mupdf, pdfium, poppler, tool } from './page-drawings.ts';
import { averaged, type Grey, inkLikeness, seenWhole } from './ssim.ts';

const [LEAST_MEDIAN, LEAST_TENTH] = [0.97, 0.9];
/** Of one document: a manual of 88 pages must not outvote 40 letters. */
const MOST_PAGES = 6;
const DPI = 100;
const [SAMPLED, SEED] = [8, 23];
const KINDS: ReadonlySet<string> = new Set(['pdf', 'pdf-ja']);

/** Licences under which a small picture of a page may stand in this repository (MANIFEST.tsv, LICENSES.md). */
const SHOWABLE = /^(?:jsclasses|platex|bxjscls|pxrubrica|tika|fess-crawler)\//;

/** What is compared, and what the table calls it. Each but the last three: original with rebuilt, by one engine, single pixels of 100 dpi. */
const MEASURES = {
  pixels: 'poppler, 300 dpi averaged (the bar)',
  mupdfFine: 'MuPDF, 300 dpi averaged',
  pdfiumFine: 'PDFium, 300 dpi averaged',
  mupdfDirect: 'MuPDF, directly at 100 dpi',
  pdfiumDirect: 'PDFium, directly at 100 dpi',
  flawless: 'poppler, 300 dpi averaged: original with a flawless picture of it at 150 dpi',
  engines: 'poppler with MuPDF, both on the original, 300 dpi averaged',
  whole: 'poppler, seen whole',
  enginesWhole: 'poppler with MuPDF, both on the original, seen whole',
} as const;
type Measure = keyof typeof MEASURES;

interface Look {
  readonly path: string;
  readonly page: number;
  /** False: a font is missing in the document, and each program stands in its own. */
  readonly fontsInside: boolean;
  /** Undefined where an engine cannot draw the page, or draws another page box. The first and `whole` are always there. */
  readonly scores: Readonly<Record<Measure, number | undefined>>;
}

export const pdfLook: Section = {
  name: 'pdf-look',
  bar: 'PDFs of the kinds pdf and pdf-ja: page pictures (100 dpi, ink areas only) of original and rebuilt by an independent renderer, single pixels: SSIM median ≥ 0.97, p10 ≥ 0.90; contact sheet kept.',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-look-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure({ shared, short, say }: SectionContext, folder: string) {
  const openable = new Set(openablePdfs().map(({ path }) => path));
  const all = allPdfs().filter(({ path, kind }) => KINDS.has(kind) && openable.has(path));
  const chosen = short ? sample(all, SAMPLED, SEED) : all;
  const files = chosen.map(({ path }) => join(shared, 'corpora', path));
  const { rows } = await sanitizeFiles(files, { as: 'document', out: join(folder, 'out') });
  say(`${rows.length} documents rebuilt`);
  const looks: Look[] = [];
  const unlike: string[] = [];
  for (const [i, { path }] of chosen.entries()) {
    const [row, file = ''] = [rows[i], files[i]];
    const written = row?.written.find((name) => name.endsWith('.pdf'));
    if (row === undefined || written === undefined) {
      unlike.push(`${path}: not rebuilt`);
      continue;
    }
    looks.push(...documentLooks(path, [file, join(row.folder, written)], folder, unlike));
  }
  const inside = looks.filter(({ fontsInside }) => fontsInside);
  const standIn = looks.filter(({ fontsInside }) => !fontsInside);
  // Eight documents tell no quantile of the whole: the short form sees that pages look alike and that the controls do not.
  const judging: Measure = short ? 'whole' : 'pixels';
  const [median, tenth] = [quantile(inside, 0.5, judging), quantile(inside, 0.1, judging)];
  const controls = await controlProblems(files, inside, chosen);
  const sheet = short ? 'not drawn in the short form' : await contactSheet(inside, files, chosen, rows);
  const lowest = looks.toSorted((one, other) => scoreOf(one) - scoreOf(other)).slice(0, 16);
  const holds =
    inside.length > 0 && median >= LEAST_MEDIAN && tenth >= LEAST_TENTH && controls.length === 0 && unlike.length === 0;
  const told = (measure: Measure): string =>
    `median ${quantile(inside, 0.5, measure).toFixed(3)}, p10 ${quantile(inside, 0.1, measure).toFixed(3)}`;
  return {
    holds,
    summary: `${inside.length} pages of ${new Set(inside.map(({ path }) => path)).size} documents with their fonts inside, single pixels of 100 dpi: SSIM ${told('pixels')}; a flawless picture of 150 dpi ${told('flawless')}; poppler with MuPDF on the originals ${told('engines')}; seen whole ${told('whole')}`,
    details: [
      figures(inside, standIn),
      `Pages of documents that lack a font (${new Set(standIn.map(({ path }) => path)).size} documents, ${standIn.length} pages) are counted apart: poppler puts a font of this machine in its place, we one of ours, and the letters differ in any case.`,
      `Lowest pages:\n\n${lowestTable(lowest)}`,
      unlike.length === 0 ? 'Not compared: none.' : `Not compared:\n${unlike.map((line) => `- ${line}`).join('\n')}`,
      `Controls (a blank page, an original drawn at 50 dpi and enlarged): ${controls.length === 0 ? 'refused, as they must be' : controls.join('; ')}.`,
      `Contact sheet, original left and rebuilt right: ${sheet}.`,
    ].join('\n\n'),
  };
}

/** @param folder for what is written on the way */
function documentLooks(path: string, both: readonly [string, string], folder: string, unlike: string[]): Look[] {
  const [before, after] = both;
  const fontsInside = hasAllFonts(before);
  const pages = Number(/^Pages:\s+(\d+)/m.exec(tool('pdfinfo', [before]))?.[1] ?? 0);
  const count = Math.min(pages, MOST_PAGES);
  return Array.from({ length: count }, (_, i) => 1 + Math.floor((i * pages) / count)).flatMap((page) => {
    try {
      const [one, other] = [drawn(before, page), drawn(after, page)];
      const { score: whole, windows } = inkLikeness(seenWhole(one), seenWhole(other));
      // Both blank: like each other, and no evidence of anything.
      if (windows === 0) return [];
      const scores = { pixels: inkLikeness(one, other).score, whole, ...otherScores(both, page, one, folder) };
      return [{ path, page, fontsInside, scores }];
    } catch (error) {
      unlike.push(`${path} page ${page}: ${(error as Error).message.slice(0, 100)}`);
      return [];
    }
  });
}

/** What decides nothing and may be missing. @param original poppler's picture of the page */
function otherScores(both: readonly [string, string], page: number, original: Grey, folder: string) {
  const [before] = both;
  const alike = (draw: (file: string) => Grey): number | undefined =>
    possibly(() => inkLikeness(draw(both[0]), draw(both[1])).score);
  const fine = (engine: Engine) => (file: string) => drawnFine(engine, file, page, DPI);
  const direct = (engine: Engine) => (file: string) => engine(file, page, DPI);
  const byMupdf = possibly(() => fine(mupdf)(before));
  return {
    mupdfFine: alike(fine(mupdf)),
    pdfiumFine: alike(fine(pdfium)),
    mupdfDirect: alike(direct(mupdf)),
    pdfiumDirect: alike(direct(pdfium)),
    flawless: possibly(() => inkLikeness(original, drawn(flawlessPicture(before, page, folder), 1)).score),
    engines: byMupdf && possibly(() => inkLikeness(original, byMupdf).score),
    enginesWhole: byMupdf && possibly(() => inkLikeness(seenWhole(original), seenWhole(byMupdf)).score),
  };
}

/** Undefined for what an engine cannot: MuPDF refuses some broken files, PDFium asks for a password that others try empty. */
function possibly<T>(draw: () => T): T | undefined {
  try {
    return draw();
  } catch {
    return undefined;
  }
}

/** The columns emb, sub, uni and object ID end each line of pdffonts' table; «no» in the first: the font is not embedded. */
const hasAllFonts = (file: string): boolean =>
  !/ no +(?:yes|no) +(?:yes|no) +(?:\d+ +\d+|\[none\])\s*$/m.test(tool('pdffonts', [file]));

/** The page at 100 dpi. @throws Error when poppler cannot */
const drawn = (file: string, page: number): Grey => drawnFine(poppler, file, page, DPI);

const scoreOf = ({ scores }: Look): number => scores.pixels ?? 0;

const known = (looks: readonly Look[], measure: Measure): readonly number[] =>
  looks.flatMap(({ scores }) => scores[measure] ?? []);

function quantile(looks: readonly Look[], part: number, measure: Measure): number {
  const sorted = known(looks, measure).toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function figures(inside: readonly Look[], standIn: readonly Look[]): string {
  const sets = [inside, [...inside, ...standIn]];
  const rows = (Object.keys(MEASURES) as Measure[]).map((measure) => [
    MEASURES[measure],
    ...sets.flatMap((looks) => [
      known(looks, measure).length,
      quantile(looks, 0.5, measure).toFixed(3),
      quantile(looks, 0.1, measure).toFixed(3),
    ]),
  ]);
  return markdownTable(['compared', 'pages, fonts inside', 'median', 'p10', 'all pages', 'median', 'p10'], rows);
}

const lowestTable = (looks: readonly Look[]): string =>
  markdownTable(
    ['page', 'fonts inside', 'single pixels', 'a flawless picture', 'PDFium', 'poppler with MuPDF'],
    looks.map(({ path, page, fontsInside, scores }) => [
      `${path} p. ${page}`,
      fontsInside ? 'yes' : 'no',
      ...[scores.pixels, scores.flawless, scores.pdfiumFine, scores.engines].map(
        (score) => score?.toFixed(3) ?? 'cannot',
      ),
    ]),
  );

/** Pages of text must fall below the bar when they are blank or drawn at half the resolution that the bar is about. */
async function controlProblems(
  files: readonly string[],
  looks: readonly Look[],
  chosen: readonly { readonly path: string }[],
): Promise<readonly string[]> {
  const judged = looks.filter(({ scores }) => (scores.whole ?? 0) >= LEAST_MEDIAN).slice(0, 12);
  const scores = { blank: [] as number[], coarse: [] as number[] };
  for (const { path, page } of judged) {
    const file = files[chosen.findIndex((each) => each.path === path)] ?? '';
    const original = drawn(file, page);
    const blank = { ...original, pixels: new Uint8Array(original.pixels.length).fill(255) };
    scores.blank.push(inkLikeness(seenWhole(original), seenWhole(blank)).score);
    const half = averaged(original, 2);
    const enlarged = await sharp(half.pixels, { raw: { width: half.width, height: half.height, channels: 1 } })
      .resize(original.width, original.height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    scores.coarse.push(inkLikeness(seenWhole(original), seenWhole({ ...original, pixels: enlarged })).score);
  }
  return Object.entries(scores).flatMap(([name, values]) => {
    const median = values.toSorted((one, other) => one - other)[values.length >> 1] ?? 1;
    return median < LEAST_MEDIAN ? [] : [`a ${name} page scores ${median.toFixed(3)}`];
  });
}

const SHEET = new URL('../../../docs/evidence/2/pdf-look.jpg', import.meta.url).pathname;
const [TILE_WIDTH, TILE_HEIGHT, COLUMNS] = [300, 424, 4];

/** Pairs from the lowest to the best, evenly; only documents whose licence allows to show a page here. */
async function contactSheet(
  looks: readonly Look[],
  files: readonly string[],
  chosen: readonly { readonly path: string }[],
  rows: readonly { readonly folder: string; readonly written: readonly string[] }[],
): Promise<string> {
  const showable = looks
    .filter(({ path }) => SHOWABLE.test(path))
    .toSorted((one, other) => scoreOf(one) - scoreOf(other));
  const pairs = Array.from({ length: 6 }, (_, i) => showable[Math.floor((i * (showable.length - 1)) / 5)]);
  const tiles: Buffer[] = [];
  for (const look of pairs) {
    const at = chosen.findIndex(({ path }) => path === look?.path);
    const row = rows[at];
    const after = join(row?.folder ?? '', row?.written.find((name) => name.endsWith('.pdf')) ?? '');
    for (const file of [files[at] ?? '', after]) {
      const { pixels, width, height } = drawn(file, look?.page ?? 1);
      const tile = await sharp(pixels, { raw: { width, height, channels: 1 } })
        .resize(TILE_WIDTH - 8, TILE_HEIGHT - 8, { fit: 'inside', background: 'white' })
        .extend({ top: 2, bottom: 2, left: 2, right: 2, background: '#888' })
        .png()
        .toBuffer();
      tiles.push(tile);
    }
  }
  mkdirSync(new URL('.', `file://${SHEET}`), { recursive: true });
  const composite = tiles.map((input, i) => ({
    input,
    left: (i % COLUMNS) * TILE_WIDTH + 2,
    top: Math.floor(i / COLUMNS) * TILE_HEIGHT + 2,
  }));
  await sharp({
    create: {
      width: COLUMNS * TILE_WIDTH,
      height: Math.ceil(tiles.length / COLUMNS) * TILE_HEIGHT,
      channels: 3,
      background: 'white',
    },
  })
    .composite(composite)
    .grayscale()
    .jpeg({ quality: 70 })
    .toFile(SHEET);
  const list = pairs
    .map((look) => `${look?.path} p. ${look?.page} (${look === undefined ? '' : scoreOf(look).toFixed(3)})`)
    .join(', ');
  return `docs/evidence/2/pdf-look.jpg: ${list}`;
}
