/** Page pictures of our PDFs: grey or few colours in zlib, bilevel in Group 4, or one JPEG (docs/output-grammar-pdf.md §6). */
import { inflateWhole } from '../bytes.ts';
import { faxProblem } from '../fax.ts';
import { readJpeg } from '../jpeg.ts';
import type { StreamObject } from './cursor.ts';
import { demand, Misfit, matched } from './cursor.ts';

const MAX_SIDE = 20_000;
const MAX_PIXELS = 200_000_000;
const IMAGE =
  /^<< \/Type \/XObject \/Subtype \/Image \/Width ([1-9][0-9]{0,4}) \/Height ([1-9][0-9]{0,4}) (\/ColorSpace .+) \/Length [0-9]+ >>$/;

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Kind {
  /** What stands between height and length; the whole of it. */
  readonly keys: RegExp;
  readonly check: (content: Uint8Array, size: Size, keys: readonly string[]) => void;
}

const KINDS: readonly Kind[] = [
  { keys: /^\/ColorSpace \/DeviceGray \/BitsPerComponent 4 \/Filter \/FlateDecode$/, check: checkGrey },
  {
    keys: /^\/ColorSpace \[\/Indexed \/DeviceRGB (0|[1-9][0-9]{0,2}) <((?:[0-9A-F]{6}){1,256})>\] \/BitsPerComponent ([48]) \/Filter \/FlateDecode$/,
    check: checkIndexed,
  },
  {
    keys: /^\/ColorSpace \/DeviceGray \/BitsPerComponent 1 \/Filter \/CCITTFaxDecode \/DecodeParms << \/K -1 \/Columns ([0-9]+) \/Rows ([0-9]+) >>$/,
    check: checkBilevel,
  },
  { keys: /^\/ColorSpace \/DeviceRGB \/BitsPerComponent 8 \/Filter \/DCTDecode$/, check: checkJpeg },
];

/** @throws Misfit when the picture is not one that we write, or its data are not exactly its pixels. */
export function checkImage({ dictionary, content }: StreamObject): void {
  const [w = '', h = '', rest = ''] = matched(IMAGE, dictionary, 'image dictionary');
  const size = { width: Number(w), height: Number(h) };
  const { width, height } = size;
  demand(width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS, 'image size');
  for (const { keys, check } of KINDS) {
    const found = keys.exec(rest);
    if (found === null) continue;
    check(content, size, found.slice(1));
    return;
  }
  throw new Misfit('image dictionary');
}

function checkGrey(content: Uint8Array, size: Size): void {
  rowsOf(content, size, 4);
}

/** The unpacked rows, exactly as many bytes as the picture has, spare bits zero. */
function rowsOf(content: Uint8Array, { width, height }: Size, bits: 4 | 8): Uint8Array {
  const rowBytes = Math.ceil((width * bits) / 8);
  const rows = inflateWhole(content, rowBytes * height);
  if (typeof rows === 'string') throw new Misfit(`image: ${rows}`);
  demand(rows.length === rowBytes * height, 'image: data are not height × row bytes');
  if (bits === 8 || width % 2 === 0) return rows;
  for (let at = rowBytes - 1; at < rows.length; at += rowBytes) {
    demand(((rows[at] ?? 0) & 15) === 0, 'image: bits behind the end of a row');
  }
  return rows;
}

/** Each colour once, each of them somewhere in the picture, no index beyond them: nothing rides along in a palette. */
function checkIndexed(content: Uint8Array, size: Size, [highest = '', hex = '', depth = '']: readonly string[]): void {
  const colours = Number(highest) + 1;
  const bits = depth === '4' ? 4 : 8;
  demand(hex.length === colours * 6, 'image: palette of another length');
  demand(colours <= 16 === (bits === 4), 'image: more bits than its colours need');
  demand(new Set(hex.match(/.{6}/g)).size === colours, 'image: a colour twice');
  const rows = rowsOf(content, size, bits);
  const used = new Uint8Array(256);
  if (bits === 8) useBytes(rows, size.width, used);
  else useNibbles(rows, size.width, used);
  demand(used.lastIndexOf(1) < colours, 'image: an index beyond the palette');
  demand(used.indexOf(0) >= colours || colours === 256, 'image: a colour that no pixel has');
  demand(colours < 256 || !used.includes(0), 'image: a colour that no pixel has');
}

/** A row like the one above it has nothing new: blank paper, ruled lines. */
function useBytes(rows: Uint8Array, width: number, used: Uint8Array): void {
  const buffer = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  for (let at = 0; at < rows.length; at += width) {
    if (at > 0 && buffer.compare(buffer, at - width, at, at, at + width) === 0) continue;
    for (let i = at; i < at + width; i++) used[rows[i] as number] = 1;
  }
}

function useNibbles(rows: Uint8Array, width: number, used: Uint8Array): void {
  const rowBytes = Math.ceil(width / 2);
  for (const [at, byte] of rows.entries()) {
    used[byte >> 4] = 1;
    if (width % 2 === 0 || at % rowBytes !== rowBytes - 1) used[byte & 15] = 1;
  }
}

function checkBilevel(content: Uint8Array, { width, height }: Size, [columns, rows]: readonly string[]): void {
  demand(columns === String(width) && rows === String(height), 'image: Group 4 of another size than its dictionary');
  const problem = faxProblem(content, width, height);
  demand(problem === undefined, `image: ${problem}`);
}

function checkJpeg(content: Uint8Array, { width, height }: Size): void {
  const verdict = readJpeg(content);
  if (verdict.kind === 'misfit') throw new Misfit(verdict.problem);
  demand(verdict.width === width && verdict.height === height, 'image: JPEG of another size than its dictionary');
}
