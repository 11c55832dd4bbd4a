/**
 * Files in a PDF as files of their own: each goes its way through detection and conversion, one level deeper.
 *
 * Danger: what lies in a PDF is not looked at by filters that look at PDFs (CVE-2018-4993 came as an attachment of an
 * attachment); bombs in its streams. Method: an engine instance of its own for each file, opened when its turn comes, so
 * that what breaks while one is unpacked takes nothing else along, and no two heaps stand open.
 */
import { blocked, type ConvertContext, type Held, type InnerFile, type OpenLimits } from '../../converter.ts';
import { type Attachment, attachmentsOf, type Place, readAttachment } from '../../engines/pdfium/attachments.ts';
import { openDocument, type PdfDocument } from '../../engines/pdfium/document.ts';

export interface Embedded {
  readonly entries: readonly InnerFile[];
  /** Files beyond what the message may still hold: they are lost, and said so. */
  readonly left: number;
}

/** @param bytes of the PDF itself; stay in memory until the last entry is opened */
export function embeddedFiles(document: PdfDocument, bytes: Uint8Array, context: ConvertContext): Embedded {
  const { files, total } = attachmentsOf(document, Math.max(0, context.left.files));
  const entries = files.map((file) => innerFile(file, bytes, context.passwords));
  return { entries, left: total - files.length };
}

const innerFile = (
  { untrustedName, place }: Attachment,
  bytes: Uint8Array,
  passwords: readonly string[],
): InnerFile => ({
  untrustedName,
  otherUntrustedNames: [],
  untrustedCharset: '',
  declaredType: '',
  levels: 1,
  open: (limits) => opened(bytes, passwords, place, limits),
});

function opened(
  bytes: Uint8Array,
  passwords: readonly string[],
  place: Place,
  { maxBytes }: OpenLimits,
): Uint8Array | Held {
  const again = openDocument(bytes, passwords);
  if (again.kind !== 'open') return blocked('malformed', 'cannot be opened a second time');
  const { document } = again;
  try {
    const read = readAttachment(document, place, maxBytes);
    if (read.kind === 'read') return read.bytes;
    if (read.kind === 'too-large') return blocked('limit-exceeded', `${read.bytes} bytes, at most ${maxBytes}`);
    return blocked('malformed', 'named in the PDF, but its content is missing');
  } catch (error) {
    if (document.instance.heapLimitReached()) return blocked('limit-exceeded', 'needs more memory than it may have');
    if (error instanceof WebAssembly.RuntimeError) return blocked('malformed', `the engine stopped: ${error.message}`);
    throw error;
  }
}
