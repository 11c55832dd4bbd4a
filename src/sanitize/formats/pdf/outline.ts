/**
 * Bookmarks of the original → an outline of ours (docs/output-grammar-pdf.md §3a): titles and places on pages, nothing
 * else. What a bookmark did beside leading to a page (addresses, scripts, programs) is gone; its title stays.
 */
import { cleanLine } from '../../body/characters.ts';
import { type Bookmark, bookmarksOf } from '../../engines/pdfium/bookmarks.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import { fateOf } from './clean.ts';
import { num } from './numbers.ts';
import { hex4 } from './text-font.ts';

export interface OutlineItem {
  /** By the text rule of the text layer; not empty. */
  readonly title: string;
  readonly page: number | undefined;
  /** Points below the page's top edge, of a page that is shown in its own size. */
  readonly fromTopPt: number;
  readonly children: readonly OutlineItem[];
}

/** Grammar. The longest manual of the corpus (88 pages) has 120 bookmarks in three levels. */
const LIMITS = { items: 2000, depth: 8 } as const;
const MAX_TITLE = 200;
/** A bookmark without a title still leads somewhere. */
const UNTITLED = '…';

export interface Outline {
  readonly items: readonly OutlineItem[];
  /** True when the original has more than we write. */
  readonly cut: boolean;
}

export function outlineOf(document: PdfDocument): Outline {
  const { bookmarks, cut } = bookmarksOf(document, LIMITS);
  return { items: bookmarks.map(itemOf), cut };
}

const itemOf = ({ untrustedTitle, page, fromTopPt, children }: Bookmark): OutlineItem => ({
  title: titleOf(untrustedTitle),
  page,
  fromTopPt: fromTopPt ?? 0,
  children: children.map(itemOf),
});

function titleOf(untrusted: string): string {
  const kept = [...cleanLine(untrusted, MAX_TITLE)].filter((letter) => fateOf(letter.codePointAt(0) ?? 0) === 'keep');
  return kept.join('').trim() || UNTITLED;
}

/** A page of the written file as the outline needs it. */
export interface OutlinePage {
  readonly object: number;
  readonly heightPt: number;
}

/**
 * Values of the outline's objects: the root, then the items, each before its children and these before its next sibling.
 * @param first number of the root's object
 * @param pages of the written file, in order; an item whose page is not among them leads nowhere
 */
export function outlineValues(
  items: readonly OutlineItem[],
  first: number,
  pages: readonly OutlinePage[],
): readonly string[] {
  const values: string[] = [''];
  const write = (row: readonly OutlineItem[], parent: number): { readonly first: number; readonly last: number } => {
    let previous = 0;
    let own = 0;
    const begin = first + values.length;
    for (const [i, item] of row.entries()) {
      own = first + values.length;
      const at = values.push('') - 1;
      const inside = item.children.length > 0 ? write(item.children, own) : undefined;
      const next = i + 1 < row.length ? first + values.length : 0;
      values[at] =
        `<< /Title <${titleHex(item.title)}> /Parent ${parent} 0 R` +
        (previous > 0 ? ` /Prev ${previous} 0 R` : '') +
        (next > 0 ? ` /Next ${next} 0 R` : '') +
        // All rows below the first are closed: the count is of what opening shows, negative.
        (inside === undefined
          ? ''
          : ` /First ${inside.first} 0 R /Last ${inside.last} 0 R /Count -${item.children.length}`) +
        `${destinationOf(item, pages)} >>`;
      previous = own;
    }
    return { first: begin, last: own };
  };
  const top = write(items, first);
  values[0] = `<< /Type /Outlines /First ${top.first} 0 R /Last ${top.last} 0 R /Count ${items.length} >>`;
  return values;
}

function destinationOf({ page, fromTopPt }: OutlineItem, pages: readonly OutlinePage[]): string {
  const target = page === undefined ? undefined : pages[page];
  if (target === undefined) return '';
  const y = Math.min(target.heightPt, Math.max(0, target.heightPt - fromTopPt));
  return ` /Dest [${target.object} 0 R /XYZ null ${num(y, 2)} null]`;
}

function titleHex(title: string): string {
  let hex = 'FEFF';
  for (let i = 0; i < title.length; i++) hex += hex4(title.charCodeAt(i));
  return hex;
}
