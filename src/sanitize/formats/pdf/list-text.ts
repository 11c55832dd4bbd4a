/** What stands on the pages that we add at the end: paragraphs of plain, inert text. */
import { fill } from '../../../message/texts.ts';
import { PDF_SENTENCES as S } from '../../../message/texts-pdf.ts';
import type { Policy } from '../../../policy/policy.ts';
import { cleanLine } from '../../body/characters.ts';
import { safeText } from '../../body/safe-text.ts';
import type { Note } from '../../engines/pdfium/annotations.ts';
import type { ListedLink } from './links.ts';

export interface Paragraph {
  readonly look: 'title' | 'entry' | 'text';
  /** Without line ends. */
  readonly text: string;
}

/** Entries of each list; a document with more has them in the original. */
export const MAX_ENTRIES = 300;
/** A comment of two pages; the longest of the corpora has 600 characters. */
const MAX_NOTE = 4000;
const MAX_AUTHOR = 60;
const LANGUAGE = 'ja';

/** Nothing when there is nothing to tell. */
export function listText(
  notes: readonly Note[],
  links: readonly ListedLink[],
  style: Policy['links'],
): readonly Paragraph[] {
  if (notes.length + links.length === 0) return [];
  return [
    { look: 'text', text: fill(S.added, LANGUAGE) },
    ...section(fill(S.notes, LANGUAGE), notes, (note) => noteParagraphs(note, style)),
    ...section(fill(S.links, LANGUAGE), links, linkParagraphs),
  ];
}

function section<T>(
  title: string,
  entries: readonly T[],
  paragraphs: (entry: T) => readonly Paragraph[],
): readonly Paragraph[] {
  if (entries.length === 0) return [];
  const more = entries.length - MAX_ENTRIES;
  return [
    { look: 'title', text: title },
    ...entries.slice(0, MAX_ENTRIES).flatMap(paragraphs),
    ...(more > 0 ? [{ look: 'text', text: fill(S.more, LANGUAGE, { count: more }) } as const] : []),
  ];
}

function noteParagraphs({ page, untrustedAuthor, untrustedText }: Note, style: Policy['links']): readonly Paragraph[] {
  const author = safeText(cleanLine(untrustedAuthor, MAX_AUTHOR), style, LANGUAGE).text;
  const cut = untrustedText.length > MAX_NOTE ? `${untrustedText.slice(0, MAX_NOTE)}…` : untrustedText;
  const lines = safeText(cut, style, LANGUAGE).text.split('\n');
  return [
    { look: 'entry', text: fill(S.note, LANGUAGE, { page: page + 1, author }).trim() },
    ...lines.map((text) => ({ look: 'text', text }) as const),
  ];
}

function linkParagraphs({ page, text, target }: ListedLink): readonly Paragraph[] {
  const shown = safeText(text, 'defang', LANGUAGE).text;
  const entry =
    shown === ''
      ? fill(S.pictureLink, LANGUAGE, { page: page + 1 })
      : fill(S.link, LANGUAGE, { page: page + 1, text: shown });
  return [
    { look: 'entry', text: entry },
    { look: 'text', text: `→ ${target}` },
  ];
}
