/**
 * Strict reader of the JPEG files that we write, alone or as a PDF's picture: docs/output-grammar.md §8 (ITU-T T.81).
 *
 * Danger: comments, EXIF, ICC profiles, thumbnails, restart tricks, bytes behind the end or hidden between the last
 * block and the EOI marker.
 * Grammar: SOI, two DQT, SOF0 (8 bit, three components, 4:2:0), four DHT, SOS, entropy data, EOI; nothing else, each
 * once. The entropy data is decoded to its last block; after it stand fewer than 8 bits, all ones.
 */
import { u16 } from './bytes.ts';
import type { HuffmanTable, ScanComponent } from './jpeg-scan.ts';
import { decodeScan, huffmanTable } from './jpeg-scan.ts';

export type JpegVerdict =
  | { readonly kind: 'fits'; readonly width: number; readonly height: number }
  | { readonly kind: 'misfit'; readonly problem: string };

/** Four times the 60 Mpx of policy/policy.ts, which an operator may raise; docs/output-grammar-pdf.md says 200 Mpx. */
const MAX_PIXELS = 250_000_000;

interface Segment {
  readonly marker: number;
  readonly content: Buffer;
  /** Offset of the first byte behind it. */
  readonly end: number;
}

/** SOF0 behind precision, height and width: components 1, 2, 3 sampled 2×2, 1×1, 1×1 with tables 0, 1, 1 (B.2.2). */
const COMPONENTS = Buffer.from('03012200021101031101', 'hex');

/** SOS: the three components with tables 0/0, 1/1, 1/1, the whole spectrum, no successive approximation (B.2.3). */
const SCAN = Buffer.from('03010002110311003f00', 'hex');

/** Class and id of the Huffman tables in the order they stand: DC0, AC0, DC1, AC1 (B.2.4.2). */
const TABLES = [0x00, 0x10, 0x01, 0x11] as const;

const [DQT, SOF0, DHT, SOS] = [0xdb, 0xc0, 0xc4, 0xda];
const ORDER = [DQT, DQT, SOF0, DHT, DHT, DHT, DHT, SOS];

type Four<T> = readonly [T, T, T, T];
type Segments = readonly [...Four<Segment>, ...Four<Segment>];

const misfit = (problem: string): JpegVerdict => ({ kind: 'misfit', problem: `jpeg: ${problem}` });

/** Judges every byte of the file. */
export function readJpeg(bytes: Uint8Array): JpegVerdict {
  const segments = segmentsToScan(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (typeof segments === 'string') return misfit(segments);
  const [luma, chroma, frame, dc0, ac0, dc1, ac1, scan] = segments;
  if (!isQuantization(luma.content, 0) || !isQuantization(chroma.content, 1)) return misfit('quantization table');
  const size = sizeOf(frame.content);
  if (typeof size === 'string') return misfit(size);
  const tables = huffmanTables([dc0, ac0, dc1, ac1]);
  if (typeof tables === 'string') return misfit(tables);
  if (!scan.content.equals(SCAN)) return misfit('scan header of another form');

  const end = decodeScan(bytes, scan.end, size.width, size.height, tables);
  if (typeof end === 'string') return misfit(end);
  if (u16(bytes, end) !== 0xffd9) return misfit('no EOI after the last block');
  return end + 2 === bytes.length ? { kind: 'fits', ...size } : misfit('bytes after EOI');
}

/** The marker segments from SOI up to SOS, in the one order that we write. */
function segmentsToScan(bytes: Buffer): Segments | string {
  if (u16(bytes, 0) !== 0xffd8) return 'no SOI';
  const segments: Segment[] = [];
  let at = 2;
  for (const marker of ORDER) {
    if (u16(bytes, at) !== 0xff00 + marker)
      return `marker ${u16(bytes, at).toString(16)} where ff${marker.toString(16)} must stand`;
    const end = at + 2 + u16(bytes, at + 2);
    if (!(end >= at + 4 && end <= bytes.length)) return 'segment longer than the file';
    segments.push({ marker, content: bytes.subarray(at + 4, end), end });
    at = end;
  }
  // One for each marker of ORDER.
  return segments as unknown as Segments;
}

/** One table of 64 eight-bit values; none of them zero (B.2.4.1). */
const isQuantization = (content: Buffer, id: number): boolean =>
  content.length === 65 && content[0] === id && !content.includes(0, 1);

function sizeOf(frame: Buffer): { readonly width: number; readonly height: number } | string {
  if (frame[0] !== 8 || !COMPONENTS.equals(frame.subarray(5))) return 'frame header of another form';
  const [height, width] = [u16(frame, 1), u16(frame, 3)];
  return width > 0 && height > 0 && width * height <= MAX_PIXELS ? { width, height } : 'size out of bounds';
}

function huffmanTables(segments: Four<Segment>): readonly ScanComponent[] | string {
  const found: HuffmanTable[] = [];
  for (const [i, { content }] of segments.entries()) {
    if (content[0] !== TABLES[i]) return 'Huffman tables out of order';
    const table = huffmanTable(content.subarray(1), i % 2 === 1);
    if (typeof table === 'string') return table;
    found.push(table);
  }
  const [dc0, ac0, dc1, ac1] = found as unknown as Four<HuffmanTable>;
  const chroma = { h: 1, v: 1, dc: dc1, ac: ac1 };
  return [{ h: 2, v: 2, dc: dc0, ac: ac0 }, chroma, chroma];
}
