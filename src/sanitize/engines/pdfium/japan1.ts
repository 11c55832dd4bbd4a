/**
 * Ideographs beyond the BMP in fonts of Adobe-Japan1 (𠮷 of 𠮷野, 𠮟, 𣘺 …).
 *
 * PDFium's table from CIDs to Unicode holds 16 bits and answers with the nearest common character (𠮷 becomes 吉): a
 * name is misspelled while the picture shows it right. The engine does not tell a character's CID. With Identity-H, the
 * encoding of all such documents, codes are CIDs: the rare and the common one are set in the document's own font on a page
 * of ours, and the character is the one whose box has its shape. Fonts in which both have one shape keep the answer.
 * Considered: which CIDs the embedded font holds (often both), outlines (the engine finds them by Unicode only).
 */
import type { PdfDocument } from './document.ts';
import type { PdfiumExports } from './exports.ts';

/** CID, what it is, what the engine answers, CID of that. From UniJIS-UTF32-H of Adobe's cmap-resources (BSD-3-Clause). */
const RARE: readonly (readonly [cid: number, is: string, answered: string, commonCid: number])[] = [
  [7641, '𨳝', '閏', 1246],
  [7670, '𥡴', '稽', 1828],
  [7673, '𨻶', '隙', 1850],
  [7825, '𡨚', '寃', 4626],
  [7838, '𤏐', '燗', 5582],
  [13523, '𠤎', '匕', 4301],
  [13651, '𫟘', '衞', 6577],
  [13691, '𦈢', '缶', 1544],
  [13706, '𠮷', '吉', 1634],
  [13717, '𩵋', '魚', 1685],
  [13724, '𫞎', '橋', 1710],
  [13755, '𠩤', '原', 1898],
  [13780, '𫝆', '今', 2067],
  [13782, '𫝷', '座', 2098],
  [13803, '𠮟', '叱', 2276],
  [13839, '𠀋', '丈', 2510],
  [13857, '𠆢', '人', 2579],
  [13863, '𮕩', '衰', 2608],
  [13866, '𫝑', '勢', 2638],
  [13904, '𣳾', '泰', 2873],
  [13953, '𡈽', '土', 3156],
  [14064, '𫞉', '桺', 14632],
  [14075, '𥙿', '裕', 3871],
  [14100, '𦚰', '脇', 4076],
  [14108, '𠂊', '勹', 4294],
  [14109, '𠦄', '卉', 4312],
  [14134, '𦦙', '舉', 5039],
  [14140, '𣏌', '杞', 5148],
  [14145, '𪧦', '寨', 5262],
  [14174, '𫞽', '簑', 6003],
  [14187, '𮉸', '罐', 6162],
  [14188, '𠔿', '网', 6163],
  [14189, '𦉪', '网', 6163],
  [14209, '𠂰', '乕', 6480],
  [14226, '𮛪', '蹊', 6815],
  [14253, '𨦇', '鋏', 6996],
  [14256, '𨸗', '阡', 7087],
  [14278, '𫠚', '齣', 7460],
  [14282, '𤋮', '熙', 8285],
  [14293, '𣲾', '涇', 8516],
  [14294, '𠘑', '凞', 20307],
  [15393, '𣘺', '槗', 14656],
];

const BY_ANSWER = new Map(RARE.map((row) => [row[2].codePointAt(0) ?? 0, row]));

/** Size in which codes are set, in points: boxes come in thousandths of it. */
const SIZE_PT = 1000;
/** Boxes that differ by less are of one shape, in em: the engine keeps them in whole thousandths. */
const SAME_EM = 0.0008;
/** Four doubles of a box, then two of an origin; the two codes stand in the same place before. */
const SCRATCH_BYTES = 48;

/** Where ink stands around the origin, in em: left, right, bottom, top. */
type Shape = readonly number[];

interface Pair {
  readonly rare: Shape;
  readonly common: Shape;
}

/** What was measured on one page, by font and answer; the engine may use a handle again on the next page. */
export type MeasuredFonts = Map<string, Pair | undefined>;

/** The code point of a character of a text page, given the engine's answer for it. */
export function trueCode(
  document: PdfDocument,
  fonts: MeasuredFonts,
  /** `emPt`: size in points of the page, 0 when turned or stretched. */
  place: { readonly text: number; readonly index: number; readonly textObject: number; readonly emPt: number },
  answered: number,
): number {
  const row = BY_ANSWER.get(answered);
  if (row === undefined || place.textObject === 0 || place.emPt === 0) return answered;
  const { lib } = document.instance;
  const font = lib.FPDFTextObj_GetFont(place.textObject);
  if (font === 0 || lib.FPDFFont_GetIsEmbedded(font) !== 1) return answered;
  const key = `${font} ${answered}`;
  if (!fonts.has(key)) fonts.set(key, measure(document, font, [row[0], row[3]], answered));
  const pair = fonts.get(key);
  if (pair === undefined) return answered;
  const own = shapeOf(document, place.text, place.index, place.emPt);
  return alike(own, pair.rare) && !alike(own, pair.common) ? (row[1].codePointAt(0) ?? answered) : answered;
}

const alike = (one: Shape, other: Shape): boolean =>
  one.every((value, i) => Math.abs(value - (other[i] ?? Number.NaN)) < SAME_EM);

/** The character's box around its origin. */
function shapeOf(document: PdfDocument, text: number, index: number, emPt: number): Shape {
  const { lib } = document.instance;
  const scratch = lib.malloc(SCRATCH_BYTES);
  lib.FPDFText_GetCharBox(text, index, scratch, scratch + 8, scratch + 16, scratch + 24);
  lib.FPDFText_GetCharOrigin(text, index, scratch + 32, scratch + 40);
  const view = document.instance.view();
  const at = (i: number): number => view.getFloat64(scratch + 8 * i, true);
  const [x, y] = [at(4), at(5)];
  const shape = [at(0) - x, at(1) - x, at(2) - y, at(3) - y].map((value) => value / emPt);
  lib.free(scratch);
  return shape;
}

/** Sets two codes in the font on a new page. Undefined when they do not both read as `answered`: codes are no CIDs here. */
function measure(
  document: PdfDocument,
  font: number,
  codes: readonly [number, number],
  answered: number,
): Pair | undefined {
  const { lib } = document.instance;
  const page = lib.FPDFPage_New(document.handle, document.pageCount, 4 * SIZE_PT, 2 * SIZE_PT);
  if (page === 0) return undefined;
  let text = 0;
  try {
    if (!setCodes(document, page, font, codes)) return undefined;
    text = lib.FPDFText_LoadPage(page);
    if (text === 0 || lib.FPDFText_CountChars(text) !== 2) return undefined;
    if (lib.FPDFText_GetUnicode(text, 0) !== answered || lib.FPDFText_GetUnicode(text, 1) !== answered)
      return undefined;
    return { rare: shapeOf(document, text, 0, SIZE_PT), common: shapeOf(document, text, 1, SIZE_PT) };
  } finally {
    close(lib, document, page, text);
  }
}

function setCodes(document: PdfDocument, page: number, font: number, codes: readonly [number, number]): boolean {
  const { lib } = document.instance;
  const object = lib.FPDFPageObj_CreateTextObj(document.handle, font, SIZE_PT);
  if (object === 0) return false;
  const scratch = lib.malloc(8);
  const view = document.instance.view();
  for (const [i, code] of codes.entries()) view.setUint32(scratch + 4 * i, code, true);
  const set = lib.FPDFText_SetCharcodes(object, scratch, codes.length) === 1;
  lib.free(scratch);
  if (!set) lib.FPDFPageObj_Destroy(object);
  else lib.FPDFPage_InsertObject(page, object);
  return set;
}

function close(lib: PdfiumExports, document: PdfDocument, page: number, text: number): void {
  if (text !== 0) lib.FPDFText_ClosePage(text);
  lib.FPDF_ClosePage(page);
  lib.FPDFPage_Delete(document.handle, document.pageCount);
}
