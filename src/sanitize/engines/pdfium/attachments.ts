/** Files in a PDF: those of the document (name tree EmbeddedFiles, portfolios) and those pinned to a page (FileAttachment). */
import type { PdfDocument } from './document.ts';
import { utf16Text } from './strings.ts';

/** FPDF_ANNOT_FILEATTACHMENT. */
const FILE_ATTACHMENT = 17;

/** Where a file stands in the document; the same in each instance that opens the same bytes. */
export type Place =
  | { readonly kind: 'document'; readonly index: number }
  | { readonly kind: 'page'; readonly page: number; readonly index: number };

export interface Attachment {
  readonly untrustedName: string;
  readonly place: Place;
}

/**
 * All of them, at most `most`; a file specification used twice is one file. Does not decode anything.
 * @returns `total`: how many there are
 */
export function attachmentsOf(
  document: PdfDocument,
  most: number,
): { readonly files: readonly Attachment[]; readonly total: number } {
  const files: Attachment[] = [];
  const seen = new Set<number>();
  let total = 0;
  for (const place of placesOf(document)) {
    const handle = handleAt(document, place);
    if (handle === 0 || seen.has(handle)) continue;
    seen.add(handle);
    total++;
    if (files.length < most) files.push({ untrustedName: nameOf(document, handle), place });
  }
  return { files, total };
}

function* placesOf(document: PdfDocument): Generator<Place> {
  const { lib } = document.instance;
  const count = Math.max(0, lib.FPDFDoc_GetAttachmentCount(document.handle));
  for (let index = 0; index < count; index++) yield { kind: 'document', index };
  for (let page = 0; page < document.pageCount; page++) {
    const annotations = lib.EPDFPage_GetAnnotCountRaw(document.handle, page);
    for (let index = 0; index < annotations; index++) yield { kind: 'page', page, index };
  }
}

/** 0 when there is no file at that place. */
function handleAt(document: PdfDocument, place: Place): number {
  const { lib } = document.instance;
  if (place.kind === 'document') return lib.FPDFDoc_GetAttachment(document.handle, place.index);
  const annotation = lib.EPDFPage_GetAnnotRaw(document.handle, place.page, place.index);
  if (annotation === 0) return 0;
  const file =
    lib.FPDFAnnot_GetSubtype(annotation) === FILE_ATTACHMENT ? lib.FPDFAnnot_GetFileAttachment(annotation) : 0;
  // The handle is the document's object, not the annotation's: it outlives this.
  lib.FPDFPage_CloseAnnot(annotation);
  return file;
}

const nameOf = (document: PdfDocument, handle: number): string =>
  utf16Text(document, (buffer, length) => document.instance.lib.FPDFAttachment_GetName(handle, buffer, length));

export type Read =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large'; readonly bytes: number };

/** The file's bytes, decoded. @throws WebAssembly.RuntimeError when decoding needs more than the heap may have */
export function readAttachment(document: PdfDocument, place: Place, maxBytes: number): Read {
  const { instance } = document;
  const { lib } = instance;
  const handle = handleAt(document, place);
  if (handle === 0) return { kind: 'missing' };
  const lengthAt = lib.malloc(4);
  const found = lib.FPDFAttachment_GetFile(handle, 0, 0, lengthAt) !== 0;
  const length = instance.view().getUint32(lengthAt, true);
  if (!found) return { kind: 'missing' };
  if (length > maxBytes) return { kind: 'too-large', bytes: length };
  const buffer = lib.malloc(Math.max(1, length));
  if (buffer === 0) return { kind: 'too-large', bytes: length };
  if (lib.FPDFAttachment_GetFile(handle, buffer, length, lengthAt) === 0) return { kind: 'missing' };
  return { kind: 'read', bytes: instance.bytes().slice(buffer, buffer + length) };
}
