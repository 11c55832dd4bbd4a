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

/** The writer's: sides have two decimals. */
const STEPS_PER_POINT = 100;
/** Every other size or so fits; what is tried is nearer than a twentieth of a point, which nobody sees. */
const STEPS = [0, 1, -1, 2, -2, 3, -3, 4, -4] as const;

/**
 * A page's size, changed by a hair, at which a picture of the page is no larger than its pixels.
 *
 * Engines compute in single precision: 841.89 / 1753 · 1753 is more than 841.89 there, the picture then covers a part of
 * one pixel more, and is drawn stretched over it when our own output comes back (INV-08: an eighth more bytes).
 */
export function fittedExtent({ widthPt, heightPt }: Extent, { width, height, dpi }: PictureSize): Extent {
  const scale = dpi / POINTS_PER_INCH;
  return { widthPt: fittedSide(widthPt, width, scale), heightPt: fittedSide(heightPt, height, scale) };
}

/** @param scale pixels per point */
function fittedSide(sidePt: number, pixels: number, scale: number): number {
  const nearest = Math.round(sidePt * STEPS_PER_POINT);
  const sides = STEPS.map((step) => (nearest + step) / STEPS_PER_POINT);
  return sides.find((side) => side <= MAX_PAGE_PT && isFilled(Math.fround(side), pixels, scale)) ?? sidePt;
}

/** As an engine reckons: points of the page to pixels, then points of the picture by that. @param side single precision */
const isFilled = (side: number, pixels: number, scale: number): boolean =>
  Math.floor(side * scale) === pixels && Math.fround(side * Math.fround(pixels / side)) <= pixels;
