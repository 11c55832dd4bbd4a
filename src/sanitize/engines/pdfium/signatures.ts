/** Electronic signatures as the document names them. Nothing is verified: what we write has no signature in any case. */
import type { PdfDocument } from './document.ts';
import { byteText, utf16Text } from './strings.ts';

export interface Signature {
  /** Kind, like `adbe.pkcs7.detached` or `ETSI.RFC3161`. */
  readonly untrustedKind: string;
  readonly untrustedReason: string;
  /** As the signer's clock had it, PDF date `D:YYYYMMDDHHmmSS…`. */
  readonly untrustedTime: string;
}

/** The first `most` of them. */
export function signaturesOf(document: PdfDocument, most: number): readonly Signature[] {
  const { lib } = document.instance;
  const count = Math.min(most, Math.max(0, lib.FPDF_GetSignatureCount(document.handle)));
  return Array.from({ length: count }, (_, index) => lib.FPDF_GetSignatureObject(document.handle, index))
    .filter((handle) => handle !== 0)
    .map((handle) => ({
      untrustedKind: byteText(document, (buffer, length) => lib.FPDFSignatureObj_GetSubFilter(handle, buffer, length)),
      untrustedReason: utf16Text(document, (buffer, length) => lib.FPDFSignatureObj_GetReason(handle, buffer, length)),
      untrustedTime: byteText(document, (buffer, length) => lib.FPDFSignatureObj_GetTime(handle, buffer, length)),
    }));
}
