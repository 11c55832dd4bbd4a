/**
 * Links of a PDF's pages in words, by the same rules as links of a body: where each led, made so that no program makes it
 * clickable, and whether it pretends to lead elsewhere.
 *
 * The visible text of a page stays as it is, in the picture and in the invisible layer: if it shows an address, a reader
 * may make that address clickable himself, as he may type it from the picture. It leads where it says, unless a font
 * shows other letters than its text says (threats.tsv P23); copied text lies likewise then.
 */
import type { LinkReport } from '../../../message/report.ts';
import type { Policy } from '../../../policy/policy.ts';
import { LinkSink } from '../../body/anchor.ts';
import { cleanLine } from '../../body/characters.ts';
import { MAX_REPORTED_LINKS, targetOf } from '../../body/links.ts';
import type { PageLink } from '../../engines/pdfium/annotations.ts';

export interface ListedLink {
  /** From 0. */
  readonly page: number;
  readonly text: string;
  /** Where it led, inert; never empty. */
  readonly target: string;
}

export interface ToldLinks {
  readonly reports: readonly LinkReport[];
  /** Links whose text does not say where they lead. */
  readonly listed: readonly ListedLink[];
  /** Links of a dangerous kind. */
  readonly removed: number;
  /** All others. */
  readonly told: number;
}

const LANGUAGE = 'ja';
const MAX_TEXT = 100;

export function toldLinks(links: readonly PageLink[], style: Policy['links']): ToldLinks {
  const sink = new LinkSink(style, LANGUAGE);
  const listed: ListedLink[] = [];
  const plain: LinkReport[] = [];
  let before = '';
  for (const { page, untrustedTarget, untrustedText } of links) {
    const text = cleanLine(untrustedText, MAX_TEXT);
    const target = sink.suffix(untrustedTarget, text).trim();
    // A link over two lines is two annotations.
    const key = `${page} ${target}`;
    if (target !== '' && key !== before) listed.push({ page, text, target });
    before = key;
    const said = target === '' ? targetOf(untrustedTarget, '', style, LANGUAGE) : undefined;
    if (said?.kind === 'web') plain.push({ ...said.link, untrustedText: cleanLine(untrustedText, 200) });
  }
  // Suspicious ones first: a report has room for some only.
  const reports = [...sink.links, ...plain].toSorted((one, other) => other.suspicion.length - one.suspicion.length);
  return {
    reports: reports.slice(0, MAX_REPORTED_LINKS),
    listed,
    removed: sink.removed,
    told: links.length - sink.removed,
  };
}
