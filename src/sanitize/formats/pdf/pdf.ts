/**
 * PDF (ISO 32000) → a PDF of ours: each page a picture, the text over it invisibly.
 *
 * Danger: scripts, actions, embedded files, forms that send, fonts and images that attack their readers, content that
 * shows differently in different programs.
 * Method: PDFium in WebAssembly draws each page and tells each character's place; writer.ts makes a new file from
 * pixels and characters. Nothing of the original's structure is copied.
 * Kept: the look at 150 dpi, searchable and copyable text in its place, field values, bookmarks as titles and places,
 * files in it as files of their own; comments, and links that lead elsewhere than they show, as text on pages at the end.
 * Lost: everything active, links (also those inside the document), layers, vector sharpness, metadata, signatures.
 */

import { blocked, type Conversion, type ConvertContext, type Converter, type SafeFile } from '../../converter.ts';
import { openDocument, type PdfDocument } from '../../engines/pdfium/document.ts';
import { activeNames } from './active-names.ts';
import { addedPages, readBeside } from './beside.ts';
import { failureOf } from './failure.ts';
import { beginPages } from './pages.ts';
import { documentFacts, removalsOf } from './removals.ts';

export const pdf: Converter = {
  name: 'pdf',
  accepts: ['pdf'],
  documentation: {
    danger: 'Scripts, actions, embedded files, exploits against fonts and images, pages that look different elsewhere.',
    method: 'Each page is drawn by PDFium in WebAssembly; a new PDF is written from pixels and characters.',
    kept: 'The look at the configured resolution, searchable text in its place, field values, bookmarks, files in it (each made safe for itself), comments and link targets (listed on pages at the end).',
    lost: 'Everything active, links that can be clicked, layers, vector graphics, metadata, signatures, hidden text and hidden comments.',
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

function refusal(error: unknown, document: PdfDocument | undefined): Conversion {
  const failure = failureOf(error, document);
  if (failure === undefined) throw error;
  return blocked(failure.reason, failure.detail);
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
  const isLate = (): boolean => performance.now() >= context.deadline;
  const pages = beginPages(document.pageCount, bytes, context);
  const facts = documentFacts(document);
  const beside = readBeside(document, bytes, context);
  await pages.own(beside.document);
  const added = await addedPages(beside, document.pageCount, context);
  const { writer, annotations, layer, limits: met, failedPages } = await pages.rest();
  const originals = writer.pages;
  for (const page of added.pages) writer.addPage(page);
  const result = writer.finish(beside.outline.items, originals);
  if (result.length > limits.maxOutputBytes) return blocked('limit-exceeded', `result of ${result.length} bytes`);
  const detail = [beside.detail, added.cut ? 'the list at the end was cut' : '']
    .filter((piece) => piece !== '')
    .join('; ');
  const file: SafeFile = { type: 'pdf', untrustedStem, bytes: result, pages: writer.pages };
  return {
    kind: 'converted',
    outcome: 'rebuilt',
    files: [file],
    entries: beside.embedded.entries,
    links: beside.links.reports,
    removed: removalsOf(facts, annotations, layer, activeNames(bytes, isLate), { ...beside, failedPages }),
    ...(met.length > 0 ? { limits: met } : {}),
    ...(detail === '' ? {} : { detail }),
  };
}
