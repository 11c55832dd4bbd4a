/** How large a TIFF's page is on paper, and whether what is on it is a document or a photograph. Pure. */
import type { TiffPage } from './directory.ts';

const POINTS_PER_INCH = 72;
const MM_PER_INCH = 25.4;
/** PDF 1.7, Annex C: the largest page a reader must show; and what still prints as more than a dot. */
const [MIN_PAGE_PT, MAX_PAGE_PT] = [3, 14_400];
/** Without a resolution: what scanners and fax machines use for black and white, and what the pages of our PDFs have. */
const USUAL_DPI = { bilevel: 200, other: 150 } as const;

/** Sheets that offices put on a scanner, in millimetres: A3, A4, A5, B4, B5 (JIS), Letter, Legal. */
const SHEETS = [
  [297, 420],
  [210, 297],
  [148, 210],
  [257, 364],
  [182, 257],
  [216, 279],
  [216, 356],
] as const;
/** Scanners cut a little; a photograph that happens to be within is a page, which does no harm. */
const SHEET_TOLERANCE_MM = 4;

export interface PageSize {
  readonly widthPt: number;
  readonly heightPt: number;
}

/** Upright: turned as the page's orientation says. */
export function pageSizeOf(page: TiffPage): PageSize {
  const usual = page.isBilevel ? USUAL_DPI.bilevel : USUAL_DPI.other;
  const { x, y } = page.dpi ?? { x: usual, y: usual };
  const sides = [(page.width / x) * POINTS_PER_INCH, (page.height / y) * POINTS_PER_INCH] as const;
  const scale = Math.min(1, MAX_PAGE_PT / Math.max(...sides));
  const [width, height] = sides.map((side) => Math.max(MIN_PAGE_PT, side * scale)) as [number, number];
  return page.orientation >= 5 ? { widthPt: height, heightPt: width } : { widthPt: width, heightPt: height };
}

/**
 * One page that is black and white, whose pixels are not square, or that has the size of a sheet of paper, is a document
 * and becomes a PDF; any other single picture stays a picture. Several pages are always a document.
 */
export function isDocument(pages: readonly TiffPage[]): boolean {
  const [page, ...more] = pages;
  if (page === undefined || more.length > 0) return true;
  if (page.isBilevel) return true;
  if (page.dpi === undefined) return false;
  if (Math.abs(page.dpi.x / page.dpi.y - 1) > 0.02) return true;
  const { widthPt, heightPt } = pageSizeOf(page);
  const millimetres = [widthPt, heightPt].map((side) => (side / POINTS_PER_INCH) * MM_PER_INCH).sort((a, b) => a - b);
  return SHEETS.some((sheet) => sheet.every((side, i) => Math.abs(side - (millimetres[i] ?? 0)) <= SHEET_TOLERANCE_MM));
}
