/** All text rules of docs/output-grammar.md §6, in the one order that makes them hold together: characters, lines, links. */
import type { Removal } from '../../message/outcome.ts';
import type { LinkReport } from '../../message/report.ts';
import type { Language } from '../../message/texts.ts';
import { cleanText } from './characters.ts';
import { removeFrames } from './frames.ts';
import { defangText, type LinkStyle } from './links.ts';

export interface SafeText {
  /** LF line ends. */
  readonly text: string;
  readonly links: readonly LinkReport[];
  readonly removed: readonly Removal[];
}

/** Never throws; linear in the text's length; done twice it changes nothing more. */
export function safeText(untrusted: string, style: LinkStyle, language: Language = 'ja'): SafeText {
  const cleaned = cleanText(untrusted);
  const unframed = removeFrames(cleaned.text, language);
  const defanged = defangText(unframed.text, style, language);
  return {
    text: defanged.text,
    links: defanged.links,
    removed: removals({
      'control-characters': cleaned.controls,
      'bidi-controls': cleaned.bidi,
      'encoded-block': unframed.count,
      link: defanged.links.filter((link) => link.suspicion.some((why) => why === 'scheme' || why === 'local-path'))
        .length,
    }),
  };
}

/** The entries that are above zero. */
export function removals(counts: Partial<Record<Removal['what'], number>>): readonly Removal[] {
  const list: Removal[] = [];
  for (const [what, count] of Object.entries(counts))
    if (count > 0) list.push({ what: what as Removal['what'], count });
  return list;
}

/** Removals of several sources, one entry a kind. */
export function addRemovals(...lists: readonly (readonly Removal[])[]): readonly Removal[] {
  const sums: Partial<Record<Removal['what'], number>> = {};
  for (const { what, count } of lists.flat()) sums[what] = (sums[what] ?? 0) + count;
  return removals(sums);
}

/** Line ends as CRLF, the last line ended. */
export const crlf = (text: string): string => `${withoutEnd(text, '\n').replaceAll('\n', '\r\n')}\r\n`;

/** Without these characters at the end. `/\n+$/` looks at each run of them from each of its places: 75,000 took 4 s. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
