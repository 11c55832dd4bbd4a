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
import { embeddedFiles } from './embedded.ts';
import { failureOf } from './failure.ts';
import { outlineOf } from './outline.ts';
import { writePages } from './pages.ts';
import { activeNames, documentFacts, removalsOf } from './removals.ts';
import type { LayerCounts } from './text-layer.ts';

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
  const layer: LayerCounts = { hidden: 0, control: 0, bidi: 0, unmapped: 0 };
  const facts = documentFacts(document);
  const embedded = embeddedFiles(document, bytes, context);
  const outline = outlineOf(document);
  const { writer, annotations, coarser } = await writePages(document, layer, context);
  const result = writer.finish(outline.items);
  if (result.length > limits.maxOutputBytes) return blocked('limit-exceeded', `result of ${result.length} bytes`);
  const file: SafeFile = { type: 'pdf', untrustedStem, bytes: result, pages: writer.pages };
  return {
    kind: 'converted',
    outcome: 'rebuilt',
    files: [file],
    entries: embedded.entries,
    removed: removalsOf(facts, annotations, layer, activeNames(bytes), embedded.left),
    ...(coarser > 0 ? { limits: ['maxMegapixels'] } : {}),
  };
}
