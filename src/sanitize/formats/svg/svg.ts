/**
 * SVG 1.1 / 2 → PNG.
 *
 * Danger: a page in disguise: scripts, handlers, HTML inside, pictures and styles fetched from elsewhere, entities that read
 * files or multiply (threats.tsv I05, X01–X04), drawings that take for ever.
 * Method: read as text in a known charset, a document type with definitions is refused before any parser sees it; drawn by
 * resvg in WebAssembly with our fonts, memory and size limited; encoded anew from the pixels.
 * Kept: the drawing, twice as fine as a screen shows it. Lost: everything active, links, whatever is not in the file itself,
 * animation, text as text (the picture shows it), sharpness at any size.
 */
import type { Removal } from '../../../message/outcome.ts';
import { blocked, type Conversion, type Converter, type UntrustedFile } from '../../converter.ts';
import { openSvg } from '../../engines/images/resvg.ts';
import { encodedPicture, stemOf } from '../image/encode.ts';
import { withOurFamilies } from './families.ts';
import { removalsOf } from './removals.ts';
import { svgText } from './text.ts';

/** Drawings have no pixels: this many an own pixel (96 an inch) make small ones print well, … */
const FINENESS = 2;
/** … as long as that makes no more than an A4 page at 190 dpi; larger ones are drawn as a screen shows them, … */
const MAX_FINE_PIXELS = 4_000_000;
/** … an A0 poster at most, or what the policy allows if that is less. */
const MAX_PIXELS = 16_000_000;
/** A filter costs a hundred times what a shape does: 20 blurs of 3.5 Mpx took 34 s. */
const MAX_FILTERED_PIXELS = 1_000_000;
const MAX_FILTERS = 200;
/** Longest side: a line of 100,000 × 1 pixels is no picture. */
const MAX_SIDE = 16_000;
/** The largest drawings (maps) have some megabytes of paths. */
const MAX_TEXT_CHARS = 24 * 1024 * 1024;

export const svg: Converter = {
  name: 'svg',
  accepts: ['svg'],
  documentation: {
    danger: 'Scripts, handlers, HTML, remote pictures, entities that read files or multiply, endless drawings.',
    method: 'Drawn by resvg in WebAssembly with fonts of ours, without any access; written as PNG.',
    kept: 'The drawing, twice as fine as on a screen, Japanese text in it.',
    lost: 'Everything active, links, remote content, animation, text as text, transparency.',
  },

  async convert(file, { policy }) {
    const text = svgText(file.bytes, MAX_TEXT_CHARS);
    if (text.kind === 'refused') return blocked(text.reason, text.detail);
    const filters = text.text.match(/<(?:[\w.-]{1,40}:)?filter[\s>]|\bfilter\s*[=:]/g)?.length ?? 0;
    if (filters > MAX_FILTERS) return blocked('limit-exceeded', `${filters} filters`);
    const most = Math.min(policy.limits.maxMegapixels * 1e6, filters > 0 ? MAX_FILTERED_PIXELS : MAX_PIXELS);
    return await drawn(file, text.text, most);
  },
};

async function drawn(file: UntrustedFile, text: string, maxPixels: number): Promise<Conversion> {
  try {
    const hasText = /<(?:[\w.-]{1,40}:)?text[\s>/]/.test(text);
    const drawing = await openSvg(hasText ? withOurFamilies(text) : text, hasText);
    const pixels = drawing.draw(widthOf(drawing, maxPixels));
    const { type, bytes } = await encodedPicture(pixels, false);
    const removed: readonly Removal[] = removalsOf(text);
    const stem = stemOf(file.untrustedName);
    return { kind: 'converted', outcome: 'image', files: [{ type, untrustedStem: stem, bytes }], removed };
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError)
      return blocked('limit-exceeded', `the engine stopped: ${error.message}`);
    return blocked('malformed', String(error).slice(0, 200));
  }
}

/** Pixels in a row. @throws RangeError for a drawing without a size. */
export function widthOf(
  { width, height }: { readonly width: number; readonly height: number },
  maxPixels: number,
): number {
  if (!(width > 0 && height > 0 && Number.isFinite(width * height))) throw new RangeError('no size');
  const area = width * height;
  const fine = Math.max(1, Math.min(FINENESS, Math.sqrt(MAX_FINE_PIXELS / area)));
  const scale = Math.min(fine, Math.sqrt(maxPixels / area), MAX_SIDE / Math.max(width, height));
  return Math.max(1, Math.round(width * scale));
}
