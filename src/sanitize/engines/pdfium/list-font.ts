/** Our gothic as lists of our own need it: which glyph shows a character, and how wide it is (ISO/IEC 14496-22). */
import { fontBytes, tableOf } from './fonts.ts';

export interface ListFont {
  readonly bytes: Uint8Array;
  /** Glyph of a code point; 0 when the font has none. */
  glyph(codePoint: number): number;
  /** Advance of a glyph in 1/1000 em. */
  advance(glyph: number): number;
}

const tag = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE(0);

let font: ListFont | undefined;

export function listFont(): ListFont {
  font ??= readFont(fontBytes(0));
  return font;
}

function readFont(bytes: Uint8Array): ListFont {
  const view = (name: string): DataView => {
    const table = tableOf(bytes, tag(name)) ?? new Uint8Array();
    return new DataView(table.buffer, table.byteOffset, table.byteLength);
  };
  const unitsPerEm = view('head').getUint16(18);
  const measured = view('hhea').getUint16(34);
  const advances = view('hmtx');
  const glyphs = segmented(view('cmap'));
  return {
    bytes,
    glyph: (codePoint) => glyphs.get(codePoint) ?? 0,
    // Glyphs behind the last measured one are as wide as that.
    advance: (glyph) => Math.round((advances.getUint16(4 * Math.min(glyph, measured - 1)) * 1000) / unitsPerEm),
  };
}

/** Subtable of format 12: groups of code points with glyphs in a row. */
function segmented(cmap: DataView): ReadonlyMap<number, number> {
  const glyphs = new Map<number, number>();
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const subtable = cmap.getUint32(4 + 8 * i + 4);
    if (cmap.getUint16(subtable) !== 12) continue;
    for (let group = 0; group < cmap.getUint32(subtable + 12); group++) {
      const at = subtable + 16 + 12 * group;
      const [first, last, glyph] = [cmap.getUint32(at), cmap.getUint32(at + 4), cmap.getUint32(at + 8)];
      for (let code = first; code <= last; code++) glyphs.set(code, glyph + code - first);
    }
  }
  return glyphs;
}
