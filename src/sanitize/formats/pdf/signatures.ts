/** Signatures of the original in words: the rebuilt file has none, the original keeps them (the notice says so). */
import { cleanLine } from '../../body/characters.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { signaturesOf } from '../../engines/pdfium/signatures.ts';

/** As many as a report's detail has room for. */
const MAX_TOLD = 5;

/** For the report's detail: kind, time and reason of the first ones; '' without signatures. */
export function signatureDetail(document: PdfDocument): string {
  const told = signaturesOf(document, MAX_TOLD).map(({ untrustedKind, untrustedReason, untrustedTime }) =>
    [cleanLine(untrustedKind, 40), dateOf(untrustedTime), quoted(cleanLine(untrustedReason, 60))]
      .filter((piece) => piece !== '')
      .join(' '),
  );
  return told.length === 0 ? '' : `signed: ${told.join('; ')}`;
}

const quoted = (reason: string): string => (reason === '' ? '' : `«${reason}»`);

function dateOf(untrusted: string): string {
  const [, year, month = '01', day = '01'] = /^D:(\d{4})(\d\d)?(\d\d)?/.exec(untrusted) ?? [];
  return year === undefined ? '' : `${year}-${month}-${day}`;
}
