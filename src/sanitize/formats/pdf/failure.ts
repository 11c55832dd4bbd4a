/** Every way a document or one of its pages can fail inside the engine, as a reason. */
import type { BlockReason } from '../../../message/outcome.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { TimeIsUp } from '../../engines/pdfium/page.ts';

/** A limit of ours that a document met. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
}

/** The document is broken where it matters. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** No page could be drawn: the document ends as the first of them did. */
export class AllFailed extends Error {
  override readonly name = 'AllFailed';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

export interface Failure {
  readonly reason: Extract<BlockReason, 'timeout' | 'limit-exceeded' | 'malformed'>;
  readonly detail: string;
}

/** What an error says about the document; `undefined` when it says something about us. */
export function failureOf(error: unknown, document: PdfDocument | undefined): Failure | undefined {
  if (error instanceof AllFailed) return error.failure;
  if (error instanceof TimeIsUp) return { reason: 'timeout', detail: `time is up ${error.message}` };
  if (error instanceof LimitExceeded) return { reason: 'limit-exceeded', detail: error.message };
  if (error instanceof Malformed) return { reason: 'malformed', detail: error.message };
  if (document?.instance.heapLimitReached() === true)
    return { reason: 'limit-exceeded', detail: 'needs more memory than a document may have' };
  if (error instanceof RangeError && /call stack/.test(error.message))
    return { reason: 'limit-exceeded', detail: 'nested too deep' };
  if (error instanceof WebAssembly.RuntimeError)
    return { reason: 'malformed', detail: `the engine stopped: ${error.message}` };
  return undefined;
}
