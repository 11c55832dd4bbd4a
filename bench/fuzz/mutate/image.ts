/**
 * Changes of pictures by their structure: PNG chunks with right checksums, JPEG segments, TIFF directory entries, RIFF chunks and
 * ISO boxes, SVG elements; elsewhere bytes, mostly near the front, where headers lie.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import type { Random } from '../random.ts';
import { damaged, oddNumber } from './bytes.ts';
import { changedHtml } from './html.ts';

interface Piece {
  name: string;
  data: Buffer;
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

const PNG_CHUNKS: readonly Piece[] = [
  { name: 'tEXt', data: Buffer.from('Comment\0x') },
  { name: 'zTXt', data: Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(300))]) },
  { name: 'iCCP', data: Buffer.concat([Buffer.from('p\0\0'), deflateSync(Buffer.alloc(128))]) },
  { name: 'acTL', data: Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]) },
  { name: 'fcTL', data: Buffer.alloc(26) },
  { name: 'tRNS', data: Buffer.from([0, 0]) },
  { name: 'eXIf', data: Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex') },
  { name: 'PLTE', data: Buffer.from([0, 0, 0, 255, 255, 255]) },
  { name: 'gAMA', data: Buffer.from([0, 0, 0, 1]) },
  { name: 'prVt', data: Buffer.from('x') },
  { name: 'IEND', data: Buffer.alloc(0) },
];

function readPng(bytes: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 8; at + 12 <= bytes.length && pieces.length < 200; ) {
    const length = bytes.readUInt32BE(at);
    pieces.push({
      name: bytes.toString('latin1', at + 4, at + 8),
      data: Buffer.from(bytes.subarray(at + 8, at + 8 + length)),
    });
    at += 12 + length;
  }
  return pieces;
}

function writePng(pieces: readonly Piece[]): Buffer {
  const chunks = pieces.map(({ name, data }) => {
    const chunk = Buffer.alloc(data.length + 12);
    chunk.writeUInt32BE(data.length, 0);
    chunk.write(name.padEnd(4).slice(0, 4), 4, 'latin1');
    data.copy(chunk, 8);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, data.length + 8)), data.length + 8);
    return chunk;
  });
  return Buffer.concat([PNG, ...chunks]);
}

/** Order, number and content of pieces, for every format that is a row of them. */
function changedPieces(random: Random, pieces: Piece[], others: readonly Piece[]): void {
  if (pieces.length === 0) return;
  const i = random.below(pieces.length);
  const piece = pieces[i] as Piece;
  switch (random.below(6)) {
    case 0:
      pieces.splice(i, 1);
      break;
    case 1:
      pieces.splice(random.below(pieces.length + 1), 0, { ...piece });
      break;
    case 2:
      if (others.length > 0)
        pieces.splice(random.below(pieces.length + 1), random.below(2), { ...random.pick(others) });
      break;
    case 3:
      piece.name = random.pick(others.length > 0 ? others : pieces).name;
      break;
    default:
      piece.data = damaged(random, piece.data, random.pick(pieces).data, 2);
  }
}

function changedPng(random: Random, input: Buffer, other: Buffer): Buffer {
  const pieces = readPng(input);
  const others = [...PNG_CHUNKS, ...(other.subarray(0, 8).equals(PNG) ? readPng(other) : [])];
  for (let left = random.few(2); left > 0; left--) {
    const header = pieces.find(({ name }) => name === 'IHDR');
    const pixels = pieces.find(({ name }) => name === 'IDAT');
    switch (random.below(4)) {
      case 0:
        if (header !== undefined && header.data.length >= 13) {
          if (random.oneIn(2)) header.data.writeUInt32BE(oddNumber(random) % 400, random.pick([0, 4]));
          else header.data[8 + random.below(5)] = random.pick([0, 1, 2, 3, 4, 6, 8, 16, 255]);
        }
        break;
      case 1:
        if (pixels !== undefined) pixels.data = repacked(random, pixels.data);
        break;
      default:
        changedPieces(random, pieces, others);
    }
  }
  const bytes = writePng(pieces);
  return random.oneIn(10) ? damaged(random, bytes, other, 2) : bytes;
}

/** Filter bytes and samples are changed, not their packing. */
function repacked(random: Random, data: Buffer): Buffer {
  try {
    const raw = inflateSync(data, { maxOutputLength: 1 << 20, finishFlush: 2 });
    return deflateSync(damaged(random, raw, raw, 3));
  } catch {
    return data;
  }
}

/** Marker segments before the scan; the scan and all behind it are one piece. */
function readJpeg(bytes: Buffer): Piece[] {
  const pieces: Piece[] = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    pieces.push({ name: String.fromCharCode(bytes[at + 1] ?? 0), data: Buffer.from(bytes.subarray(at + 4, end)) });
    at = end;
  }
  pieces.push({ name: 'scan', data: Buffer.from(bytes.subarray(at)) });
  return pieces;
}

const writeJpeg = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...pieces.flatMap(({ name, data }) => {
      if (name === 'scan') return [data];
      const head = Buffer.from([0xff, name.charCodeAt(0), 0, 0]);
      head.writeUInt16BE(Math.min(65_535, data.length + 2), 2);
      return [head, data];
    }),
  ]);

const JPEG_SEGMENTS: readonly Piece[] = [
  { name: '\xfe', data: Buffer.from('comment') },
  { name: '\xe1', data: Buffer.from(`457869660000${'4d4d002a00000008000101120003000000010006000000000000'}`, 'hex') },
  { name: '\xdd', data: Buffer.from([0, 1]) },
  { name: '\xee', data: Buffer.from('Adobe\0d\0\0\0\0\x02', 'latin1') },
  { name: '\xc2', data: Buffer.from([8, 0, 8, 0, 8, 1, 1, 0x11, 0]) },
  { name: '\xdc', data: Buffer.from([0, 8]) },
];

function changedJpeg(random: Random, input: Buffer, other: Buffer): Buffer {
  const pieces = readJpeg(input);
  const others = [...JPEG_SEGMENTS, ...(other[0] === 0xff && other[1] === 0xd8 ? readJpeg(other) : [])];
  for (let left = random.few(2); left > 0; left--) changedPieces(random, pieces, others);
  return writeJpeg(pieces);
}

/** A directory's entries: 12 bytes each, tag, type, count, value. */
function changedTiff(random: Random, input: Buffer, other: Buffer): Buffer {
  const bytes = Buffer.from(input);
  const little = bytes[0] === 0x49;
  const read16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const read32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const write = (at: number, value: number, size: 2 | 4): void => {
    const whole = Math.abs(value) % 2 ** (8 * size);
    if (little) bytes.writeUIntLE(whole, at, size);
    else bytes.writeUIntBE(whole, at, size);
  };
  try {
    for (let left = random.few(2); left > 0; left--) {
      let directory = read32(4);
      if (random.oneIn(3)) directory = read32(directory + 2 + 12 * read16(directory)) || directory;
      const entry = directory + 2 + 12 * random.below(read16(directory));
      const [at, size] = random.pick([
        [0, 2],
        [2, 2],
        [4, 4],
        [8, 4],
        [8, 2],
      ] as const);
      const tag = random.pick([
        256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 282, 284, 317, 320, 322, 323, 324, 325, 338, 347, 512,
      ]);
      write(
        entry + at,
        at === 0 ? tag : random.oneIn(2) ? oddNumber(random) : random.pick([1, 2, 3, 4, 5, 6, 7, 8, 32_773, 8, 16]),
        size,
      );
    }
  } catch {
    // The directory lies elsewhere than its header says: bytes, then.
  }
  return random.oneIn(8) ? damaged(random, bytes, other, 2) : bytes;
}

/** Where headers lie, or anywhere. */
function changedFront(random: Random, input: Buffer, other: Buffer): Buffer {
  const cut = random.oneIn(3) ? input.length : Math.min(input.length, random.pick([32, 64, 200, 600]));
  const changed = damaged(random, input.subarray(0, cut), other.subarray(0, 200), 1);
  return Buffer.concat([changed, input.subarray(cut)]);
}

export function changedImage(random: Random, input: Buffer, other: Buffer): Buffer {
  if (random.oneIn(20)) return damaged(random, input, other);
  const start = input.toString('latin1', 0, 400);
  if (start.startsWith('\x89PNG')) return changedPng(random, input, other);
  if (start.startsWith('\xff\xd8')) return changedJpeg(random, input, other);
  if (/^(?:II\*|MM\0\*|II\+|MM\0\+)/.test(start)) return changedTiff(random, input, other);
  if (/<svg|<\?xml/.test(start))
    return changedHtml(random, input, /</.test(other.toString('latin1', 0, 4)) ? other : input);
  return changedFront(random, input, other);
}

/** With a word in a place of no pixels: a text chunk, a comment; unchanged where the format has no such place that is sure. */
export function withImageWord(input: Buffer, word: string): Buffer {
  if (input.subarray(0, 8).equals(PNG)) {
    const pieces = readPng(input);
    const whole = writePng(pieces).equals(input);
    return whole
      ? writePng([...pieces.slice(0, 1), { name: 'tEXt', data: Buffer.from(`Comment\0${word}`) }, ...pieces.slice(1)])
      : input;
  }
  if (input[0] === 0xff && input[1] === 0xd8) {
    const head = Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, word.length + 2]);
    return Buffer.concat([head, Buffer.from(word), input.subarray(2)]);
  }
  return input;
}
