/** The characters of a page as plain numbers: what they say, where they stand, how large they are. */
import type { PdfDocument } from './document.ts';
import { type MeasuredFonts, trueCode } from './japan1.ts';
import type { Page } from './page.ts';

/** Maps em units of a character, or points of the document's page, to points of the page as shown (origin bottom left). */
export interface Matrix {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export interface Box {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

export interface Character {
  /** As the engine reports it: may be no code point at all. */
  readonly untrustedCode: number;
  readonly hyphen: boolean;
  /** Em units to points of the shown page; e, f: the origin. */
  readonly matrix: Matrix;
  /** Own advance in em, without letter spacing; 0 when not known. */
  readonly advance: number;
  /** False for Type3 fonts: the engine knows the drawn box only, not the advance. */
  readonly advanceKnown: boolean;
  /** Where the engine says the character is, in points of the shown page. Unreliable for vertical writing. */
  readonly box: Box;
  /** Where it is by its origin, size and advance alone, in points of the shown page. Unreliable for Type3 fonts. */
  readonly emBox: Box;
  readonly textObject: number;
  /** True when the document has the font and asks for it to be painted: what is not seen then is meant not to be seen. */
  readonly drawnByOwnFont: boolean;
}

/** Scale for FPDF_PageToDevice, which answers in whole units: a thousandth of a point. */
const UNITS_PER_POINT = 1000;
/** Distance of the three points that fix the mapping. */
const ARM_PT = 1000;
/** FPDF_TEXTRENDERMODE_INVISIBLE. */
const INVISIBLE = 3;
/** Em box in em, with room for accents and descenders, and for characters without advance. */
const [EM_BOTTOM, EM_TOP, NARROWEST] = [-0.2, 0.9, 0.25];
/** Smaller characters are not text, and rounding (four digits) would take their direction away. In points. */
const SMALLEST_EM_PT = 0.05;
/** Least sine of the angle between the em's sides: flatter ones are not text either. */
const FLATTEST = 0.01;

/** The mapping from the document's page space (any origin, any rotation) to the shown page, found by three points. */
export function shownPage(document: PdfDocument, page: Page): Matrix {
  const { lib } = document.instance;
  const answer = lib.malloc(8);
  const width = Math.round(page.widthPt * UNITS_PER_POINT);
  const height = Math.round(page.heightPt * UNITS_PER_POINT);
  const map = (x: number, y: number): readonly [number, number] => {
    lib.FPDF_PageToDevice(page.handle, 0, 0, width, height, 0, x, y, answer, answer + 4);
    const view = document.instance.view();
    return [
      view.getInt32(answer, true) / UNITS_PER_POINT,
      page.heightPt - view.getInt32(answer + 4, true) / UNITS_PER_POINT,
    ];
  };
  const [e, f] = map(0, 0);
  const [ax, ay] = map(ARM_PT, 0);
  const [cx, cy] = map(0, ARM_PT);
  lib.free(answer);
  return { a: (ax - e) / ARM_PT, b: (ay - f) / ARM_PT, c: (cx - e) / ARM_PT, d: (cy - f) / ARM_PT, e, f };
}

/** Characters in the engine's order (content order). Ones the engine made up (spaces, line ends) are left out. */
export function* charactersOf(document: PdfDocument, page: Page): Generator<Character> {
  const { instance } = document;
  const { lib } = instance;
  const text = lib.FPDFText_LoadPage(page.handle);
  if (text === 0) return;
  const scratch = lib.malloc(64);
  const reading = { document, text, scratch, toShown: shownPage(document, page), fonts: new Map(), owned: new Map() };
  try {
    const count = lib.FPDFText_CountChars(text);
    for (let i = 0; i < count; i++) {
      if (lib.FPDFText_IsGenerated(text, i) === 1) continue;
      const character = readCharacter(reading, i);
      if (character === undefined) continue;
      // Beyond the BMP (𠮷, 𠮟) the engine reports two surrogates as two characters.
      const low = isHighSurrogate(character.untrustedCode) && i + 1 < count ? lib.FPDFText_GetUnicode(text, i + 1) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) i++;
      yield low >= 0xdc00 && low <= 0xdfff
        ? { ...character, untrustedCode: joined(character.untrustedCode, low) }
        : character;
    }
  } finally {
    lib.free(scratch);
    lib.FPDFText_ClosePage(text);
  }
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

const joined = (high: number, low: number): number => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);

/** What all characters of a text page share. */
interface Reading {
  readonly document: PdfDocument;
  readonly text: number;
  /** 64 bytes of the heap. */
  readonly scratch: number;
  readonly toShown: Matrix;
  readonly fonts: MeasuredFonts;
  /** Text objects looked up so far: drawn by a font of the document? */
  readonly owned: Map<number, boolean>;
}

/** A thousand times a page: nothing is allocated here but what it returns. */
function readCharacter(reading: Reading, index: number): Character | undefined {
  const { document, text, scratch, toShown } = reading;
  const { lib } = document.instance;
  const size = lib.FPDFText_GetFontSize(text, index);
  if (lib.FPDFText_GetMatrix(text, index, scratch) === 0) return undefined;
  if (lib.FPDFText_GetCharOrigin(text, index, scratch + 24, scratch + 32) === 0) return undefined;
  lib.FPDFText_GetLooseCharBox(text, index, scratch + 40);
  const view = document.instance.view();
  const own = {
    a: view.getFloat32(scratch, true) * size,
    b: view.getFloat32(scratch + 4, true) * size,
    c: view.getFloat32(scratch + 8, true) * size,
    d: view.getFloat32(scratch + 12, true) * size,
  };
  const [x, y] = [view.getFloat64(scratch + 24, true), view.getFloat64(scratch + 32, true)];
  // FS_RECTF: left, top, right, bottom.
  const loose = {
    left: view.getFloat32(scratch + 40, true),
    top: view.getFloat32(scratch + 44, true),
    right: view.getFloat32(scratch + 48, true),
    bottom: view.getFloat32(scratch + 52, true),
  };
  // A sum is finite only if all of it is; one of finite numbers that is not, is of no use as a place either.
  if (!Number.isFinite(own.a + own.b + own.c + own.d + x + y)) return undefined;
  if (!Number.isFinite(loose.left + loose.top + loose.right + loose.bottom)) return undefined;
  if (!hasShape(own)) return undefined;

  lib.FPDFText_GetCharBox(text, index, scratch, scratch + 8, scratch + 16, scratch + 24);
  const tightLeft = view.getFloat64(scratch, true);
  const tightRight = view.getFloat64(scratch + 8, true);
  const advanceKnown = Math.abs(tightLeft - loose.left) > 1e-3 || Math.abs(tightRight - loose.right) > 1e-3;
  const textObject = lib.FPDFText_GetTextObject(text, index);
  const matrix = chain(own, x, y, toShown);
  const advance = advanceFromBox(own, loose, advanceKnown);
  const em = { left: 0, right: Math.max(advance, NARROWEST), bottom: EM_BOTTOM, top: EM_TOP };
  // Turned or stretched text: its boxes cannot be compared with upright ones.
  const emPt = own.b === 0 && own.c === 0 && Math.abs(own.a - own.d) < own.a * 1e-3 ? own.a : 0;
  const code = lib.FPDFText_GetUnicode(text, index);
  return {
    untrustedCode: isGlyphNumber(reading, index, code)
      ? 0
      : trueCode(document, reading.fonts, { text, index, textObject, emPt }, code),
    hyphen: lib.FPDFText_IsHyphen(text, index) === 1,
    matrix,
    advance,
    advanceKnown,
    box: mappedBox(loose, toShown),
    emBox: mappedBox(em, matrix),
    textObject,
    drawnByOwnFont: drawnByOwnFont(reading, textObject),
  };
}

/**
 * Without a map to Unicode the engine answers with the character's code in the font. Of one byte that is nearly always the
 * letter; of two it is the number of a glyph, and as text some ideograph that no one sees.
 */
const isGlyphNumber = ({ document, text }: Reading, index: number, code: number): boolean =>
  code > 0xff && document.instance.lib.FPDFText_HasUnicodeMapError(text, index) === 1;

function hasShape({ a, b, c, d }: Pick<Matrix, 'a' | 'b' | 'c' | 'd'>): boolean {
  const [along, up] = [Math.hypot(a, b), Math.hypot(c, d)];
  return Math.min(along, up) >= SMALLEST_EM_PT && Math.abs(a * d - b * c) >= FLATTEST * along * up;
}

/** Invisible text (mode 3) counts as drawn by its own font: no other font would show it either. */
function drawnByOwnFont({ document, owned }: Reading, textObject: number): boolean {
  const known = owned.get(textObject);
  if (known !== undefined) return known;
  const isOwn = isDrawnByOwnFont(document, textObject);
  owned.set(textObject, isOwn);
  return isOwn;
}

function isDrawnByOwnFont(document: PdfDocument, textObject: number): boolean {
  const { lib } = document.instance;
  if (textObject === 0 || lib.FPDFTextObj_GetTextRenderMode(textObject) === INVISIBLE) return true;
  const font = lib.FPDFTextObj_GetFont(textObject);
  return font === 0 || lib.FPDFFont_GetIsEmbedded(font) !== 0;
}

/** The loose box is `advance` by one em, turned by the character's matrix and boxed again: solved for the advance. */
function advanceFromBox(own: Pick<Matrix, 'a' | 'b' | 'c' | 'd'>, box: Box, emHigh: boolean): number {
  const alongX = Math.abs(own.a) >= Math.abs(own.b);
  const extent = alongX ? box.right - box.left : box.top - box.bottom;
  const across = emHigh ? Math.abs(alongX ? own.c : own.d) : 0;
  return Math.max(0, (extent - across) / Math.abs(alongX ? own.a : own.b));
}

/** One mapping after another: `own` with its origin at x, y, then `to`. */
export function chain(own: Pick<Matrix, 'a' | 'b' | 'c' | 'd'>, x: number, y: number, to: Matrix): Matrix {
  return {
    a: own.a * to.a + own.b * to.c,
    b: own.a * to.b + own.b * to.d,
    c: own.c * to.a + own.d * to.c,
    d: own.c * to.b + own.d * to.d,
    e: x * to.a + y * to.c + to.e,
    f: x * to.b + y * to.d + to.f,
  };
}

/** The upright box around the mapped corners. */
function mappedBox(box: Box, to: Matrix): Box {
  // Corners are sums of one term for x and one for y: each is least and largest by itself.
  const [leftA, rightA, leftB, rightB] = [box.left * to.a, box.right * to.a, box.left * to.b, box.right * to.b];
  const [bottomC, topC, bottomD, topD] = [box.bottom * to.c, box.top * to.c, box.bottom * to.d, box.top * to.d];
  return {
    left: Math.min(leftA, rightA) + Math.min(bottomC, topC) + to.e,
    right: Math.max(leftA, rightA) + Math.max(bottomC, topC) + to.e,
    bottom: Math.min(leftB, rightB) + Math.min(bottomD, topD) + to.f,
    top: Math.max(leftB, rightB) + Math.max(bottomD, topD) + to.f,
  };
}
