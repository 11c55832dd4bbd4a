/** What a PDF holds beside its pages, read before they are drawn: files, bookmarks, comments, links, signatures. */
import type { ConvertContext } from '../../converter.ts';
import { type Beside, besideContent, type Note } from '../../engines/pdfium/annotations.ts';
import { type Opened, openDocument, type PdfDocument } from '../../engines/pdfium/document.ts';
import { type Embedded, embeddedFiles } from './embedded.ts';
import { failureOf, Malformed } from './failure.ts';
import { type ToldLinks, toldLinks } from './links.ts';
import { listPages } from './list-pages.ts';
import { listText } from './list-text.ts';
import { type Outline, outlineOf } from './outline.ts';
import { signatureDetail } from './signatures.ts';
import type { PageContent } from './writer.ts';

export interface BesidePages {
  readonly embedded: Embedded;
  readonly outline: Outline;
  readonly notes: readonly Note[];
  readonly links: ToldLinks;
  /** For the report's detail; '' when there is nothing to say. */
  readonly detail: string;
}

/** Ten times the comments of the most annotated document of the corpora; links of a large catalogue. */
const MAX_NOTES = 2000;
const MAX_LINKS = 2000;
/** docs/output-grammar-pdf.md §1. */
const MAX_PAGES = 2000;

/**
 * Each kind for itself: what breaks the engine costs that kind and an instance, not the document.
 * @param bytes of the PDF itself
 * @returns with the document to go on with: another instance where the first broke
 */
export function readBeside(
  first: PdfDocument,
  bytes: Uint8Array,
  context: ConvertContext,
): BesidePages & { readonly document: PdfDocument } {
  const reading = new Reading(first, () => openDocument(bytes, context.passwords));
  const isLate = (): boolean => performance.now() >= context.deadline;
  const limits = { notes: MAX_NOTES, links: MAX_LINKS, isLate };
  const { notes, links, insideLinks } =
    reading.attempt('texts under links', (document) => besideContent(document, { ...limits, texts: true })) ??
    reading.attempt('comments and links', (document) => besideContent(document, { ...limits, texts: false })) ??
    NOTHING;
  const outline = reading.attempt('bookmarks', outlineOf) ?? { items: [], cut: true };
  const signed = reading.attempt('signatures', signatureDetail) ?? '';
  // Nobody knows how many there are then.
  const embedded = reading.attempt('files in it', (document) => embeddedFiles(document, bytes, context)) ?? {
    entries: [],
    left: 1,
  };
  const detail = [
    signed,
    insideLinks > 0 ? `links inside the document: ${insideLinks}` : '',
    outline.cut ? 'bookmarks were cut' : '',
    reading.failed.length > 0 ? `could not be read: ${reading.failed.join(', ')}` : '',
  ].filter((piece) => piece !== '');
  return {
    document: reading.document,
    embedded,
    outline,
    notes,
    links: toldLinks(links, context.policy.links),
    detail: detail.join('; '),
  };
}

const NOTHING: Beside = { notes: [], links: [], insideLinks: 0 };

class Reading {
  document: PdfDocument;
  readonly failed: string[] = [];
  readonly #open: () => Opened;

  constructor(document: PdfDocument, open: () => Opened) {
    this.document = document;
    this.#open = open;
  }

  /** undefined when the engine broke over it. @throws TimeIsUp, and what failureOf does not know: a fault of ours */
  attempt<T>(what: string, read: (document: PdfDocument) => T): T | undefined {
    try {
      const value = read(this.document);
      if (!this.document.instance.heapLimitReached()) return value;
    } catch (error) {
      const failure = failureOf(error, this.document);
      if (failure === undefined || failure.reason === 'timeout') throw error;
    }
    this.failed.push(what);
    const opened = this.#open();
    if (opened.kind !== 'open') throw new Malformed('does not open again');
    this.document = opened.document;
    return undefined;
  }
}

/** Pages that tell what the rebuilt ones cannot carry. @param written pages that the document itself will have */
export async function addedPages(
  { notes, links }: BesidePages,
  written: number,
  context: ConvertContext,
): Promise<{ readonly pages: readonly PageContent[]; readonly cut: boolean }> {
  const paragraphs = listText(notes, links.listed, context.policy.links);
  return paragraphs.length === 0
    ? { pages: [], cut: false }
    : await listPages(paragraphs, MAX_PAGES - written, context);
}
