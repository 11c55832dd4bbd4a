/**
 * Strict reader of the JPEG files that our encoder writes (sharp on raw pixels, `.jpeg({ quality })`): ITU-T T.81.
 *
 * Danger: comments, EXIF, ICC profiles, thumbnails, restart tricks, bytes behind the end or hidden between the last
 * block and the EOI marker.
 * Grammar: SOI, DQT (one for grey, two for colour), SOF0 (8 bit, 1 or 3 components), two or four DHT, SOS, entropy data, EOI; nothing else,
 * each once. The entropy data is decoded to its last block; after it stand fewer than 8 bits, all ones.
 */
import { u16 } from './bytes.ts';
import type { HuffmanTable, ScanComponent } from './jpeg-scan.ts';
import { decodeScan, huffmanTable } from './jpeg-scan.ts';

export interface JpegSize {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: YCbCr. */
  readonly components: 1 | 3;
  /** Luma samples for each chroma sample, both ways: 1 (4:4:4 and grey) or 2 (4:2:0). */
  readonly sampling: 1 | 2;
}

export type JpegVerdict =
  | { readonly kind: 'fits'; readonly size: JpegSize }
  | { readonly kind: 'misfit'; readonly problem: string };

/** policy/policy.ts allows at most 60 Mpx by default and the schema bounds what an operator may set. */
const MAX_PIXELS = 250_000_000;

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantization: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

interface Segment {
  readonly marker: number;
  /** Where the content begins and ends, without marker and length. */
  readonly from: number;
  readonly to: number;
}

const misfit = (problem: string): JpegVerdict => ({ kind: 'misfit', problem: `jpeg: ${problem}` });

/** Judges a whole JPEG file or the content of a PDF's DCTDecode stream. */
export function readJpeg(bytes: Uint8Array): JpegVerdict {
  const segments = segmentsToScan(bytes);
  if (typeof segments === 'string') return misfit(segments);
  const frame = frameOf(bytes, segments);
  if (typeof frame === 'string') return misfit(frame);
  const tables = huffmanTables(bytes, segments, frame.components.length);
  if (typeof tables === 'string') return misfit(tables);
  const sos = segments.at(-1);
  if (sos === undefined) return misfit('no scan');
  const scan = scanComponents(bytes, sos, frame, tables);
  if (typeof scan === 'string') return misfit(scan);

  const end = decodeScan(bytes, sos.to, frame.width, frame.height, scan);
  if (typeof end === 'string') return misfit(end);
  if (bytes[end] !== 0xff || bytes[end + 1] !== 0xd9) return misfit('no EOI after the last block');
  if (end + 2 !== bytes.length) return misfit('bytes after EOI');
  const components = frame.components.length === 1 ? 1 : 3;
  const sampling = frame.components[0]?.h === 2 ? 2 : 1;
  return { kind: 'fits', size: { width: frame.width, height: frame.height, components, sampling } };
}

/** The marker segments from SOI up to SOS, in the one order that our encoder writes. */
function segmentsToScan(bytes: Uint8Array): readonly Segment[] | string {
  if (u16(bytes, 0) !== 0xffd8) return 'no SOI';
  const segments: Segment[] = [];
  let order = '';
  for (let at = 2; segments.length < 8; ) {
    if (bytes[at] !== 0xff) return 'no marker where one must stand';
    const marker = bytes[at + 1] ?? 0;
    const letter = SEGMENT_LETTER[marker];
    if (letter === undefined) return `marker ${marker.toString(16)} is none of ours`;
    const length = u16(bytes, at + 2);
    if (!(length >= 2 && at + 2 + length <= bytes.length)) return 'segment longer than the file';
    segments.push({ marker, from: at + 4, to: at + 2 + length });
    order += letter;
    at += 2 + length;
    if (marker === 0xda) break;
  }
  // libjpeg's order: quantization tables, frame, Huffman tables (DC0 AC0, in colour also DC1 AC1), scan.
  return /^(QFHHS|QQFHHHHS)$/.test(order) ? segments : `segments stand as ${order}`;
}

const SEGMENT_LETTER: Readonly<Record<number, string>> = { 219: 'Q', 192: 'F', 196: 'H', 218: 'S' };

function frameOf(bytes: Uint8Array, segments: readonly Segment[]): Frame | string {
  const tables = new Set<number>();
  for (const { from, to } of segments.filter(({ marker }) => marker === 0xdb)) {
    // T.81 B.2.4.1: one table of 64 eight-bit values each, precision 0, ids 0 and 1 in order.
    if (to - from !== 65 || bytes[from] !== tables.size) return 'quantization table of another form';
    if (bytes.subarray(from + 1, to).includes(0)) return 'quantization by zero';
    tables.add(bytes[from] ?? 0);
  }
  const sof = segments.find(({ marker }) => marker === 0xc0);
  if (sof === undefined) return 'no frame';
  const [height, width, count] = [u16(bytes, sof.from + 1), u16(bytes, sof.from + 3), bytes[sof.from + 5] ?? 0];
  if (bytes[sof.from] !== 8) return 'not 8 bits a sample';
  if (count !== 1 && count !== 3) return `${count} components`;
  if (sof.to - sof.from !== 6 + 3 * count) return 'frame header of another length';
  if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) return 'size out of bounds';
  const components: Component[] = [];
  for (let i = 0; i < count; i++) {
    const at = sof.from + 6 + 3 * i;
    const [id, sampling, quantization] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const [h, v] = [sampling >> 4, sampling & 15];
    // Luma 1×1 or 2×2 (4:2:0), chroma 1×1: what the encoder writes at qualities below 90 and from 90 on.
    const sampled = i === 0 && count === 3 ? (h === 1 && v === 1) || (h === 2 && v === 2) : h === 1 && v === 1;
    if (id !== i + 1 || !sampled) return 'component of another form';
    if (quantization !== Math.min(i, 1)) return 'component names another quantization table';
    components.push({ id, h, v, quantization });
  }
  if (tables.size !== Math.min(count, 2)) return 'a quantization table too many or too few';
  return { width, height, components };
}

/** Tables by class and id: 0x00 DC0, 0x10 AC0, 0x01 DC1, 0x11 AC1, in this order. */
function huffmanTables(
  bytes: Uint8Array,
  segments: readonly Segment[],
  components: number,
): readonly HuffmanTable[] | string {
  const ids = [0x00, 0x10, 0x01, 0x11];
  const found: HuffmanTable[] = [];
  for (const { from, to } of segments.filter(({ marker }) => marker === 0xc4)) {
    if (bytes[from] !== ids[found.length]) return 'Huffman tables out of order';
    const isAc = ((bytes[from] ?? 0) & 0x10) !== 0;
    const table = huffmanTable(bytes.subarray(from + 1, to), isAc);
    if (typeof table === 'string') return table;
    found.push(table);
  }
  return found.length === (components === 1 ? 2 : 4) ? found : 'a Huffman table too many or too few';
}

function scanComponents(
  bytes: Uint8Array,
  sos: Segment,
  frame: Frame,
  tables: readonly HuffmanTable[],
): readonly ScanComponent[] | string {
  const count = frame.components.length;
  if (sos.to - sos.from !== 4 + 2 * count || bytes[sos.from] !== count) return 'scan header of another form';
  // Baseline: whole spectrum, no successive approximation (T.81 table B.3).
  const tail = sos.from + 1 + 2 * count;
  if (bytes[tail] !== 0 || bytes[tail + 1] !== 63 || bytes[tail + 2] !== 0) return 'scan of a part of the spectrum';
  const scan: ScanComponent[] = [];
  for (const [i, { id, h, v }] of frame.components.entries()) {
    const [selector, destination] = [bytes[sos.from + 1 + 2 * i], bytes[sos.from + 2 + 2 * i]];
    const pair = i === 0 ? 0 : 1;
    if (selector !== id || destination !== pair * 0x11) return 'scan component of another form';
    const [dc, ac] = [tables[pair * 2], tables[pair * 2 + 1]];
    if (dc === undefined || ac === undefined) return 'Huffman table missing';
    scan.push({ blocks: h * v, h, v, dc, ac });
  }
  return scan;
}
