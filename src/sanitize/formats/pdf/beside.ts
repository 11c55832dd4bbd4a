/** What a PDF holds beside its pages, read before they are drawn: files, bookmarks, comments, links, signatures. */
import type { ConvertContext } from '../../converter.ts';
import { besideContent, type Note } from '../../engines/pdfium/annotations.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { type Embedded, embeddedFiles } from './embedded.ts';
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

/** @param bytes of the PDF itself */
export function readBeside(document: PdfDocument, bytes: Uint8Array, context: ConvertContext): BesidePages {
  const isLate = (): boolean => performance.now() >= context.deadline;
  const { notes, links, insideLinks } = besideContent(document, { notes: MAX_NOTES, links: MAX_LINKS, isLate });
  const outline = outlineOf(document);
  const detail = [
    signatureDetail(document),
    insideLinks > 0 ? `links inside the document: ${insideLinks}` : '',
    outline.cut ? 'bookmarks were cut' : '',
  ].filter((piece) => piece !== '');
  return {
    embedded: embeddedFiles(document, bytes, context),
    outline,
    notes,
    links: toldLinks(links, context.policy.links),
    detail: detail.join('; '),
  };
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
