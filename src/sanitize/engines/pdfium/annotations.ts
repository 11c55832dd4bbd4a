/** What people wrote beside a page's content, and where its links lead, as plain data. Read before pages are drawn: drawing takes annotations away. */
import type { PdfDocument } from './document.ts';
import { byteText, utf16Text, withCString } from './strings.ts';

export interface Note {
  /** Page from 0. */
  readonly page: number;
  readonly untrustedAuthor: string;
  readonly untrustedText: string;
}

export interface PageLink {
  readonly page: number;
  readonly untrustedTarget: string;
  /** The page's text under the link; '' where there is none (a picture). */
  readonly untrustedText: string;
}

export interface Beside {
  readonly notes: readonly Note[];
  readonly links: readonly PageLink[];
  /** Links to places in the document itself. */
  readonly insideLinks: number;
}

export interface BesideLimits {
  readonly notes: number;
  readonly links: number;
  /** Whether texts under links are wanted: for them their pages are opened, with all that stands on these. */
  readonly texts: boolean;
  readonly isLate: () => boolean;
}

/** FPDF_ANNOTATION_SUBTYPE (fpdf_annot.h): kinds that carry a comment. 1 Text, 4–15 drawings and marks, 17 FileAttachment. */
const COMMENTED: ReadonlySet<number> = new Set([1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17]);
const LINK = 2;
const FREE_TEXT = 3;
const POPUP = 16;
/** Hidden, NoView: a reader of the original never saw it. */
const UNSEEN_FLAGS = 0x02 | 0x20;
/** FPDFAction_GetType. */
const [GO_TO, URI] = [1, 3];

/** All pages, in order; what is beyond the limits is left out. */
export function besideContent(document: PdfDocument, limits: BesideLimits): Beside {
  const { lib } = document.instance;
  const notes: Note[] = [];
  const links: PageLink[] = [];
  let insideLinks = 0;
  for (let page = 0; page < document.pageCount && !limits.isLate(); page++) {
    const count = lib.EPDFPage_GetAnnotCountRaw(document.handle, page);
    const found: { target: string; rectangle: Rectangle }[] = [];
    const texts = new Set<string>();
    for (let index = 0; index < count; index++) {
      const annotation = lib.EPDFPage_GetAnnotRaw(document.handle, page, index);
      if (annotation === 0) continue;
      if (lib.FPDFAnnot_GetSubtype(annotation) === LINK) {
        const link = linkOf(document, annotation);
        if (link === 'inside') insideLinks++;
        else if (link !== undefined && links.length + found.length < limits.links) found.push(link);
      } else if (notes.length < limits.notes) {
        const note = noteOf(document, annotation, page);
        // A pop-up window repeats the text of the mark that it belongs to.
        if (note !== undefined && !(note.isPopup && texts.has(note.untrustedText))) {
          texts.add(note.untrustedText);
          notes.push({ page, untrustedAuthor: note.untrustedAuthor, untrustedText: note.untrustedText });
        }
      }
      lib.FPDFPage_CloseAnnot(annotation);
    }
    links.push(
      ...(limits.texts
        ? withTexts(document, page, found)
        : found.map(({ target }) => ({ page, untrustedTarget: target, untrustedText: '' }))),
    );
  }
  return { notes, links, insideLinks };
}

function noteOf(document: PdfDocument, annotation: number, page: number): (Note & { isPopup: boolean }) | undefined {
  const { lib } = document.instance;
  const subtype = lib.FPDFAnnot_GetSubtype(annotation);
  const isPopup = subtype === POPUP;
  // Free text with an appearance stands on the page already.
  const isUnseenText = subtype === FREE_TEXT && !hasKey(document, annotation, 'AP');
  if (!COMMENTED.has(subtype) && !isPopup && !isUnseenText) return undefined;
  if ((lib.FPDFAnnot_GetFlags(annotation) & UNSEEN_FLAGS) !== 0) return undefined;
  const untrustedText = textOfKey(document, annotation, 'Contents');
  if (untrustedText.trim() === '') return undefined;
  return { page, untrustedAuthor: textOfKey(document, annotation, 'T'), untrustedText, isPopup };
}

const hasKey = (document: PdfDocument, annotation: number, key: string): boolean =>
  withCString(document, key, (pointer) => document.instance.lib.FPDFAnnot_HasKey(annotation, pointer)) !== 0;

const textOfKey = (document: PdfDocument, annotation: number, key: string): string =>
  withCString(document, key, (pointer) =>
    utf16Text(document, (buffer, length) =>
      document.instance.lib.FPDFAnnot_GetStringValue(annotation, pointer, buffer, length),
    ),
  );

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function linkOf(
  document: PdfDocument,
  annotation: number,
): 'inside' | { readonly target: string; readonly rectangle: Rectangle } | undefined {
  const { lib } = document.instance;
  const link = lib.FPDFAnnot_GetLink(annotation);
  if (link === 0) return undefined;
  const action = lib.FPDFLink_GetAction(link);
  if (action === 0) return lib.FPDFLink_GetDest(document.handle, link) === 0 ? undefined : 'inside';
  const type = lib.FPDFAction_GetType(action);
  if (type === GO_TO) return 'inside';
  if (type !== URI) return undefined;
  const bytes = byteText(document, (buffer, length) =>
    lib.FPDFAction_GetURIPath(document.handle, action, buffer, length),
  );
  return { target: asUtf8(bytes), rectangle: rectangleOf(document, annotation) };
}

/** Addresses are ASCII by the standard and UTF-8 in the wild. */
function asUtf8(latin1: string): string {
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  const utf8 = Buffer.from(latin1, 'latin1').toString('utf8');
  return utf8.includes('\ufffd') ? latin1 : utf8;
}

function rectangleOf(document: PdfDocument, annotation: number): Rectangle {
  const { lib } = document.instance;
  const pointer = lib.malloc(16);
  document.instance.bytes().fill(0, pointer, pointer + 16);
  lib.FPDFAnnot_GetRect(annotation, pointer);
  const view = document.instance.view();
  const [left, top, right, bottom] = [0, 4, 8, 12].map((at) => view.getFloat32(pointer + at, true));
  lib.free(pointer);
  return { left: left ?? 0, top: top ?? 0, right: right ?? 0, bottom: bottom ?? 0 };
}

/** Longest text under a link that is worth reading, in UTF-16 units. */
const MAX_LINK_TEXT = 300;

/** Only pages with such links are opened for it. */
function withTexts(
  document: PdfDocument,
  page: number,
  found: readonly { readonly target: string; readonly rectangle: Rectangle }[],
): readonly PageLink[] {
  if (found.length === 0) return [];
  const { lib } = document.instance;
  const handle = lib.FPDF_LoadPage(document.handle, page);
  const text = handle === 0 ? 0 : lib.FPDFText_LoadPage(handle);
  const links = found.map(({ target, rectangle }) => ({
    page,
    untrustedTarget: target,
    untrustedText: text === 0 ? '' : textIn(document, text, rectangle),
  }));
  if (text !== 0) lib.FPDFText_ClosePage(text);
  if (handle !== 0) lib.FPDF_ClosePage(handle);
  return links;
}

function textIn(document: PdfDocument, text: number, { left, top, right, bottom }: Rectangle): string {
  const { lib } = document.instance;
  const buffer = lib.malloc(2 * MAX_LINK_TEXT);
  if (buffer === 0) return '';
  const units = lib.FPDFText_GetBoundedText(text, left, top, right, bottom, buffer, MAX_LINK_TEXT);
  const bytes = document.instance.bytes().subarray(buffer, buffer + 2 * Math.min(Math.max(0, units), MAX_LINK_TEXT));
  const found = Buffer.from(bytes).toString('utf16le').replace(/\0.*$/s, '');
  lib.free(buffer);
  return found;
}
