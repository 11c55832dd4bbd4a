/**
 * Some pages of a document, one after another, whatever becomes of single ones.
 *
 * A page that fails becomes a page of ours that says so, and the rest goes on. After a trap, or once the heap was full, the
 * engine is not asked again: the document is opened anew in another instance for the pages that follow.
 */
import type { Policy } from '../../../policy/policy.ts';
import { openDocument, type PdfDocument } from '../../engines/pdfium/document.ts';
import { pauseAt } from '../../engines/pdfium/page.ts';
import { Buffers } from './buffers.ts';
import { type Started, startPage } from './draw.ts';
import type { DrawnPage } from './drawn.ts';
import { type Failure, failureOf } from './failure.ts';
import { A4, type Extent, noticePage } from './notice-page.ts';

export interface Source {
  readonly bytes: Uint8Array;
  readonly passwords: readonly string[];
  readonly policy: Policy;
  /** performance.now() at which drawing ends; pages that are left then become one page of ours. */
  readonly deadline: number;
  /** Budget of one page's picture. */
  readonly pageBytes: number;
}

/** Pages whose pictures may be encoded on other threads while the next one is drawn, and their pixels together (16 bytes each). */
const MAX_AHEAD = 2;
const MAX_PIXELS_AHEAD = 24_000_000;
/** Where one page would eat the time of all others it is given up: a quarter of what is left. */
const PAGE_SHARE = 0.25;
/** Engines that a document may wear out; each one took a trap. */
const MAX_OPENED_AGAIN = 8;

export class PageRange {
  readonly #source: Source;
  #document: PdfDocument | undefined;
  #pause = 0;
  #pageDeadline: number;
  #openedAgain = 0;
  #extent: Extent = A4;
  readonly #buffers = new Buffers();

  constructor(source: Source, document: PdfDocument) {
    this.#source = source;
    this.#pageDeadline = source.deadline;
    this.#use(document);
  }

  /** Pages from … to - 1, in order. Fewer than that when time is up: the last one then stands for the rest. */
  async *pages(from: number, to: number): AsyncGenerator<DrawnPage> {
    const ahead: Started[] = [];
    let pixels = 0;
    const next = async (): Promise<DrawnPage> => {
      const [first] = ahead.splice(0, 1);
      pixels -= first?.pixels ?? 0;
      const page = await (first as Started).page;
      if (page.failed === undefined) this.#extent = page.content;
      return page;
    };
    for (let index = from; index < to; index++) {
      if (performance.now() > this.#source.deadline) {
        while (ahead.length > 0) yield await next();
        const failure: Failure = { reason: 'timeout', detail: `time is up at page ${index + 1}` };
        yield await noticePage(failure, index, to - 1, this.#extent, this.#source.policy);
        return;
      }
      const started = this.#start(index, to - from);
      started.page.catch(() => undefined);
      ahead.push(started);
      pixels += started.pixels;
      while (ahead.length > MAX_AHEAD || (pixels > MAX_PIXELS_AHEAD && ahead.length > 0)) yield await next();
    }
    while (ahead.length > 0) yield await next();
  }

  #use(document: PdfDocument): void {
    this.#document = document;
    this.#pause = pauseAt(document, () => this.#pageDeadline);
  }

  #start(index: number, count: number): Started {
    const { deadline } = this.#source;
    const nowMs = performance.now();
    this.#pageDeadline = count === 1 ? deadline : Math.min(deadline, nowMs + (deadline - nowMs) * PAGE_SHARE);
    try {
      const { bytes, policy, pageBytes } = this.#source;
      const buffers = this.#buffers;
      return startPage({ document: this.#opened(), bytes, policy, pause: this.#pause, pageBytes, buffers }, index);
    } catch (error) {
      return this.#failed(index, error);
    }
  }

  /** @throws what failureOf does not know: a fault of ours. */
  #failed(index: number, error: unknown): Started {
    const document = this.#document;
    const failure = failureOf(error, document);
    if (failure === undefined) throw error;
    if (isWornOut(error, document)) this.#document = undefined;
    return { pixels: 0, page: noticePage(failure, index, index, this.#extent, this.#source.policy) };
  }

  #opened(): PdfDocument {
    if (this.#document !== undefined) return this.#document;
    if (this.#openedAgain >= MAX_OPENED_AGAIN) throw new WebAssembly.RuntimeError('too often');
    this.#openedAgain += 1;
    const opened = openDocument(this.#source.bytes, this.#source.passwords);
    if (opened.kind !== 'open') throw new WebAssembly.RuntimeError('the document does not open again');
    this.#use(opened.document);
    return opened.document;
  }
}

const isWornOut = (error: unknown, document: PdfDocument | undefined): boolean =>
  error instanceof WebAssembly.RuntimeError ||
  error instanceof RangeError ||
  document?.instance.heapLimitReached() === true;
