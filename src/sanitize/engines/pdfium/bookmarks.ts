/** A document's bookmarks (outline) as plain data: titles and where on which page they lead. */
import type { PdfDocument } from './document.ts';
import { utf16Text } from './strings.ts';

export interface Bookmark {
  readonly untrustedTitle: string;
  /** Page from 0; undefined: leads nowhere in this document. */
  readonly page: number | undefined;
  /** Points below the top edge of the page as shown; undefined when the document does not say or the page is turned. */
  readonly fromTopPt: number | undefined;
  readonly children: readonly Bookmark[];
}

export interface BookmarkLimits {
  readonly items: number;
  readonly depth: number;
}

/** Depth first, in order, at most so many; a bookmark that was seen already (a loop) ends its row. */
export function bookmarksOf(
  document: PdfDocument,
  limits: BookmarkLimits,
): { readonly bookmarks: readonly Bookmark[]; readonly cut: boolean } {
  const { lib } = document.instance;
  const seen = new Set<number>();
  let cut = false;
  const row = (parent: number, depth: number): Bookmark[] => {
    const found: Bookmark[] = [];
    let handle = lib.FPDFBookmark_GetFirstChild(document.handle, parent);
    for (; handle !== 0; handle = lib.FPDFBookmark_GetNextSibling(document.handle, handle)) {
      if (seen.has(handle) || seen.size >= limits.items || depth > limits.depth) {
        cut = true;
        break;
      }
      seen.add(handle);
      found.push({ ...targetOf(document, handle), children: row(handle, depth + 1) });
    }
    return found;
  };
  return { bookmarks: row(0, 1), cut };
}

function targetOf(document: PdfDocument, bookmark: number): Omit<Bookmark, 'children'> {
  const { lib } = document.instance;
  const untrustedTitle = utf16Text(document, (buffer, length) => lib.FPDFBookmark_GetTitle(bookmark, buffer, length));
  const action = lib.FPDFBookmark_GetAction(bookmark);
  // A place in another document would be taken for one in this.
  const leadsAway = action !== 0 && lib.FPDFAction_GetType(action) !== GO_TO;
  const destination = leadsAway ? 0 : lib.FPDFBookmark_GetDest(document.handle, bookmark);
  const page = destination === 0 ? -1 : lib.FPDFDest_GetDestPageIndex(document.handle, destination);
  if (page < 0 || page >= document.pageCount) return { untrustedTitle, page: undefined, fromTopPt: undefined };
  return { untrustedTitle, page, fromTopPt: fromTop(document, page, destination) };
}

/** PDFACTION_GOTO. */
const GO_TO = 1;
/** Kind of page box for EPDF_GetPageBoxByIndex: what of the page is shown. */
const CROP_BOX = 1;

function fromTop(document: PdfDocument, page: number, destination: number): number | undefined {
  const { lib } = document.instance;
  if (lib.EPDF_GetPageRotationByIndex(document.handle, page) !== 0) return undefined;
  const scratch = lib.malloc(40);
  if (scratch === 0) return undefined;
  try {
    document.instance.bytes().fill(0, scratch, scratch + 40);
    lib.FPDFDest_GetLocationInPage(
      destination,
      scratch,
      scratch + 4,
      scratch + 8,
      scratch + 12,
      scratch + 16,
      scratch + 20,
    );
    if (document.instance.view().getInt32(scratch + 4, true) === 0) return undefined;
    const y = document.instance.view().getFloat32(scratch + 16, true);
    if (lib.EPDF_GetPageBoxByIndex(document.handle, page, CROP_BOX, scratch + 24) === 0) return undefined;
    // FS_RECTF: left, top, right, bottom.
    const top = document.instance.view().getFloat32(scratch + 28, true);
    return Number.isFinite(top - y) ? Math.max(0, top - y) : undefined;
  } finally {
    lib.free(scratch);
  }
}
