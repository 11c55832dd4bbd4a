/** The pages of a TIFF → a PDF of ours. A page that cannot be read becomes a page that says so; the others go on. */
import { promisify } from 'node:util';
import { deflate as deflateCallback } from 'node:zlib';
import { type BuiltBytes, blocked, type Conversion, type ConvertContext, type UntrustedFile } from '../../converter.ts';
import { type MagickInstance, openMagick } from '../../engines/images/magick.ts';
import type { Pixels } from '../../engines/images/pixels.ts';
import { encodedPicture, flattenedRgba, stemOf } from '../image/encode.ts';
import { fewColours } from '../pdf/palette.ts';
import { bilevelPicture } from '../pdf/pixels.ts';
import { type PageContent, type PageImage, PdfWriter } from '../pdf/writer.ts';
import { SinglePages, type TiffPage, type TiffPages } from './directory.ts';
import { noticePage } from './notice-page.ts';
import { pageSizeOf } from './page-size.ts';
import { removalsOf } from './removals.ts';

const deflate = promisify(deflateCallback);

/** docs/output-grammar-pdf.md §6: longest side of a picture. */
const MAX_SIDE = 20_000;
/** A sheet of A4 in points. */
const A4 = { widthPt: 595, heightPt: 842 } as const;
/** Everything between ink and paper; more than this share of it on a page is a photograph or a coloured print. */
const TONAL_SHARE = 0.15;

/** The engine of one document. After a page that fails, what it left behind is not trusted with the next one. */
interface Engine {
  magick: MagickInstance | undefined;
  readonly maxPixels: number;
}

export async function writeDocument(
  file: UntrustedFile,
  found: TiffPages,
  { policy, deadline }: ConvertContext,
): Promise<Conversion> {
  const { limits } = policy;
  const engine: Engine = { magick: undefined, maxPixels: limits.maxMegapixels * 1_000_000 };
  const singles = new SinglePages(file.bytes, found);
  const contents: (PageContent | undefined)[] = [];
  let [bytes, tooLarge] = [0, 0];
  for (const [index, page] of found.pages.entries()) {
    if (!(performance.now() < deadline)) return blocked('timeout', `time is up at page ${index + 1}`);
    if (bytes > limits.maxOutputBytes) return blocked('limit-exceeded', 'result grows beyond the limit');
    const fits = page.width * page.height <= engine.maxPixels && Math.max(page.width, page.height) <= MAX_SIDE;
    if (!fits) tooLarge++;
    const content = fits ? await contentOf(engine, singles, page) : undefined;
    bytes += content?.image.data.length ?? 0;
    contents.push(content);
  }
  if (contents.every((content) => content === undefined)) {
    return tooLarge > 0
      ? blocked('limit-exceeded', `maxMegapixels: ${found.pages[0]?.width} × ${found.pages[0]?.height}`)
      : blocked('malformed', 'no decoder could read any page');
  }
  const written = await pdfOf(contents, deadline);
  if (written === undefined) return blocked('timeout', 'time is up at the pages that could not be read');
  const failed = contents.flatMap((content, index) => (content === undefined ? [index + 1] : []));
  return {
    kind: 'converted',
    outcome: 'pdf',
    files: [{ type: 'pdf', untrustedStem: stemOf(file.untrustedName), bytes: written, pages: contents.length }],
    removed: removalsOf(found),
    ...(tooLarge > 0 ? { limits: ['maxMegapixels'] } : {}),
    ...(failed.length > 0 ? { detail: `pages not readable: ${failed.join(', ')}`.slice(0, 200) } : {}),
  };
}

/** Undefined when time is up. */
async function pdfOf(
  contents: readonly (PageContent | undefined)[],
  deadline: number,
): Promise<BuiltBytes | undefined> {
  const writer = new PdfWriter();
  for (const [index, content] of contents.entries()) {
    if (!(performance.now() < deadline)) return undefined;
    writer.addPage(content ?? (await unreadable(index + 1)));
  }
  return writer.finish();
}

/** Undefined when no decoder can read the page. */
async function contentOf(engine: Engine, singles: SinglePages, page: TiffPage): Promise<PageContent | undefined> {
  engine.magick ??= await openMagick(engine.maxPixels);
  try {
    const bytes = singles.only(page);
    const image = page.isBilevel ? bilevelImage(engine.magick, bytes) : await tonalImage(engine.magick, bytes);
    return { ...pageSizeOf(page), image, runs: [] };
  } catch {
    // Damaged, or larger than it said: the page is told of; the instance that failed is not used again.
    engine.magick = undefined;
    return undefined;
  }
}

function bilevelImage(magick: MagickInstance, bytes: Uint8Array): PageImage {
  const { width, height, red } = magick.readRed('Tiff', bytes);
  return bilevelPicture(packedBits(red, width, height), width, height);
}

/** Rows of whole bytes, first pixel in the highest bit, 1 is black. */
function packedBits(red: Uint8Array, width: number, height: number): Uint8Array {
  const rowBytes = (width + 7) >> 3;
  const bits = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if ((red[at] ?? 255) >= 128) continue;
      const byte = y * rowBytes + (x >> 3);
      bits[byte] = (bits[byte] ?? 0) | (0x80 >> (x & 7));
    }
  }
  return bits;
}

/** Text stays sharp as few greys or colours; what has tones between becomes a JPEG. */
async function tonalImage(magick: MagickInstance, bytes: Uint8Array): Promise<PageImage> {
  const pixels = magick.read('Tiff', bytes, { autoOrient: true });
  const { width, height } = pixels;
  if (!isTonal(pixels)) {
    const rgbx = flattenedRgba(pixels);
    const few = fewColours(rgbx, width, height);
    if (few !== undefined) {
      const { packed, ...form } = few;
      return { ...form, width, height, data: await deflate(packed) };
    }
  }
  return { kind: 'jpeg', width, height, data: (await encodedPicture(pixels, true)).bytes };
}

/** Many pixels between ink and paper: 16 greys would show steps there. Every 16th pixel tells. */
function isTonal({ width, height, rgba }: Pixels): boolean {
  const step = width * height > 10_000 ? 16 : 1;
  let [seen, between] = [0, 0];
  for (let at = 0; at < rgba.length; at += 4 * step, seen++) {
    const green = rgba[at + 1] ?? 0;
    if (green > 40 && green < 215) between++;
  }
  return between > seen * TONAL_SHARE;
}

async function unreadable(page: number): Promise<PageContent> {
  const { width, height, rgba } = await noticePage(page);
  const bits = packedBits(
    rgba.filter((_, at) => at % 4 === 0),
    width,
    height,
  );
  return { ...A4, image: bilevelPicture(bits, width, height), runs: [] };
}
