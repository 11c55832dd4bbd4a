/** One page → its picture and its text, as plain data for the writer. */
import type { ConvertContext } from '../../converter.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { type Page, renderPage } from '../../engines/pdfium/page.ts';
import { Malformed } from './failure.ts';
import { type PictureSize, pictureSize, shrinkOf } from './page-size.ts';
import { encodePicture } from './pixels.ts';
import { type LayerCounts, textLayer } from './text-layer.ts';
import type { PageContent, Run } from './writer.ts';

export const sizeOf = (page: Page, { policy }: ConvertContext): PictureSize =>
  pictureSize(page, policy.pdfDpi, policy.limits);

/** Draws the page now; what it returns resolves once the picture is encoded. */
export async function drawPage(
  document: PdfDocument,
  page: Page,
  size: PictureSize,
  pause: number,
  layer: LayerCounts,
): Promise<PageContent> {
  const picture = renderPage(document, page, size.width, size.height, pause);
  if (picture === undefined) throw new Malformed('a page cannot be drawn');
  const runs = textLayer(document, page, picture, layer);
  const encoding = encodePicture(picture.rgbx(), size.width, size.height);
  picture.free();
  return { ...shrunk(page, runs), image: await encoding };
}

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
