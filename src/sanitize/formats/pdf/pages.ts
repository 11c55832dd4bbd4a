/** The page loop: draws each page of an open document and hands it to the writer. */
import type { ConvertContext } from '../../converter.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { type Annotations, closePage, openPage, pauseAt, TimeIsUp } from '../../engines/pdfium/page.ts';
import { drawPage, sizeOf } from './draw.ts';
import { LimitExceeded, Malformed } from './failure.ts';
import type { LayerCounts } from './text-layer.ts';
import { type PageContent, PdfWriter } from './writer.ts';

export interface WrittenPages {
  readonly writer: PdfWriter;
  readonly annotations: readonly Annotations[];
  /** Pages drawn coarser than the policy wants. */
  readonly coarser: number;
}

/** @throws TimeIsUp, LimitExceeded, Malformed, or what the engine throws */
export async function writePages(
  document: PdfDocument,
  layer: LayerCounts,
  context: ConvertContext,
): Promise<WrittenPages> {
  const writer = new PdfWriter();
  const annotations: Annotations[] = [];
  const pause = pauseAt(document, context.deadline);
  let coarser = 0;
  // A page's JPEG is encoded on sharp's threads while the next page is drawn here.
  let before: Promise<PageContent> | undefined;
  for (let index = 0; index < document.pageCount; index++) {
    if (performance.now() > context.deadline) throw new TimeIsUp(`at page ${index + 1} of ${document.pageCount}`);
    if (writer.bytes > context.policy.limits.maxOutputBytes) throw new LimitExceeded('result grows beyond the limit');
    const page = openPage(document, index);
    if (page === undefined) throw new Malformed(`page ${index + 1} cannot be read`);
    annotations.push(page.annotations);
    const size = sizeOf(page, context);
    if (size.coarser) coarser++;
    const content = drawPage(document, page, size, pause, layer);
    content.catch(() => undefined);
    closePage(document, page);
    if (before !== undefined) writer.addPage(await before);
    before = content;
  }
  if (before !== undefined) writer.addPage(await before);
  layer.unmapped += writer.dropped;
  return { writer, annotations, coarser };
}
