/**
 * PDF (ISO 32000) → a PDF of ours: each page a picture, the text over it invisibly.
 *
 * Danger: scripts, actions, embedded files, forms that send, fonts and images that attack their readers, content that
 * shows differently in different programs.
 * Method: PDFium in WebAssembly draws each page and tells each character's place; writer.ts makes a new file from
 * pixels and characters. Nothing of the original's structure is copied.
 * Kept: the look at 150 dpi, searchable and copyable text in its place, field values. Lost: everything active, links,
 * bookmarks, layers, vector sharpness, metadata, signatures.
 */

import { blocked, type Conversion, type ConvertContext, type Converter, type SafeFile } from '../../converter.ts';
import { openDocument, type PdfDocument } from '../../engines/pdfium/document.ts';
import {
  type Annotations,
  closePage,
  openPage,
  type Page,
  pauseAt,
  renderPage,
  TimeIsUp,
} from '../../engines/pdfium/page.ts';
import { encodePicture } from './pixels.ts';
import { activeNames, documentFacts, removalsOf } from './removals.ts';
import { TextFont } from './text-font.ts';
import { type LayerCounts, textLayer } from './text-layer.ts';
import { type PageContent, PdfWriter, type Run, type TextFonts } from './writer.ts';

const POINTS_PER_INCH = 72;
/** PDF 1.7, Annex C: the largest page a reader must show, in points. */
const MAX_PAGE_PT = 14_400;
/** Grammar: longest side of a picture. */
const MAX_SIDE_PIXELS = 20_000;
/** Large pages are drawn coarser to stay within the pixel limit; below this nothing can be read and they are refused. */
const LOWEST_DPI = 30;

/** A limit of ours that a document met. */
class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
}

/** The document is broken where it matters. */
class Malformed extends Error {
  override readonly name = 'Malformed';
}

export const pdf: Converter = {
  name: 'pdf',
  accepts: ['pdf'],
  documentation: {
    danger: 'Scripts, actions, embedded files, exploits against fonts and images, pages that look different elsewhere.',
    method: 'Each page is drawn by PDFium in WebAssembly; a new PDF is written from pixels and characters.',
    kept: 'The look at the configured resolution, searchable text in its place, field values.',
    lost: 'Everything active, links, bookmarks, layers, vector graphics, metadata, signatures, hidden text.',
  },

  async convert(file, context) {
    let document: PdfDocument | undefined;
    try {
      const opened = openDocument(file.bytes, context.passwords);
      if (opened.kind === 'password') return { kind: 'waiting-for-password', detail: passwordDetail(context) };
      if (opened.kind === 'unreadable') return blocked('malformed', opened.detail);
      document = opened.document;
      return await rebuild(document, file.bytes, stemOf(file.untrustedName), context);
    } catch (error) {
      return refusal(error, document);
    }
  },
};

const stemOf = (name: string): string => name.replace(/\.pdf$/i, '');

const passwordDetail = ({ passwords }: ConvertContext): string =>
  passwords.length === 0 ? 'needs a password' : `none of ${passwords.length} known passwords opens it`;

/** Every way a document can fail inside the engine, as a reason. */
function refusal(error: unknown, document: PdfDocument | undefined): Conversion {
  if (error instanceof TimeIsUp) return blocked('timeout', `time is up ${error.message}`);
  if (error instanceof LimitExceeded) return blocked('limit-exceeded', error.message);
  if (error instanceof Malformed) return blocked('malformed', error.message);
  if (document?.instance.heapLimitReached() === true) {
    return blocked('limit-exceeded', 'needs more memory than a document may have');
  }
  if (error instanceof RangeError && /call stack/.test(error.message))
    return blocked('limit-exceeded', 'nested too deep');
  if (error instanceof WebAssembly.RuntimeError) return blocked('malformed', `the engine stopped: ${error.message}`);
  throw error;
}

async function rebuild(
  document: PdfDocument,
  bytes: Uint8Array,
  untrustedStem: string,
  context: ConvertContext,
): Promise<Conversion> {
  const { limits } = context.policy;
  if (document.formType === 'xfa-dynamic')
    return blocked('dynamic-form', 'dynamic XFA form: its pages exist only in a program that runs it');
  if (document.pageCount < 1) return blocked('malformed', 'has no pages');
  if (document.pageCount > limits.maxPages) {
    return blocked('limit-exceeded', `${document.pageCount} pages, at most ${limits.maxPages}`);
  }
  const fonts: TextFonts = { horizontal: new TextFont(), vertical: new TextFont() };
  const layer: LayerCounts = { hidden: 0, control: 0, bidi: 0, unmapped: 0 };
  const facts = documentFacts(document);
  const { writer, annotations, coarser } = await writePages(document, fonts, layer, context);
  const result = writer.finish(fonts);
  if (result.length > limits.maxOutputBytes) return blocked('limit-exceeded', `result of ${result.length} bytes`);
  const file: SafeFile = { type: 'pdf', untrustedStem, bytes: result, pages: writer.pages };
  return {
    kind: 'converted',
    outcome: 'rebuilt',
    files: [file],
    removed: removalsOf(facts, annotations, layer, activeNames(bytes)),
    ...(coarser > 0 ? { limits: ['maxMegapixels'] } : {}),
    ...(facts.embeddedNames.length > 0 ? { detail: `embedded: ${facts.embeddedNames.join(', ')}` } : {}),
  };
}

async function writePages(
  document: PdfDocument,
  fonts: TextFonts,
  layer: LayerCounts,
  context: ConvertContext,
): Promise<{ readonly writer: PdfWriter; readonly annotations: readonly Annotations[]; readonly coarser: number }> {
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
    const size = pictureSize(page, context);
    if (size.coarser) coarser++;
    const content = drawPage(document, page, size, pause, fonts, layer);
    content.catch(() => undefined);
    closePage(document, page);
    if (before !== undefined) writer.addPage(await before);
    before = content;
  }
  if (before !== undefined) writer.addPage(await before);
  return { writer, annotations, coarser };
}

interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly coarser: boolean;
}

/** Pixels of the page's picture at the policy's resolution, or at a lower one that fits the limits. */
function pictureSize(page: Page, context: ConvertContext): PictureSize {
  const { pdfDpi, limits } = context.policy;
  const wanted = pdfDpi / POINTS_PER_INCH;
  const byArea = Math.sqrt((limits.maxMegapixels * 1e6) / (page.widthPt * page.heightPt));
  const bySide = MAX_SIDE_PIXELS / Math.max(page.widthPt, page.heightPt);
  const scale = Math.min(wanted, byArea, bySide);
  if (!(scale * POINTS_PER_INCH >= LOWEST_DPI)) {
    throw new LimitExceeded(`page of ${Math.round(page.widthPt)} × ${Math.round(page.heightPt)} points`);
  }
  return {
    width: Math.max(1, Math.floor(page.widthPt * scale)),
    height: Math.max(1, Math.floor(page.heightPt * scale)),
    coarser: scale < wanted,
  };
}

async function drawPage(
  document: PdfDocument,
  page: Page,
  size: PictureSize,
  pause: number,
  fonts: TextFonts,
  layer: LayerCounts,
): Promise<PageContent> {
  const picture = renderPage(document, page, size.width, size.height, pause);
  if (picture === undefined) throw new Malformed('a page cannot be drawn');
  const runs = textLayer(document, page, picture, fonts, layer);
  const encoding = encodePicture(picture.rgbx(), size.width, size.height);
  picture.free();
  return { ...shrunk(page, runs), image: await encoding };
}

/** A page beyond the largest that readers take is shown smaller, its text with it. */
function shrunk({ widthPt, heightPt }: Page, runs: readonly Run[]): Pick<PageContent, 'widthPt' | 'heightPt' | 'runs'> {
  const scale = MAX_PAGE_PT / Math.max(widthPt, heightPt);
  if (scale >= 1) return { widthPt, heightPt, runs };
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
