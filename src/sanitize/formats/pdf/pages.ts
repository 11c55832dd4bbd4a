/** All pages of a document, into the writer: half of them drawn by another process where one is free. */
import type { ConvertContext } from '../../converter.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import type { Annotations } from '../../engines/pdfium/page.ts';
import { type DrawnPage, emptyLayer, type PageLimit } from './drawn.ts';
import { AllFailed, type Failure, LimitExceeded } from './failure.ts';
import { helpedPages } from './helped.ts';
import { PageRange, type Source } from './range.ts';
import type { LayerCounts } from './text-layer.ts';
import { PdfWriter } from './writer.ts';

export interface WrittenPages {
  readonly writer: PdfWriter;
  readonly annotations: readonly Annotations[];
  readonly layer: LayerCounts;
  readonly limits: readonly PageLimit[];
  /** Pages of the document in whose place stands one of ours. */
  readonly failedPages: number;
}

/** Shorter documents are done before another process has opened them. */
const FEWEST_PAGES_FOR_HELP = 4;
/** What is left for putting everything together, and for the registry's look at the clock: part of the time, at most this. */
const FINISHING_PART = 0.1;
const FINISHING_MS = 3_000;
/** No page's budget falls below this: 150 dpi of dense text in 16 greys. */
const LEAST_PAGE_BYTES = 128 * 1024;

export interface BegunPages {
  /** Draws what is this process's part, in an instance that works. @throws LimitExceeded when the result grows too large */
  own(document: PdfDocument): Promise<void>;
  /** Takes the other part, or draws it too. @throws AllFailed when no page could be drawn, LimitExceeded */
  rest(): Promise<WrittenPages>;
}

/** Calls for help at once; whoever calls may do other things between, while the other process draws. */
export function beginPages(pageCount: number, bytes: Uint8Array, context: ConvertContext): BegunPages {
  const collected = new Collected(context.policy.limits.maxOutputBytes);
  const source = sourceOf(bytes, pageCount, context);
  let range: PageRange | undefined;
  const own = pageCount >= FEWEST_PAGES_FOR_HELP ? Math.ceil(pageCount / 2) : pageCount;
  const timeMs = Math.floor((source.deadline - performance.now()) / 2);
  const ask = { from: own, to: pageCount, timeMs, pageBytes: source.pageBytes };
  const answer = own < pageCount && timeMs > 0 ? context.helper?.ask(ask, bytes) : undefined;
  const draw = async (from: number, to: number): Promise<void> => {
    if (range === undefined) throw new Error('own pages come first');
    for await (const page of range.pages(from, to)) collected.add(page);
  };
  return {
    own(document) {
      range = new PageRange(source, document);
      return draw(0, own);
    },
    async rest() {
      const helped = answer === undefined ? undefined : helpedPages(answer(), own, pageCount);
      if (helped === undefined) await draw(own, pageCount);
      else for (const page of helped) collected.add(page);
      return collected.written(pageCount);
    },
  };
}

export function sourceOf(bytes: Uint8Array, pageCount: number, context: ConvertContext): Source {
  const { policy, passwords, deadline } = context;
  const leftMs = deadline - performance.now();
  const { maxPageBytes, maxOutputBytes } = policy.limits;
  return {
    bytes,
    passwords,
    policy,
    deadline: deadline - Math.min(FINISHING_MS, leftMs * FINISHING_PART),
    // A long document must fit as a whole: an equal share of what may be written for the message.
    pageBytes: Math.min(maxPageBytes, Math.max(LEAST_PAGE_BYTES, Math.floor(maxOutputBytes / pageCount))),
  };
}

class Collected {
  readonly #writer = new PdfWriter();
  readonly #annotations: Annotations[] = [];
  readonly #layer = emptyLayer();
  readonly #limits = new Set<PageLimit>();
  readonly #maxBytes: number;
  #failedPages = 0;
  #failure: Failure | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add({ content, annotations, layer, limits, failed }: DrawnPage): void {
    if (this.#writer.bytes > this.#maxBytes) throw new LimitExceeded('result grows beyond the limit');
    this.#writer.addPage(content);
    this.#annotations.push(annotations);
    for (const limit of limits) this.#limits.add(limit);
    this.#layer.hidden += layer.hidden;
    this.#layer.control += layer.control;
    this.#layer.bidi += layer.bidi;
    this.#layer.unmapped += layer.unmapped;
    this.#failedPages += failed?.pages ?? 0;
    this.#failure ??= failed?.failure;
  }

  written(pageCount: number): WrittenPages {
    if (this.#failure !== undefined && this.#failedPages >= pageCount) throw new AllFailed(this.#failure);
    this.#layer.unmapped += this.#writer.dropped;
    return {
      writer: this.#writer,
      annotations: this.#annotations,
      layer: this.#layer,
      limits: [...this.#limits],
      failedPages: this.#failedPages,
    };
  }
}
