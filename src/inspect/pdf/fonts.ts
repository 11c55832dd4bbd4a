/** The two invisible fonts of our PDFs (docs/output-grammar-pdf.md §3, objects 5–10) and their ToUnicode maps (§5). */
import { inflateWhole, latin1 } from '../bytes.ts';
import type { Cursor } from './cursor.ts';
import { demand, Misfit, matched } from './cursor.ts';

export type Direction = 'horizontal' | 'vertical';

/** The CIDs 1 … n of one font, and which of them a page has used so far. */
export interface TextFont {
  readonly size: number;
  /** Notes a CID as used; false when the font has no such CID. */
  use(cid: number): boolean;
  unused(): number;
}

const MAX_CIDS = 65_000;
const MAX_ADVANCE = 10_000;
/** 65,000 lines of at most 74 bytes, and their blocks. */
const MAX_CMAP_BYTES = 6_000_000;

const CID_FONT =
  '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SekishoInvisible /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 4 0 R /DW 1000 ';
const CID_FONT_END = ' /CIDToGIDMap /Identity >>';

/** What differs between the two: numbers of the objects, spelling of the advances. */
const SHAPES = {
  horizontal: { self: 5, unicode: 7, encoding: 'Identity-H', key: '/W ', group: 1, advance: /^(?:0|[1-9][0-9]{0,4})$/ },
  vertical: {
    self: 8,
    unicode: 10,
    encoding: 'Identity-V',
    key: '/DW2 [880 -1000] /W2 ',
    group: 3,
    advance: /^(?:0|-[1-9][0-9]{0,4})$/,
  },
} as const;

/** Reads CIDFont, Type0 font and ToUnicode map, three objects in a row. @throws Misfit */
export function readFont(cursor: Cursor, direction: Direction): TextFont {
  const { self, unicode, encoding, key } = SHAPES[direction];
  const cidFont = cursor.plain();
  const begin = CID_FONT + key;
  demand(cidFont.startsWith(begin) && cidFont.endsWith(CID_FONT_END), `${direction} font: dictionary`);
  const advances = readAdvances(cidFont.slice(begin.length, -CID_FONT_END.length), direction);

  const font = `<< /Type /Font /Subtype /Type0 /BaseFont /SekishoInvisible /Encoding /${encoding} /DescendantFonts [${self} 0 R] /ToUnicode ${unicode} 0 R >>`;
  demand(cursor.plain() === font, `${direction} font: Type0 dictionary`);

  const { dictionary, content } = cursor.stream();
  demand(dictionary === `<< /Filter /FlateDecode /Length ${content.length} >>`, `${direction} font: map dictionary`);
  const map = inflateWhole(content, MAX_CMAP_BYTES);
  if (typeof map === 'string') throw new Misfit(`${direction} font: map: ${map}`);
  checkMap(latin1(map), advances);
  return usageOf(advances.length);
}

/** `[]` or `[1 [ … ]]`: one advance for each CID; vertical ones stand before the fixed origin 500 880. */
function readAdvances(array: string, direction: Direction): readonly string[] {
  if (array === '[]') return [];
  const { group, advance } = SHAPES[direction];
  const [inner = ''] = matched(/^\[1 \[([0-9 -]+)\]\]$/, array, `${direction} font: advances`);
  const numbers = inner.split(' ');
  demand(numbers.length % group === 0 && numbers.length / group <= MAX_CIDS, `${direction} font: number of advances`);
  const advances: string[] = [];
  for (let i = 0; i < numbers.length; i += group) {
    const number = numbers[i] ?? '';
    demand(advance.test(number) && Math.abs(Number(number)) <= MAX_ADVANCE, `${direction} font: an advance`);
    demand(group === 1 || (numbers[i + 1] === '500' && numbers[i + 2] === '880'), 'vertical font: an origin');
    advances.push(number);
  }
  return advances;
}

const MAP_BEGIN =
  '/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n' +
  '/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n';
const MAP_END = 'endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n';

/** Longest block the format knows (PDF 32000-1 §9.10.3), so our writer fills each one. */
const BLOCK_LINES = 100;
const LINE = /<([0-9A-F]{4})> <((?:[0-9A-F]{4}){1,16})>\n/y;

function checkMap(map: string, advances: readonly string[]): void {
  demand(map.startsWith(MAP_BEGIN), 'ToUnicode: beginning');
  const seen = new Set<string>();
  let at = MAP_BEGIN.length;
  const take = (text: string): void => {
    demand(map.startsWith(text, at), `ToUnicode: at ${at}`);
    at += text.length;
  };
  for (let cid = 1; cid <= advances.length; ) {
    const lines = Math.min(BLOCK_LINES, advances.length - cid + 1);
    take(`${lines} beginbfchar\n`);
    for (let line = 0; line < lines; line++, cid++) {
      LINE.lastIndex = at;
      const [, code = '', target = ''] = LINE.exec(map) ?? [];
      demand(parseInt(code, 16) === cid, `ToUnicode: CID ${cid}`);
      checkTarget(target);
      const pair = `${target} ${advances[cid - 1]}`;
      demand(!seen.has(pair), `ToUnicode: CID ${cid} repeats another`);
      seen.add(pair);
      at = LINE.lastIndex;
    }
    take('endbfchar\n');
  }
  take(MAP_END);
  demand(at === map.length, 'ToUnicode: bytes behind the end');
}

/** §5 Text rule: nothing invisible, nothing that reorders, no half of a surrogate pair. */
const FORBIDDEN = new RegExp(
  [
    '[\\u{0}-\\u{1F}\\u{7F}-\\u{9F}\\u{AD}\\u{34F}\\u{61C}\\u{115F}-\\u{1160}\\u{17B4}-\\u{17B5}\\u{180B}-\\u{180E}',
    '\\u{200B}-\\u{200F}\\u{2028}-\\u{202E}\\u{2060}-\\u{206F}\\u{3164}\\u{FEFF}\\u{FFA0}\\u{FFF0}-\\u{FFFF}',
    '\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E00FF}\\u{E01F0}-\\u{E0FFF}',
    '\\p{Cs}\\p{Noncharacter_Code_Point}]',
  ].join(''),
  'u',
);

function checkTarget(hex: string): void {
  demand(isCleanText(hex), 'ToUnicode: forbidden character');
}

/** §5 text rule. @param hex UTF-16BE, four digits a unit */
export function isCleanText(hex: string): boolean {
  let text = '';
  for (let i = 0; i < hex.length; i += 4) text += String.fromCharCode(parseInt(hex.slice(i, i + 4), 16));
  return !FORBIDDEN.test(text);
}

function usageOf(size: number): TextFont {
  const used = new Uint8Array(size + 1);
  let left = size;
  return {
    size,
    use(cid) {
      if (cid < 1 || cid > size) return false;
      left -= 1 - (used[cid] ?? 0);
      used[cid] = 1;
      return true;
    },
    unused: () => left,
  };
}
