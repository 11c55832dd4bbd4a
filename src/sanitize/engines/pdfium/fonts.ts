/**
 * Fonts for text whose font is not in the document: without them PDFium silently leaves out every such Japanese character
 * (MS-Mincho, Ryumin-Light, HeiseiMin, Meiryo … are common in documents of governments).
 *
 * A mincho and a gothic, regular and bold each, come from npm (OFL); the machine's fonts are never asked. Latin fonts
 * (Helvetica, Times, Courier, Symbol) are built into the engine.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Instance } from './runtime.ts';

const FILES = [
  '@expo-google-fonts/noto-sans-jp/400Regular/NotoSansJP_400Regular.ttf',
  '@expo-google-fonts/noto-sans-jp/700Bold/NotoSansJP_700Bold.ttf',
  '@expo-google-fonts/noto-serif-jp/400Regular/NotoSerifJP_400Regular.ttf',
  '@expo-google-fonts/noto-serif-jp/700Bold/NotoSerifJP_700Bold.ttf',
] as const;

/** Windows charsets (wingdi.h) for which we have glyphs: Shift_JIS, and as a makeshift the other three of East Asia. */
const SHIFT_JIS = 128;
const EAST_ASIA: ReadonlySet<number> = new Set([SHIFT_JIS, 129, 134, 136]);
/** Charsets under which a Japanese font may also be asked for, known by its name. */
const UNSPECIFIC: ReadonlySet<number> = new Set([0, 1]);
const JAPANESE_NAME =
  /gothic|mincho|明朝|ゴシック|ｺﾞｼｯｸ|heisei|ryumin|gothicbbb|kozmin|kozgo|kozuka|meiryo|メイリオ|yumin|yugo|游|hiragino|ヒラギノ|ipa|biz.?ud|hg[a-z]*|noto.*(cjk|jp)|source.?han|morisawa|shin-?go|futo|jun101|midashi/i;
/** Latin families that contain one of those words. */
const LATIN_NAME =
  /century gothic|centurygothic|franklin gothic|franklingothic|copperplate|letter ?gothic|news ?gothic|trade ?gothic|highway/i;
const SERIF_NAME = /mincho|明朝|heisei.?min|ryumin|kozmin|kozuka.?min|yumin|hirag.*min|serif|song|ming|batang/i;
const SANS_NAME = /goth|ゴシック|ｺﾞｼｯｸ|meiryo|メイリオ|sans|hei|dotum|gulim/i;
const BOLD_NAME = /bold|heavy|black|w[6-9]\b|-[bh]$|midashi|futo/i;
/** FXFONT_FF_ROMAN: the asked-for family has serifs. */
const ROMAN_PITCH = 0x10;
const BOLD_WEIGHT = 600;

const loaded = new Map<number, Uint8Array>();

/** One of our fonts, as it is on disk: 0 gothic, 1 bold, 2 mincho, 3 bold. */
export function fontBytes(index: number): Uint8Array {
  let bytes = loaded.get(index);
  if (bytes === undefined) {
    bytes = readFileSync(fileURLToPath(import.meta.resolve(FILES[index] ?? FILES[0])));
    loaded.set(index, bytes);
  }
  return bytes;
}

/** Reads all four fonts now (26 MB), so that no document waits for it. */
export function preloadFonts(): void {
  for (const index of FILES.keys()) fontBytes(index);
}

export interface FontQuestion {
  readonly weight: number;
  readonly charset: number;
  readonly pitchFamily: number;
  /** The font's name as the document has it. */
  readonly untrustedFace: string;
}

/** Which of our fonts stands in, or `undefined` for the engine's own choice. Pure. */
export function chooseFont(question: FontQuestion): number | undefined {
  const { untrustedFace: face, charset } = question;
  const japaneseName = JAPANESE_NAME.test(face) && !LATIN_NAME.test(face);
  if (!EAST_ASIA.has(charset) && !(UNSPECIFIC.has(charset) && japaneseName)) return undefined;
  const serif = SERIF_NAME.test(face) || (!SANS_NAME.test(face) && (question.pitchFamily & ROMAN_PITCH) !== 0);
  const bold = question.weight >= BOLD_WEIGHT || BOLD_NAME.test(face);
  return (serif ? 2 : 0) + (bold ? 1 : 0);
}

/** A table of the font program by its four-letter tag as a big-endian number; the whole file for 0. */
export function tableOf(font: Uint8Array, tag: number): Uint8Array | undefined {
  if (tag === 0) return font;
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const tables = view.getUint16(4);
  for (let i = 0; i < tables; i++) {
    const entry = 12 + 16 * i;
    if (view.getUint32(entry) !== tag >>> 0) continue;
    const start = view.getUint32(entry + 8);
    return font.subarray(start, start + view.getUint32(entry + 12));
  }
  return undefined;
}

let coverage: ReadonlySet<number> | undefined;

/** True when our gothic has a glyph for the code point; the mincho has the same repertoire. */
export function standInHas(codePoint: number): boolean {
  coverage ??= codePointsOf(fontBytes(0));
  return coverage.has(codePoint);
}

const CMAP_TAG = 0x636d6170;

/** Code points in the font's segmented coverage subtable (`cmap` format 12, which both families have). */
function codePointsOf(font: Uint8Array): ReadonlySet<number> {
  const found = new Set<number>();
  const table = tableOf(font, CMAP_TAG);
  if (table === undefined) return found;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  for (let i = 0; i < view.getUint16(2); i++) {
    const subtable = view.getUint32(4 + 8 * i + 4);
    if (view.getUint16(subtable) !== 12) continue;
    for (let group = 0; group < view.getUint32(subtable + 12); group++) {
      const at = subtable + 16 + 12 * group;
      for (let code = view.getUint32(at); code <= view.getUint32(at + 4); code++) found.add(code);
    }
  }
  return found;
}

function cString(bytes: Uint8Array, pointer: number): string {
  const end = bytes.indexOf(0, pointer);
  const raw = bytes.subarray(pointer, Math.min(end < 0 ? pointer : end, pointer + 256));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    // Names in the wild are often Shift_JIS.
    return new TextDecoder('shift_jis').decode(raw);
  }
}

/**
 * Makes our fonts the instance's system fonts (FPDF_SYSFONTINFO version 2: fonts are asked for, never listed).
 * A handle is the index of the font plus one. Call it after FPDF_InitLibrary.
 */
export function installFonts(instance: Instance): void {
  const nothing = (): undefined => undefined;
  const callbacks: readonly (readonly [string, (...args: number[]) => number | undefined])[] = [
    ['vi', nothing], // Release
    ['vii', nothing], // EnumFonts
    [
      'iiiiiiii', // MapFont(this, weight, italic, charset, pitch_family, face, exact)
      (_this, weight = 0, _italic, charset = 0, pitchFamily = 0, face = 0) => {
        const untrustedFace = cString(instance.bytes(), face);
        const chosen = chooseFont({ weight, charset, pitchFamily, untrustedFace });
        return chosen === undefined ? 0 : chosen + 1;
      },
    ],
    ['iii', () => 0], // GetFont(this, face)
    [
      'iiiiii', // GetFontData(this, font, table, buffer, size)
      (_this, handle = 0, tag = 0, buffer = 0, size = 0) => {
        const table = tableOf(fontBytes(handle - 1), tag);
        if (table === undefined) return 0;
        if (buffer !== 0 && size >= table.length) instance.bytes().set(table, buffer);
        return table.length;
      },
    ],
    [
      'iiiii', // GetFaceName(this, font, buffer, size)
      (_this, handle = 0, buffer = 0, size = 0) => {
        const name = Buffer.from(`SekishoStandIn${handle}\0`, 'latin1');
        if (buffer !== 0 && size >= name.length) instance.bytes().set(name, buffer);
        return name.length;
      },
    ],
    ['iii', () => SHIFT_JIS], // GetFontCharset(this, font)
    ['vii', nothing], // DeleteFont(this, font)
  ];
  const info = instance.lib.malloc(4 * (1 + callbacks.length));
  const pointers = callbacks.map(([signature, fn]) => instance.callback(signature, fn));
  const view = instance.view();
  view.setInt32(info, 2, true);
  for (const [i, pointer] of pointers.entries()) view.setInt32(info + 4 + 4 * i, pointer, true);
  instance.lib.FPDF_SetSystemFontInfo(info);
}
