/** One page → its picture and its text, as plain data for the writer. */

import type { Policy } from '../../../policy/policy.ts';
import { charactersOf } from '../../engines/pdfium/characters.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { closePage, openPage, type Page, renderPage } from '../../engines/pdfium/page.ts';
import type { Buffers } from './buffers.ts';
import { type DrawnPage, emptyLayer, type PageLimit } from './drawn.ts';
import { Malformed } from './failure.ts';
import { fittedExtent, MAX_SIDE_PIXELS, type PictureSize, pictureSize, shrinkOf } from './page-size.ts';
import { photoOf } from './photo.ts';
import { bilevelPicture, encodePhoto, encodePicture, packBits, scaled } from './pixels.ts';
import { type Scan, scanOf } from './scan.ts';
import { textLayer } from './text-layer.ts';
import type { PageContent, PageImage, Run } from './writer.ts';

/** What drawing a page needs beside the page. */
export interface Drawing {
  readonly document: PdfDocument;
  /** The document's own. */
  readonly bytes: Uint8Array;
  readonly policy: Policy;
  /** From pauseAt. */
  readonly pause: number;
  /** A page's picture above this is made again, coarser. */
  readonly pageBytes: number;
  /** Of this document alone. */
  readonly buffers: Buffers;
}

export interface Started {
  /** Pixels held until the page is done. */
  readonly pixels: number;
  readonly page: Promise<DrawnPage>;
}

/**
 * Does everything that needs the engine now, and the rest (scaling, encoding) on the way.
 * @throws Malformed, LimitExceeded, TimeIsUp, or what the engine throws
 */
export function startPage(drawing: Drawing, index: number): Started {
  const { document, policy, bytes } = drawing;
  const page = openPage(document, index);
  if (page === undefined) throw new Malformed(`page ${index + 1} cannot be read`);
  try {
    const size = pictureSize(page, policy.pdfDpi, policy.limits);
    const scan = scanOf(document, page, bytes, policy.limits.maxMegapixels * 1e6, drawing.buffers);
    const pixels = size.width * size.height;
    const drawn = scan === undefined ? undefined : drawScan(drawing, page, scan, size);
    if (scan !== undefined && drawn !== undefined) {
      return { pixels: pixels + scan.width * scan.height, page: drawn };
    }
    return { pixels, page: drawByEngine(drawing, page, size) };
  } finally {
    closePage(document, page);
  }
}

/** Until the first `await` everything runs before this returns, so the page may be closed then. */
function drawByEngine({ document, pause, pageBytes }: Drawing, page: Page, size: PictureSize): Promise<DrawnPage> {
  const picture = renderPage(document, page, size.width, size.height, pause);
  if (picture === undefined) throw new Malformed('a page cannot be drawn');
  // All characters first: reading them may grow the heap and with it move the picture.
  const characters = [...charactersOf(document, page)];
  const layer = emptyLayer();
  const { width, height } = size;
  const rgbx = picture.rgbx();
  const fitted = { ...page, ...fittedExtent(page, size) };
  const runs = textLayer(characters, fitted, { width, height, channels: 4, pixels: rgbx }, layer);
  const encoding = encodePicture({ width, height, rgbx }, pageBytes);
  picture.free();
  return encoding.then(({ image, isCoarser }) => drawnPage(fitted, runs, image, layer, limitsMet(size, isCoarser)));
}

function drawScan(drawing: Drawing, page: Page, scan: Scan, size: PictureSize): Promise<DrawnPage> | undefined {
  if (scan.data.kind === 'photo') return drawPhoto(drawing, page, scan, scan.data.rgb, size);
  const drawn = drawBilevel(drawing, page, scan, scan.data.grey);
  return drawn === undefined ? undefined : Promise.resolve(drawn);
}

function drawPhoto(
  { document, pageBytes, buffers }: Drawing,
  page: Page,
  scan: Scan,
  rgb: Uint8Array<ArrayBuffer>,
  size: PictureSize,
): Promise<DrawnPage> {
  const characters = [...charactersOf(document, page)];
  return photoOf(scan, rgb, size).then(async (photo) => {
    const { width, height } = photo;
    // What hides is looked for in the very pixels that are shown: those of the source have more noise.
    const source =
      characters.length === 0 ? photo.source : { rgb: await scaled(photo.source, width, height), width, height };
    const layer = emptyLayer();
    const runs = textLayer(characters, page, { width, height, channels: 3, pixels: source.rgb }, layer);
    const { image, isCoarser } = await encodePhoto(source, width, height, pageBytes);
    buffers.give(rgb);
    return drawnPage(page, runs, image, layer, limitsMet(size, isCoarser));
  });
}

/** A picture that is all black and white, upright and whole: kept at its own resolution. */
function drawBilevel(
  { document, pageBytes }: Drawing,
  page: Page,
  { turn, crop, width, height }: Scan,
  grey: Uint8Array,
): DrawnPage | undefined {
  if (turn !== 0 || crop.width !== width || crop.height !== height) return undefined;
  if (Math.max(width, height) > MAX_SIDE_PIXELS) return undefined;
  const bits = packBits(grey, width, height);
  const image = bits === undefined ? undefined : bilevelPicture(bits, width, height);
  if (image === undefined || image.data.length > pageBytes) return undefined;
  const layer = emptyLayer();
  const characters = [...charactersOf(document, page)];
  const runs = textLayer(characters, page, { width, height, channels: 1, pixels: grey }, layer);
  return drawnPage(page, runs, image, layer, []);
}

const limitsMet = (size: PictureSize, isCoarser: boolean): readonly PageLimit[] => [
  ...(size.coarser ? (['maxMegapixels'] as const) : []),
  ...(isCoarser ? (['maxPageBytes'] as const) : []),
];

const drawnPage = (
  page: Page,
  runs: readonly Run[],
  image: PageImage,
  layer: DrawnPage['layer'],
  limits: readonly PageLimit[],
): DrawnPage => ({ content: { ...shrunk(page, runs), image }, annotations: page.annotations, layer, limits });

/** A page beyond the largest that readers take is shown smaller, its text with it. */
function shrunk({ widthPt, heightPt }: Page, runs: readonly Run[]): Pick<PageContent, 'widthPt' | 'heightPt' | 'runs'> {
  const scale = shrinkOf({ widthPt, heightPt });
  if (scale === 1) return { widthPt, heightPt, runs };
  const matrixOf = ({ matrix: [a, b, c, d, e, f] }: Run): Run['matrix'] => [
    a * scale,
    b * scale,
    c * scale,
    d * scale,
    e * scale,
    f * scale,
  ];
  return {
    widthPt: widthPt * scale,
    heightPt: heightPt * scale,
    runs: runs.map((run) => ({ ...run, matrix: matrixOf(run) })),
  };
}
