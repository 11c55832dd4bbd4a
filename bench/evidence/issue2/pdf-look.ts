/**
 * Do rebuilt pages look like the original's? poppler, which takes no part in the rebuilding, draws both; the pictures are
 * compared by structural similarity where there is ink.
 *
 * How: each page at 300 dpi, averaged 3 × 3 to a picture of 100 dpi. Averaged, because poppler reduces pictures by leaving
 * out pixels: at 100 dpi it would compare its own shortcut. Then SSIM as its authors' reference program computes it for a
 * picture seen whole: averaged by F = max(1, round(shorter side / 256)) first («The SSIM index for image quality
 * assessment», suggested usage). Beside it stands the same at single pixels of 100 dpi, where two engines of repute no
 * longer agree on one and the same original: poppler against MuPDF is measured with it, and tells how much of the
 * difference is anybody's drawing and how much ours.
 *
 * Cheats and what catches them: a blurred or coarse rebuilding (control: an original drawn at 50 dpi must fall short), a
 * page without its text (control: blank pages), few easy pages (all pages of the kinds count, up to a number per document).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { allPdfs, openablePdfs } from '../../pdf-corpus.ts';
import { markdownTable, sample, sanitizeFiles } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';
import { averaged, type Grey, inkLikeness, seenWhole } from './ssim.ts';

const [LEAST_MEDIAN, LEAST_TENTH] = [0.97, 0.9];
/** Of one document: a manual of 88 pages must not outvote 40 letters. */
const MOST_PAGES = 6;
const [DPI, FINER] = [100, 3];
const [SAMPLED, SEED] = [8, 23];
const KINDS: ReadonlySet<string> = new Set(['pdf', 'pdf-ja']);

/** Licences under which a small picture of a page may stand in this repository (MANIFEST.tsv, LICENSES.md). */
const SHOWABLE = /^(?:jsclasses|platex|bxjscls|pxrubrica|tika|fess-crawler)\//;

interface Look {
  readonly path: string;
  readonly page: number;
  /** False: a font is missing in the document, and each program stands in its own. */
  readonly fontsInside: boolean;
  readonly score: number;
  readonly pixels: number;
  /** poppler against MuPDF, both drawing the original; undefined when MuPDF cannot. */
  readonly engines: { readonly score: number; readonly pixels: number } | undefined;
}

export const pdfLook: Section = {
  name: 'pdf-look',
  bar: 'PDFs of the kinds pdf and pdf-ja: page pictures (100 dpi, ink areas only) of original and rebuilt by an independent renderer: SSIM median ≥ 0.97, p10 ≥ 0.90; contact sheet kept.',
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
    looks.push(...documentLooks(path, file, join(row.folder, written), unlike));
  }
  const inside = looks.filter(({ fontsInside }) => fontsInside);
  const standIn = looks.filter(({ fontsInside }) => !fontsInside);
  const [median, tenth] = [quantile(inside, 0.5), quantile(inside, 0.1)];
  const controls = await controlProblems(files, inside, chosen);
  const sheet = short ? 'not drawn in the short form' : await contactSheet(inside, files, chosen, rows);
  const lowest = looks.toSorted((one, other) => one.score - other.score).slice(0, 16);
  const holds =
    inside.length > 0 && median >= LEAST_MEDIAN && tenth >= LEAST_TENTH && controls.length === 0 && unlike.length === 0;
  const engines = inside.filter((look) => look.engines !== undefined);
  return {
    holds,
    summary: `${inside.length} pages of ${new Set(inside.map(({ path }) => path)).size} documents with their fonts inside: SSIM median ${median.toFixed(3)}, p10 ${tenth.toFixed(3)}; poppler against MuPDF on the originals: median ${quantile(engines, 0.5, enginesScore).toFixed(3)}, p10 ${quantile(engines, 0.1, enginesScore).toFixed(3)}`,
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

function documentLooks(path: string, before: string, after: string, unlike: string[]): Look[] {
  const fontsInside = hasAllFonts(before);
  const pages = Number(/^Pages:\s+(\d+)/m.exec(tool('pdfinfo', [before]))?.[1] ?? 0);
  return Array.from(
    { length: Math.min(pages, MOST_PAGES) },
    (_, i) => 1 + Math.floor((i * pages) / Math.min(pages, MOST_PAGES)),
  ).flatMap((page) => {
    try {
      const [one, other] = [drawn(POPPLER, before, page), drawn(POPPLER, after, page)];
      const { score, windows } = inkLikeness(seenWhole(one), seenWhole(other));
      // Both blank: like each other, and no evidence of anything.
      if (windows === 0) return [];
      return [
        {
          path,
          page,
          fontsInside,
          score,
          pixels: inkLikeness(one, other).score,
          engines: enginesOn(before, page, one),
        },
      ];
    } catch (error) {
      unlike.push(`${path} page ${page}: ${(error as Error).message.slice(0, 100)}`);
      return [];
    }
  });
}

function enginesOn(file: string, page: number, poppler: Grey): Look['engines'] {
  try {
    const mupdf = drawn(MUPDF, file, page);
    return {
      score: inkLikeness(seenWhole(poppler), seenWhole(mupdf)).score,
      pixels: inkLikeness(poppler, mupdf).score,
    };
  } catch {
    // MuPDF refuses some broken files, or draws another page box.
    return undefined;
  }
}

/** The columns emb, sub, uni and object ID end each line of pdffonts' table; «no» in the first: the font is not embedded. */
const hasAllFonts = (file: string): boolean =>
  !/ no +(?:yes|no) +(?:yes|no) +(?:\d+ +\d+|\[none\])\s*$/m.test(tool('pdffonts', [file]));

type Program = (file: string, page: number, dpi: number) => readonly [string, readonly string[]];

const POPPLER: Program = (file, page, dpi) => [
  'pdftoppm',
  ['-gray', '-cropbox', '-r', String(dpi), '-f', String(page), '-l', String(page), '-singlefile', file],
];
const MUPDF: Program = (file, page, dpi) => [
  'mutool',
  ['draw', '-q', '-c', 'gray', '-F', 'pgm', '-r', String(dpi), '-o', '-', file, String(page)],
];

/** The page at 100 dpi. @throws Error when the program cannot */
const drawn = (program: Program, file: string, page: number): Grey =>
  averaged(pgm(...program(file, page, DPI * FINER)), FINER);

function pgm(program: string, args: readonly string[]): Grey {
  const bytes = execFileSync(program, args, {
    maxBuffer: 1 << 29,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  const head = /^P5\s+(?:#.*\n)?(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 100));
  if (head === null) throw new Error(`${program} drew nothing`);
  return { width: Number(head[1]), height: Number(head[2]), pixels: bytes.subarray(head[0].length) };
}

function tool(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? '');
  }
}

const enginesScore = ({ engines }: Look): number => engines?.score ?? 0;

function quantile(looks: readonly Look[], part: number, of: (look: Look) => number = ({ score }) => score): number {
  const sorted = looks.map(of).toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function figures(inside: readonly Look[], standIn: readonly Look[]): string {
  const row = (name: string, looks: readonly Look[], of?: (look: Look) => number): readonly (string | number)[] => [
    name,
    looks.length,
    quantile(looks, 0.5, of).toFixed(3),
    quantile(looks, 0.1, of).toFixed(3),
  ];
  const drawnByBoth = (looks: readonly Look[]): readonly Look[] => looks.filter(({ engines }) => engines !== undefined);
  return markdownTable(
    ['compared', 'pages', 'median', 'p10'],
    [
      row('fonts inside: ours with the original, seen whole (the bar)', inside),
      row('– poppler with MuPDF on the original, seen whole', drawnByBoth(inside), enginesScore),
      row('– ours with the original, single pixels of 100 dpi', inside, ({ pixels }) => pixels),
      row('– poppler with MuPDF, single pixels', drawnByBoth(inside), ({ engines }) => engines?.pixels ?? 0),
      row('all of them: ours with the original, seen whole', [...inside, ...standIn]),
      row('a font missing: ours with the original, seen whole', standIn),
      row('– poppler with MuPDF on the original, seen whole', drawnByBoth(standIn), enginesScore),
    ],
  );
}

const lowestTable = (looks: readonly Look[]): string =>
  markdownTable(
    ['page', 'fonts inside', 'seen whole', 'poppler with MuPDF'],
    looks.map(({ path, page, fontsInside, score, engines }) => [
      `${path} p. ${page}`,
      fontsInside ? 'yes' : 'no',
      score.toFixed(3),
      engines === undefined ? 'MuPDF cannot' : engines.score.toFixed(3),
    ]),
  );

/** Pages of text must fall below the bar when they are blank or drawn at half the resolution that the bar is about. */
async function controlProblems(
  files: readonly string[],
  looks: readonly Look[],
  chosen: readonly { readonly path: string }[],
): Promise<readonly string[]> {
  const judged = looks.filter(({ score }) => score >= LEAST_MEDIAN).slice(0, 12);
  const scores = { blank: [] as number[], coarse: [] as number[] };
  for (const { path, page } of judged) {
    const file = files[chosen.findIndex((each) => each.path === path)] ?? '';
    const original = drawn(POPPLER, file, page);
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
  const showable = looks.filter(({ path }) => SHOWABLE.test(path)).toSorted((one, other) => one.score - other.score);
  const pairs = Array.from({ length: 6 }, (_, i) => showable[Math.floor((i * (showable.length - 1)) / 5)]);
  const tiles: Buffer[] = [];
  for (const look of pairs) {
    const at = chosen.findIndex(({ path }) => path === look?.path);
    const row = rows[at];
    const after = join(row?.folder ?? '', row?.written.find((name) => name.endsWith('.pdf')) ?? '');
    for (const file of [files[at] ?? '', after]) {
      const { pixels, width, height } = drawn(POPPLER, file, look?.page ?? 1);
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
  const list = pairs.map((look) => `${look?.path} p. ${look?.page} (${look?.score.toFixed(3)})`).join(', ');
  return `docs/evidence/2/pdf-look.jpg: ${list}`;
}
