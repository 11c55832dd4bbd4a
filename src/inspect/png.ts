/**
 * Strict reader of the PNG files that we write: docs/output-grammar.md §8 (PNG third edition).
 *
 * Danger: text, EXIF, ICC and private chunks, APNG frames, bytes behind IEND or behind the zlib stream, a size that
 * disagrees with the data.
 * Grammar: signature, IHDR (8 bit RGB or grey, or a palette; not interlaced), pHYs with our one value, PLTE exactly with a
 * palette, IDAT…, IEND; CRCs right; the IDATs are one zlib stream of exactly the rows, each led by a filter 0–4; with a
 * palette by 0, every colour different and shown somewhere, no number beyond the table, the bits behind a row zero.
 */
import { crc32 } from 'node:zlib';
import { inflateWhole, latin1, u32 } from './bytes.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** 1,000 pixels a metre both ways: what libvips writes for pixels without a resolution. */
const PHYS = Buffer.from('000003e8000003e801', 'hex');

/** Colour types (third edition §11.2.1) and the bits a pixel takes at the depths that we write. */
const RGB = 2;
const GREY = 0;
const PALETTE = 3;
const PIXEL_BITS: Readonly<Record<string, number>> = { '8 2': 24, '8 0': 8, '1 3': 1, '2 3': 2, '4 3': 4, '8 3': 8 };

/** policy/policy.ts allows at most 60 Mpx by default and the schema bounds what an operator may set. */
const MAX_PIXELS = 250_000_000;

interface Chunk {
  readonly name: string;
  readonly content: Uint8Array;
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly colourType: typeof RGB | typeof GREY | typeof PALETTE;
  readonly pixelBits: number;
  /** Bytes of one row with its filter byte. */
  readonly rowBytes: number;
}

/** Every problem found; none for a file of ours. */
export function pngProblems(bytes: Uint8Array): readonly string[] {
  const problem = firstProblem(bytes);
  return problem === undefined ? [] : [`png: ${problem}`];
}

function firstProblem(bytes: Uint8Array): string | undefined {
  if (SIGNATURE.compare(bytes.subarray(0, 8)) !== 0) return 'no signature';
  const chunks = chunksOf(bytes);
  if (typeof chunks === 'string') return chunks;
  const header = headerOf(chunks[0]);
  if (typeof header === 'string') return header;

  const order = chunks.map(({ name }) => name).join(' ');
  const wanted = header.colourType === PALETTE ? /^IHDR pHYs PLTE( IDAT)+ IEND$/ : /^IHDR pHYs( IDAT)+ IEND$/;
  if (!wanted.test(order)) return `chunks stand as ${order.slice(0, 80)}`;
  if (chunks[1] === undefined || PHYS.compare(chunks[1].content) !== 0) return 'another resolution than ours';
  if (chunks.at(-1)?.content.length !== 0) return 'IEND with content';
  const rows = rowsOf(chunks, header);
  if (typeof rows === 'string') return rows;
  if (header.colourType === PALETTE) return paletteProblem(chunks[2]?.content ?? new Uint8Array(), rows, header);
  for (let at = 0; at < rows.length; at += header.rowBytes) {
    if ((rows[at] ?? 5) > 4) return 'unknown row filter';
  }
  return undefined;
}

function chunksOf(bytes: Uint8Array): readonly Chunk[] | string {
  const chunks: Chunk[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = u32(bytes, at);
    if (!(at + 12 + length <= bytes.length)) return 'a chunk longer than the file';
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== u32(bytes, at + 8 + length)) return 'a wrong CRC';
    const name = latin1(bytes, at + 4, at + 8);
    // Nothing may follow IEND: leaving the loop early would let it.
    chunks.push({ name, content: bytes.subarray(at + 8, at + 8 + length) });
    if (chunks.length > 100_000) return 'too many chunks';
    at += 12 + length;
  }
  return chunks;
}

function headerOf(chunk: Chunk | undefined): Header | string {
  if (chunk?.name !== 'IHDR' || chunk.content.length !== 13) return 'no IHDR';
  const { content } = chunk;
  const [width, height] = [u32(content, 0), u32(content, 4)];
  const [depth, colourType, ...methods] = content.subarray(8);
  const pixelBits = PIXEL_BITS[`${depth} ${colourType}`];
  // Compression and filter method: the only ones there are; not interlaced.
  if (pixelBits === undefined || methods.some((method) => method !== 0)) return 'another pixel format than ours';
  if (colourType !== RGB && colourType !== GREY && colourType !== PALETTE) return 'another pixel format than ours';
  if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) return 'size out of bounds';
  return { width, height, colourType, pixelBits, rowBytes: 1 + Math.ceil((pixelBits * width) / 8) };
}

function rowsOf(chunks: readonly Chunk[], { height, rowBytes }: Header): Uint8Array | string {
  const data = chunks.filter(({ name }) => name === 'IDAT').map(({ content }) => content);
  const [first] = data;
  const stream = data.length === 1 && first !== undefined ? first : Buffer.concat(data);
  const rows = inflateWhole(stream, height * rowBytes);
  return typeof rows === 'string' || rows.length === height * rowBytes ? rows : 'pixels are not height × row bytes';
}

/** The one table for these pixels, and the one depth for that table. */
function paletteProblem(table: Uint8Array, rows: Uint8Array, header: Header): string | undefined {
  const { width, pixelBits, rowBytes } = header;
  const colours = table.length / 3;
  const least = pixelBits === 1 ? 1 : 2 ** (pixelBits / 2) + 1;
  if (!(Number.isInteger(colours) && colours >= least && colours <= 2 ** pixelBits)) return 'palette of another size';
  const different = new Set(Array.from({ length: colours }, (_, i) => latin1(table, 3 * i, 3 * i + 3)));
  if (different.size !== colours) return 'a colour stands twice in the palette';
  const shown = new Set<number>();
  const mask = 2 ** pixelBits - 1;
  for (let start = 0; start < rows.length; start += rowBytes) {
    if (rows[start] !== 0) return 'a filtered row of a palette picture';
    for (let bit = 0, end = (rowBytes - 1) * 8; bit < end; bit += pixelBits) {
      const value = ((rows[start + 1 + (bit >> 3)] ?? 0) >> (8 - pixelBits - (bit & 7))) & mask;
      if (bit >= width * pixelBits ? value !== 0 : value >= colours)
        return bit >= width * pixelBits ? 'bits behind the end of a row' : 'a number beyond the palette';
      if (bit < width * pixelBits) shown.add(value);
    }
  }
  return shown.size === colours ? undefined : 'a colour that no pixel has';
}
