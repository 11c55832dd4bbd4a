/** How large a page's picture is, and how large the page may be shown. */
import type { Limits } from '../../../policy/policy.ts';
import type { Page } from '../../engines/pdfium/page.ts';
import { LimitExceeded } from './failure.ts';

const POINTS_PER_INCH = 72;
/** PDF 1.7, Annex C: the largest page a reader must show, in points. */
const MAX_PAGE_PT = 14_400;
/** Grammar: longest side of a picture. */
export const MAX_SIDE_PIXELS = 20_000;
/** Large pages are drawn coarser to stay within the pixel limit; below this nothing can be read and they are refused. */
export const LOWEST_DPI = 30;

export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly dpi: number;
  /** True when a limit made it lower than wanted. */
  readonly coarser: boolean;
}

type Extent = Pick<Page, 'widthPt' | 'heightPt'>;

/** Pixels of the page's picture at `dpi`, or at a lower resolution that fits the limits. @throws LimitExceeded */
export function pictureSize(page: Extent, dpi: number, limits: Limits): PictureSize {
  const wanted = dpi / POINTS_PER_INCH;
  const byArea = Math.sqrt((limits.maxMegapixels * 1e6) / (page.widthPt * page.heightPt));
  const bySide = MAX_SIDE_PIXELS / Math.max(page.widthPt, page.heightPt);
  const scale = Math.min(wanted, byArea, bySide);
  if (!(scale * POINTS_PER_INCH >= LOWEST_DPI)) {
    throw new LimitExceeded(`page of ${Math.round(page.widthPt)} × ${Math.round(page.heightPt)} points`);
  }
  return {
    // Below, never up: a picture one pixel wider than its page at this resolution is stretched by the engine when our own
    // output comes back, and grows by an eighth (INV-08). Rounding to the nearest was tried: similarity + 0.007.
    width: Math.max(1, Math.floor(page.widthPt * scale)),
    height: Math.max(1, Math.floor(page.heightPt * scale)),
    dpi: scale * POINTS_PER_INCH,
    coarser: scale < wanted,
  };
}

/** By how much a page beyond the largest that readers take is shown smaller; 1 for all others. */
export const shrinkOf = ({ widthPt, heightPt }: Extent): number =>
  Math.min(1, MAX_PAGE_PT / Math.max(widthPt, heightPt));
