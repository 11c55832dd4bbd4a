/**
 * One font of the invisible layer while it fills: a CID for each pair of text and advance, so that ToUnicode maps any
 * text and the widths are true.
 */
import { ASCENT, DESCENT } from './glyphless.ts';

/** Identity-H has 65,536 codes; a document that needs more gets the nearest advance instead of a new CID. */
export const MAX_CIDS = 65_000;
/** Widest advance that the grammar allows, in 1/1000 em: a single character never is wider, leaders drawn as one glyph are. */
export const MAX_ADVANCE = 10_000;
/** PDF 1.7, 9.10.3: at most 100 entries in one bfchar block. */
const BLOCK = 100;

export class TextFont {
  readonly #cids = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #advances: number[] = [];
  readonly #firstOfText = new Map<string, number>();

  /** The CID for `text` with `advance` in 1/1000 em; undefined when the font is full and never saw this text. */
  cid(text: string, advance: number): number | undefined {
    const width = Math.min(MAX_ADVANCE, Math.max(0, Math.round(advance)));
    const key = `${width} ${text}`;
    const known = this.#cids.get(key);
    if (known !== undefined) return known;
    if (this.#texts.length >= MAX_CIDS) return this.#firstOfText.get(text);
    this.#texts.push(text);
    this.#advances.push(width);
    const cid = this.#texts.length;
    this.#cids.set(key, cid);
    if (!this.#firstOfText.has(text)) this.#firstOfText.set(text, cid);
    return cid;
  }

  /** /W of the horizontal font. */
  widths(): string {
    return this.#advances.length === 0 ? '[]' : `[1 [${this.#advances.join(' ')}]]`;
  }

  /** /W2 of the vertical font: advance downwards, and the point of the glyph that stands on the line. */
  verticalWidths(): string {
    const entry = (advance: number): string => `${advance === 0 ? 0 : -advance} 500 ${ASCENT}`;
    return this.#advances.length === 0 ? '[]' : `[1 [${this.#advances.map(entry).join(' ')}]]`;
  }

  /** The ToUnicode CMap. */
  toUnicode(): string {
    const lines: string[] = [];
    for (let start = 0; start < this.#texts.length; start += BLOCK) {
      const block = this.#texts.slice(start, start + BLOCK);
      lines.push(`${block.length} beginbfchar`);
      for (const [i, text] of block.entries()) lines.push(`<${hex4(start + i + 1)}> <${utf16Hex(text)}>`);
      lines.push('endbfchar');
    }
    return `${CMAP_HEAD}${lines.map((line) => `${line}\n`).join('')}${CMAP_TAIL}`;
  }
}

const CMAP_HEAD = `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
`;
const CMAP_TAIL = `endcmap
CMapName currentdict /CMap defineresource pop
end
end
`;

/** The descriptor's font box: the em box. */
export const FONT_BOX = `[0 ${DESCENT} 1000 ${ASCENT}]`;

export const hex4 = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');

function utf16Hex(text: string): string {
  let hex = '';
  for (let i = 0; i < text.length; i++) hex += hex4(text.charCodeAt(i));
  return hex;
}
