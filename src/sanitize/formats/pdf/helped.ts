/**
 * Pages that another process drew: written as plain data there, read here as what a stranger says.
 *
 * That process opened the same hostile document as this one, so it may be the attacker's. Every number is looked at, text goes
 * through the same sieve as our own, and what does not fit makes the whole answer void: the pages are then drawn here. Whether a
 * picture is what its form says is for the inspector, as with pictures of this process.
 */
import type { Help } from '../../converter.ts';
import type { Annotations } from '../../engines/pdfium/page.ts';
import { fateOf } from './clean.ts';
import { type DrawnPage, PAGE_LIMITS, type PageLimit } from './drawn.ts';
import { MAX_SIDE_PIXELS } from './page-size.ts';
import { MAX_ADVANCE } from './text-font.ts';
import type { LayerCounts } from './text-layer.ts';
import type { Glyph, PageContent, PageImage, Run } from './writer.ts';

type Fields = Readonly<Record<string, unknown>>;

/** docs/output-grammar-pdf.md §3–§5. */
const [MAX_PAGE_PT, MAX_COEFFICIENT, MAX_RUN, MAX_UNITS, MAX_COLOURS] = [14_400, 100_000, 4_000, 16, 256];
const MAX_ACTIONS = 100_000;

/** As plain data: pictures leave their bytes beside the JSON. */
export function parcelOf(pages: readonly DrawnPage[]): Help {
  const rows = pages.map(({ content, ...rest }) => {
    const { image, ...place } = content;
    const { data, ...form } = image;
    const palette = form.kind === 'indexed' ? Buffer.from(form.palette).toString('hex') : '';
    return { ...rest, content: { ...place, image: { ...form, palette } } };
  });
  return { body: { kind: 'pages', pages: rows }, blobs: pages.map(({ content }) => content.image.data) };
}

/** The pages from … to - 1, or undefined when the answer is not that, in any detail. */
export function helpedPages(parcel: Help | undefined, from: number, to: number): readonly DrawnPage[] | undefined {
  const body = recordOf(parcel?.body);
  const rows = body?.['pages'];
  if (parcel === undefined || body?.['kind'] !== 'pages' || !Array.isArray(rows)) return undefined;
  if (rows.length !== parcel.blobs.length) return undefined;
  const pages: DrawnPage[] = [];
  for (const [i, row] of rows.entries()) {
    const page = pageOf(recordOf(row), parcel.blobs[i]);
    if (page === undefined) return undefined;
    pages.push(page);
  }
  return pages.length === to - from ? pages : undefined;
}

const recordOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const numberIn = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

const countIn = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && numberIn(value, least, most);

function pageOf(row: Fields | undefined, data: Uint8Array | undefined): DrawnPage | undefined {
  const content = contentOf(recordOf(row?.['content']), data);
  const annotations = annotationsOf(recordOf(row?.['annotations']));
  const layer = layerOf(recordOf(row?.['layer']));
  const limits = row?.['limits'];
  if (content === undefined || annotations === undefined || layer === undefined) return undefined;
  if (!Array.isArray(limits) || !limits.every(isLimit)) return undefined;
  // Nobody who helps sends a page that failed: it is tried once more here.
  return row?.['failed'] === undefined ? { content, annotations, layer, limits } : undefined;
}

const isLimit = (value: unknown): value is PageLimit => PAGE_LIMITS.some((limit) => limit === value);

function contentOf(content: Fields | undefined, data: Uint8Array | undefined): PageContent | undefined {
  const { widthPt, heightPt, runs } = content ?? {};
  const image = imageOf(recordOf(content?.['image']), data);
  if (image === undefined || !Array.isArray(runs)) return undefined;
  if (!numberIn(widthPt, 0.01, MAX_PAGE_PT) || !numberIn(heightPt, 0.01, MAX_PAGE_PT)) return undefined;
  const read = runs.map((run) => runOf(recordOf(run), widthPt, heightPt));
  return read.every((run) => run !== undefined) ? { widthPt, heightPt, image, runs: read } : undefined;
}

function imageOf(image: Fields | undefined, data: Uint8Array | undefined): PageImage | undefined {
  const { kind, width, height, bits, palette } = image ?? {};
  if (!countIn(width, 1, MAX_SIDE_PIXELS) || !countIn(height, 1, MAX_SIDE_PIXELS)) return undefined;
  if (data === undefined || data.length === 0) return undefined;
  if (kind === 'grey' || kind === 'bilevel' || kind === 'jpeg') return { kind, width, height, data };
  if (kind !== 'indexed' || (bits !== 4 && bits !== 8) || typeof palette !== 'string') return undefined;
  if (!/^(?:[0-9a-f]{6})+$/.test(palette) || palette.length > MAX_COLOURS * 6) return undefined;
  return { kind, width, height, data, bits, palette: Buffer.from(palette, 'hex') };
}

function runOf(run: Fields | undefined, widthPt: number, heightPt: number): Run | undefined {
  const { vertical, matrix, glyphs } = run ?? {};
  if (typeof vertical !== 'boolean' || !Array.isArray(matrix) || !Array.isArray(glyphs)) return undefined;
  const [a, b, c, d, e, f, ...more]: readonly unknown[] = matrix;
  const isSmall = (value: unknown): value is number => numberIn(value, -MAX_COEFFICIENT, MAX_COEFFICIENT);
  if (more.length > 0 || !isSmall(a) || !isSmall(b) || !isSmall(c) || !isSmall(d)) return undefined;
  if (!numberIn(e, 0, widthPt) || !numberIn(f, 0, heightPt)) return undefined;
  if (glyphs.length < 1 || glyphs.length > MAX_RUN || !glyphs.every(isGlyph)) return undefined;
  return { vertical, matrix: [a, b, c, d, e, f], glyphs };
}

function isGlyph(value: unknown): value is Glyph {
  const { text, advance } = recordOf(value) ?? {};
  if (typeof text !== 'string' || text.length < 1 || text.length > MAX_UNITS) return false;
  return countIn(advance, 0, MAX_ADVANCE) && [...text].every((letter) => fateOf(letter.codePointAt(0) ?? 0) === 'keep');
}

function annotationsOf(fields: Fields | undefined): Annotations | undefined {
  const { links, widgets, attachments, notes, actions } = fields ?? {};
  const isCount = (value: unknown): value is number => countIn(value, 0, MAX_ACTIONS);
  if (!isCount(links) || !isCount(widgets) || !isCount(attachments) || !isCount(notes)) return undefined;
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS || !actions.every(isCount)) return undefined;
  return { links, widgets, attachments, notes, actions };
}

function layerOf(fields: Fields | undefined): LayerCounts | undefined {
  const { hidden, control, bidi, unmapped } = fields ?? {};
  const isCount = (value: unknown): value is number => countIn(value, 0, Number.MAX_SAFE_INTEGER);
  return isCount(hidden) && isCount(control) && isCount(bidi) && isCount(unmapped)
    ? { hidden, control, bidi, unmapped }
    : undefined;
}
