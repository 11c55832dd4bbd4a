/**
 * Strict reader of the PNG files that we write: docs/output-grammar.md §8 (PNG third edition).
 *
 * Danger: text, EXIF, ICC and private chunks, APNG frames, bytes behind IEND or behind the zlib stream, a size that
 * disagrees with the data.
 * Grammar: signature, IHDR (8 bit RGB, not interlaced), pHYs with our one value, IDAT…, IEND; CRCs right; the IDATs are
 * one zlib stream of exactly height × (1 + 3 × width) bytes, every row led by a filter 0–4.
 */
import { crc32 } from 'node:zlib';
import { inflateWhole, latin1, u32 } from './bytes.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** 1,000 pixels a metre both ways: what libvips writes for pixels without a resolution. */
const PHYS = Buffer.from('000003e8000003e801', 'hex');

/** IHDR from the bit depth on: 8 bits, RGB, the one compression and filter method there is, not interlaced. */
const FORMAT = Buffer.from([8, 2, 0, 0, 0]);

/** policy/policy.ts allows at most 60 Mpx by default and the schema bounds what an operator may set. */
const MAX_PIXELS = 250_000_000;

interface Chunk {
  readonly name: string;
  readonly content: Uint8Array;
}

interface Header {
  readonly height: number;
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
  if (!/^IHDR pHYs( IDAT)+ IEND$/.test(order)) return `chunks stand as ${order.slice(0, 80)}`;
  if (chunks[1] === undefined || PHYS.compare(chunks[1].content) !== 0) return 'another resolution than ours';
  if (chunks.at(-1)?.content.length !== 0) return 'IEND with content';
  return pixelProblem(chunks, header);
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
  if (FORMAT.compare(content.subarray(8)) !== 0) return 'another pixel format than ours';
  if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) return 'size out of bounds';
  return { height, rowBytes: 1 + 3 * width };
}

function pixelProblem(chunks: readonly Chunk[], { height, rowBytes }: Header): string | undefined {
  const data = chunks.filter(({ name }) => name === 'IDAT').map(({ content }) => content);
  const [first] = data;
  const stream = data.length === 1 && first !== undefined ? first : Buffer.concat(data);
  const rows = inflateWhole(stream, height * rowBytes);
  if (typeof rows === 'string') return rows;
  if (rows.length !== height * rowBytes) return 'pixels are not height × row bytes';
  for (let at = 0; at < rows.length; at += rowBytes) {
    if ((rows[at] ?? 5) > 4) return 'unknown row filter';
  }
  return undefined;
}
