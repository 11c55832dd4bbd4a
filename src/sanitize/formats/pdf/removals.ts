/** What a PDF holds beside its pages, counted for the report through the engine's reading functions. */
import type { Removal } from '../../../message/outcome.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import type { Annotations } from '../../engines/pdfium/page.ts';
import type { ActiveNames } from './active-names.ts';
import type { BesidePages } from './beside.ts';
import { MAX_ENTRIES } from './list-text.ts';
import type { LayerCounts } from './text-layer.ts';

/** FPDFAction_GetType: remote goto, URI. */
const LEADS_AWAY: ReadonlySet<number> = new Set([2, 3]);
/** Launch, embedded goto, and 0: kinds the engine has no name for (SubmitForm, ImportData, JavaScript, Named). */
const DOES_SOMETHING: ReadonlySet<number> = new Set([0, 4, 5]);
const INFO_KEYS = ['Title', 'Author', 'Subject', 'Keywords', 'Creator', 'Producer', 'CreationDate'] as const;

export interface DocumentFacts {
  readonly scripts: number;
  readonly signatures: number;
  readonly metadata: number;
  /** XFA beside the pages (static): the pages are kept, what it runs and fills in is not. */
  readonly xfaForms: number;
}

export function documentFacts(document: PdfDocument): DocumentFacts {
  const { lib } = document.instance;
  return {
    scripts: Math.max(0, lib.FPDFDoc_GetJavaScriptActionCount(document.handle)),
    signatures: Math.max(0, lib.FPDF_GetSignatureCount(document.handle)),
    metadata: INFO_KEYS.filter((key) => hasInfo(document, key)).length,
    xfaForms: document.formType === 'xfa-static' ? 1 : 0,
  };
}

function hasInfo(document: PdfDocument, key: string): boolean {
  const { lib } = document.instance;
  const tag = lib.malloc(key.length + 1);
  document.instance.bytes().set(Buffer.from(`${key}\0`, 'latin1'), tag);
  // Bytes of UTF-16LE with its end mark: 2 for an empty text.
  const length = lib.FPDF_GetMetaText(document.handle, tag, 0, 0);
  lib.free(tag);
  return length > 2;
}

/** All that is not in the result, as the report names it. */
export function removalsOf(
  facts: DocumentFacts,
  pages: readonly Annotations[],
  layer: LayerCounts,
  raw: ActiveNames,
  {
    embedded,
    links,
    notes,
    failedPages,
  }: Pick<BesidePages, 'embedded' | 'links' | 'notes'> & { readonly failedPages: number },
): readonly Removal[] {
  const total = (of: (page: Annotations) => number): number => pages.reduce((sum, page) => sum + of(page), 0);
  const leading = total((page) => page.actions.filter((action) => LEADS_AWAY.has(action)).length);
  const doing = total((page) => page.actions.filter((action) => DOES_SOMETHING.has(action)).length);
  const counts: readonly (readonly [Removal['what'], number])[] = [
    ['script', Math.max(facts.scripts, raw.scripts)],
    ['action', Math.max(doing, raw.actions)],
    // Web links are told one by one (report, list at the end); what is left is of a dangerous kind or nobody's to click.
    ['link', Math.max(links.removed, Math.max(leading, raw.links) - links.told)],
    [
      'form',
      Math.max(
        facts.xfaForms,
        total((page) => page.widgets),
      ),
    ],
    ['embedded-file', embedded.left],
    ['annotation', Math.max(0, total((page) => page.notes) - Math.min(notes.length, MAX_ENTRIES))],
    ['signature', facts.signatures],
    ['metadata', facts.metadata],
    ['hidden-text', layer.hidden],
    ['control-characters', layer.control],
    ['bidi-controls', layer.bidi],
    ['unmapped-characters', layer.unmapped],
    ['failed-page', failedPages],
  ];
  return counts.filter(([, count]) => count > 0).map(([what, count]) => ({ what, count }));
}
