/**
 * A page of ours in the place of one that failed: says which page is missing and why, as picture and as text.
 *
 * It is a small PDF of our own words, drawn by an engine of its own and by the same code as every page, so nothing of the
 * failed document takes part in it.
 */
import { type PageFailure, pageFailureLines } from '../../../message/texts-pages.ts';
import type { Policy } from '../../../policy/policy.ts';
import { openDocument } from '../../engines/pdfium/document.ts';
import { pauseAt } from '../../engines/pdfium/page.ts';
import { Buffers } from './buffers.ts';
import { startPage } from './draw.ts';
import type { DrawnPage } from './drawn.ts';
import type { Failure } from './failure.ts';

export interface Extent {
  readonly widthPt: number;
  readonly heightPt: number;
}

/** A4, for documents none of whose pages could be opened. */
export const A4: Extent = { widthPt: 595, heightPt: 842 };

/** Longest line in em: the sentence with the reference number. */
const LINE_EM = 38;
const [SMALLEST_PT, LARGEST_PT] = [3, 14];
const LEADING = 1.8;
/** Ten words in black on white: drawn in milliseconds. */
const TIME_MS = 5_000;

/** @param from, to: indices of the pages that it stands for, from 0, both included */
export async function noticePage(
  failure: Failure,
  from: number,
  to: number,
  extent: Extent,
  policy: Policy,
): Promise<DrawnPage> {
  const bytes = documentOf(failure.reason, from + 1, to + 1, extent);
  const opened = openDocument(bytes, []);
  if (opened.kind !== 'open') throw new Error('the engine does not open a page of ours');
  const { document } = opened;
  const until = performance.now() + TIME_MS;
  const drawing = {
    document,
    bytes,
    policy,
    pause: pauseAt(document, () => until),
    pageBytes: Number.MAX_SAFE_INTEGER,
    buffers: new Buffers(),
  };
  const drawn = await startPage(drawing, 0).page;
  return { ...drawn, failed: { failure, pages: to - from + 1 } };
}

function documentOf(reason: PageFailure, from: number, to: number, { widthPt, heightPt }: Extent): Buffer {
  // Giant pages are drawn coarser; here a large sheet is enough.
  const [width, height] = [widthPt, heightPt].map((side) => Math.min(2_000, Math.max(72, Math.round(side)))) as [
    number,
    number,
  ];
  const { ja, en } = pageFailureLines(reason, from, to);
  const size = Math.min(LARGEST_PT, Math.max(SMALLEST_PT, (width * 0.85) / LINE_EM));
  const left = width * 0.075;
  let y = height * 0.92;
  const shown = (font: string, text: string): string => {
    y -= size * LEADING;
    return `BT /${font} ${size.toFixed(2)} Tf ${left.toFixed(2)} ${y.toFixed(2)} Td ${text} Tj ET`;
  };
  const lines = [
    ...ja.map((line) => shown('J', `<${Buffer.from(line, 'utf16le').swap16().toString('hex')}>`)),
    ...en.map((line) => shown('E', `(${line})`)),
  ];
  const content = `0 g ${lines.join('\n')}`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Resources << /Font << /J 5 0 R /E 7 0 R >> >> /Contents 4 0 R >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /MS-Gothic /Encoding /UniJIS-UTF16-H /DescendantFonts [6 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /MS-Gothic /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 6 >> /DW 1000 /W [1 94 500] /FontDescriptor 8 0 R >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    '<< /Type /FontDescriptor /FontName /MS-Gothic /Flags 4 /FontBBox [0 -137 1000 859] /ItalicAngle 0 /Ascent 859 /Descent -137 /CapHeight 769 /StemV 78 >>',
  ];
  const body = objects.map((object, i) => `${i + 1} 0 obj\n${object}\nendobj\n`).join('');
  return Buffer.from(`%PDF-1.7\n${body}trailer\n<< /Root 1 0 R >>\n%%EOF\n`, 'latin1');
}
