/** What is known of a page once it is drawn: plain data, so that it may come from another process. */
import type { Annotations } from '../../engines/pdfium/page.ts';
import type { Failure } from './failure.ts';
import type { LayerCounts } from './text-layer.ts';
import type { PageContent } from './writer.ts';

export interface DrawnPage {
  readonly content: PageContent;
  readonly annotations: Annotations;
  readonly layer: LayerCounts;
  /** Limits of the policy that made its picture coarser. */
  readonly limits: readonly PageLimit[];
  /** Set when the page is not the document's but one of ours that tells why; `pages` of the document it stands for. */
  readonly failed?: { readonly failure: Failure; readonly pages: number };
}

export const PAGE_LIMITS = ['maxMegapixels', 'maxPageBytes'] as const;
export type PageLimit = (typeof PAGE_LIMITS)[number];

export const noAnnotations: Annotations = { links: 0, widgets: 0, attachments: 0, notes: 0, actions: [] };
export const emptyLayer = (): LayerCounts => ({ hidden: 0, control: 0, bidi: 0, unmapped: 0 });
