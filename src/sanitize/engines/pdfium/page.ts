/** One page: opened with its fields and notes drawn into it, measured, and rendered to pixels. */
import type { PdfDocument } from './document.ts';

/** FPDF_ANNOTATION_SUBTYPE (fpdf_annot.h). */
const LINK = 2;
const POPUP = 16;
const WIDGET = 20;
const FILE_ATTACHMENT = 17;
/** ISO 32000-2 table 167: never shown; shown on paper only. */
const HIDDEN = 0x02;
const NO_VIEW = 0x20;
/** FPDFPage_Flatten for display, not for print. */
const NORMAL_DISPLAY = 0;
/** FPDFBitmap_BGRx; with REVERSE_BYTE_ORDER it is RGBx in memory. */
const BGRX = 3;
const RENDER_FLAGS = 0x01 /* FPDF_ANNOT */ | 0x10; /* FPDF_REVERSE_BYTE_ORDER */
const WHITE = 0xffffffff;
/** FPDF_RenderPageBitmap_Start returns FPDF_RENDER_…. */
const RENDER_DONE = 2;
const RENDER_TO_BE_CONTINUED = 1;

/** Pages without extent are shown as one point: something has to be there. */
const SMALLEST_PAGE_PT = 1;

export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp';
}

/** What stands on a page beside its content, by kind. */
export interface Annotations {
  readonly links: number;
  readonly widgets: number;
  readonly attachments: number;
  readonly notes: number;
  /** Actions of links, as FPDFAction_GetType numbers them. */
  readonly actions: readonly number[];
}

export interface Page {
  readonly handle: number;
  /** Size as shown (rotation applied), in points. */
  readonly widthPt: number;
  readonly heightPt: number;
  readonly annotations: Annotations;
}

/** Pixels of a page. `rgbx`: rows of `width * 4` bytes, a view into the engine's heap that the next engine call may invalidate. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  rgbx(): Uint8Array;
  free(): void;
}

/** Opens a page; field values and visible annotations become part of its content, for picture and text alike. */
export function openPage(document: PdfDocument, index: number): Page | undefined {
  const { lib } = document.instance;
  let handle = lib.FPDF_LoadPage(document.handle, index);
  if (handle === 0) return undefined;
  const annotations = annotationsOf(document, handle);
  if (annotations.widgets + annotations.notes + annotations.attachments > 0) {
    const form = document.form();
    if (form !== 0) lib.FORM_OnAfterLoadPage(handle, form);
    const flattened = lib.FPDFPage_Flatten(handle, NORMAL_DISPLAY);
    if (form !== 0) lib.FORM_OnBeforeClosePage(handle, form);
    if (flattened === 1) {
      lib.FPDF_ClosePage(handle);
      handle = lib.FPDF_LoadPage(document.handle, index);
      if (handle === 0) return undefined;
    }
  }
  const widthPt = Math.max(SMALLEST_PAGE_PT, lib.FPDF_GetPageWidthF(handle));
  const heightPt = Math.max(SMALLEST_PAGE_PT, lib.FPDF_GetPageHeightF(handle));
  return { handle, widthPt, heightPt, annotations };
}

export function closePage(document: PdfDocument, page: Page): void {
  document.instance.lib.FPDF_ClosePage(page.handle);
}

function annotationsOf(document: PdfDocument, page: number): Annotations {
  const { lib } = document.instance;
  const found = { links: 0, widgets: 0, attachments: 0, notes: 0 };
  const actions: number[] = [];
  const count = lib.FPDFPage_GetAnnotCount(page);
  for (let i = 0; i < count; i++) {
    const annotation = lib.FPDFPage_GetAnnot(page, i);
    if (annotation === 0) continue;
    const subtype = lib.FPDFAnnot_GetSubtype(annotation);
    const flags = lib.FPDFAnnot_GetFlags(annotation);
    // The engine would draw it: it looks at Hidden only.
    if ((flags & NO_VIEW) !== 0) lib.FPDFAnnot_SetFlags(annotation, flags | HIDDEN);
    if (subtype === LINK) {
      found.links++;
      const link = lib.FPDFAnnot_GetLink(annotation);
      const action = link === 0 ? 0 : lib.FPDFLink_GetAction(link);
      if (action !== 0) actions.push(lib.FPDFAction_GetType(action));
    } else if (subtype === WIDGET) found.widgets++;
    else if (subtype === FILE_ATTACHMENT) found.attachments++;
    else if (subtype !== POPUP) found.notes++;
    lib.FPDFPage_CloseAnnot(annotation);
  }
  return { ...found, actions };
}

/**
 * Renders the page to `width` × `height` pixels on white.
 * @returns undefined when the engine could not make the bitmap or draw the page.
 * @throws TimeIsUp when `deadline` (performance.now()) passes; the engine asks between drawing steps.
 */
export function renderPage(
  document: PdfDocument,
  page: Page,
  width: number,
  height: number,
  pausePointer: number,
): Bitmap | undefined {
  const { lib } = document.instance;
  const bitmap = lib.FPDFBitmap_CreateEx(width, height, BGRX, 0, 0);
  if (bitmap === 0) return undefined;
  lib.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE);
  const status = lib.FPDF_RenderPageBitmap_Start(
    bitmap,
    page.handle,
    0,
    0,
    width,
    height,
    0,
    RENDER_FLAGS,
    pausePointer,
  );
  lib.FPDF_RenderPage_Close(page.handle);
  if (status === RENDER_TO_BE_CONTINUED) throw new TimeIsUp('while rendering');
  if (status !== RENDER_DONE) return undefined;
  const start = lib.FPDFBitmap_GetBuffer(bitmap);
  return {
    width,
    height,
    rgbx: () => new Uint8Array(lib.memory.buffer, start, width * height * 4),
    free: () => lib.FPDFBitmap_Destroy(bitmap),
  };
}

/** An IFSDK_PAUSE (version 1) in the heap that stops rendering once `deadline()` (performance.now()) has passed. */
export function pauseAt(document: PdfDocument, deadline: () => number): number {
  const { instance } = document;
  const pointer = instance.lib.malloc(12);
  const needToPause = instance.callback('ii', () => (performance.now() > deadline() ? 1 : 0));
  const view = instance.view();
  view.setInt32(pointer, 1, true);
  view.setInt32(pointer + 4, needToPause, true);
  view.setInt32(pointer + 8, 0, true);
  return pointer;
}
