/**
 * What a picture says of itself before anything is decoded: size, frames, blocks that are not pixels. Read with bounds,
 * believed for refusing only: a claim over the limit blocks, a claim under it is checked again after decoding.
 */
import type { FileType } from '../../../message/file-type.ts';

export interface Claims {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** EXIF, XMP, ICC, comments, text chunks, private blocks, bytes after the end. */
  readonly metadata: number;
  /** True when EXIF may say that it is to be turned, and the quick decoder does not look. */
  readonly maybeTurned?: boolean;
}

export type ImageType = Extract<FileType, 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'ico' | 'jp2' | 'psd'>;

const READERS: Readonly<Record<ImageType, (bytes: Buffer) => Claims | undefined>> = {
  jpeg,
  png,
  gif,
  webp,
  bmp,
  ico,
  jp2,
  psd,
};

/** Undefined when the header does not have the format's form. */
export function readClaims(type: ImageType, bytes: Uint8Array): Claims | undefined {
  try {
    return READERS[type](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    // Buffer reads past the end: a header that stops too early.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** ITU-T T.81 B.2: marker segments up to the first scan, then whatever stands behind EOI. */
function jpeg(bytes: Buffer): Claims | undefined {
  let size: { width: number; height: number } | undefined;
  let metadata = 0;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda) break;
    if (marker === 0xfe || (marker >= 0xe1 && marker <= 0xef)) metadata++;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    at += 2 + Math.max(bytes.readUInt16BE(at + 2), 2);
  }
  const end = bytes.lastIndexOf(Buffer.from([0xff, 0xd9]));
  if (end >= 0 && end + 2 < bytes.length) metadata++;
  return size && { ...size, frames: 1, metadata };
}

/** Chunks that say how the picture looks or moves; every other carries something else. */
const PICTURE_CHUNKS: ReadonlySet<string> = new Set(
  'IHDR PLTE IDAT IEND tRNS pHYs gAMA sRGB cHRM sBIT bKGD acTL fcTL fdAT'.split(' '),
);

/** PNG third edition §5: length, name, content, CRC. */
function png(bytes: Buffer): Claims | undefined {
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  let metadata = 0;
  // One for each frame control; the first may be the still picture's or not (third edition §11.3.3).
  let frames = 0;
  let maybeTurned = false;
  let at = 8;
  for (let chunks = 0; at + 12 <= bytes.length && chunks < 100_000; chunks++) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (!PICTURE_CHUNKS.has(name)) metadata++;
    if (name === 'fcTL') frames++;
    if (name === 'eXIf') maybeTurned = true;
    at += 12 + length;
    if (name === 'IEND') break;
  }
  if (at < bytes.length) metadata++;
  return { width, height, frames: Math.max(frames, 1), metadata, maybeTurned };
}

/** GIF89a: screen descriptor, then blocks. */
function gif(bytes: Buffer): Claims | undefined {
  const [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  const flags = bytes.readUInt8(10);
  let at = 13 + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  let frames = 0;
  let metadata = 0;
  const skipSubBlocks = (from: number): number => {
    let next = from;
    while (bytes.readUInt8(next) !== 0) next += bytes.readUInt8(next) + 1;
    return next + 1;
  };
  while (at < bytes.length) {
    const kind = bytes.readUInt8(at);
    if (kind === 0x3b) break;
    if (kind === 0x21) {
      const label = bytes.readUInt8(at + 1);
      if (label !== 0xf9) metadata++;
      at = skipSubBlocks(at + 2);
    } else if (kind === 0x2c) {
      frames++;
      const local = bytes.readUInt8(at + 9);
      at = skipSubBlocks(at + 11 + ((local & 0x80) === 0 ? 0 : 3 * 2 ** ((local & 7) + 1)));
    } else {
      break;
    }
  }
  if (at + 1 < bytes.length) metadata++;
  return frames === 0 ? undefined : { width, height, frames, metadata };
}

/** WebP container (RFC 9649): VP8, VP8L or VP8X, then chunks. */
function webp(bytes: Buffer): Claims | undefined {
  const first = bytes.toString('latin1', 12, 16);
  const size = webpSize(first, bytes);
  if (size === undefined) return undefined;
  let frames = 0;
  let metadata = 0;
  let at = 12;
  for (let chunks = 0; at + 8 <= bytes.length && chunks < 100_000; chunks++) {
    const name = bytes.toString('latin1', at, at + 4);
    if (name === 'ANMF') frames++;
    if (!['VP8 ', 'VP8L', 'VP8X', 'ANMF', 'ANIM', 'ALPH'].includes(name)) metadata++;
    const length = bytes.readUInt32LE(at + 4);
    at += 8 + length + (length & 1);
  }
  return { ...size, frames: Math.max(frames, 1), metadata };
}

function webpSize(first: string, bytes: Buffer): { width: number; height: number } | undefined {
  if (first === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (first === 'VP8L') {
    const bits = bytes.readUInt32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (first === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  return undefined;
}

/** BITMAPCOREHEADER or BITMAPINFOHEADER and its successors. */
function bmp(bytes: Buffer): Claims | undefined {
  const header = bytes.readUInt32LE(14);
  const core = header === 12;
  const width = core ? bytes.readUInt16LE(18) : Math.abs(bytes.readInt32LE(18));
  const height = core ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  return { width, height, frames: 1, metadata: 0 };
}

/** An icon or cursor: one picture in several sizes, of which the largest is shown. */
function ico(bytes: Buffer): Claims | undefined {
  const largest = largestIcon(bytes);
  return largest && { width: largest.width, height: largest.height, frames: 1, metadata: 0 };
}

interface IconEntry {
  readonly width: number;
  readonly height: number;
  /** Offset of its entry in the directory. */
  readonly at: number;
  readonly data: Buffer;
}

/** ICONDIR: 16 bytes for each picture; a side of 0 means 256. Undefined when none lies inside the file. */
export function largestIcon(bytes: Buffer): IconEntry | undefined {
  const entries: IconEntry[] = [];
  for (let i = 0; i < bytes.readUInt16LE(4); i++) {
    const at = 6 + 16 * i;
    const [length, offset] = [bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12)];
    const [width, height] = [bytes.readUInt8(at) || 256, bytes.readUInt8(at + 1) || 256];
    if (length > 0 && offset + length <= bytes.length)
      entries.push({ width, height, at, data: bytes.subarray(offset, offset + length) });
  }
  return entries.toSorted((a, b) => b.width * b.height - a.width * a.height || b.data.length - a.data.length)[0];
}

/** JPEG 2000 (T.800 A.5.1): the SIZ marker directly behind SOC, whether in boxes or bare. */
function jp2(bytes: Buffer): Claims | undefined {
  const soc = bytes.indexOf(Buffer.from('ff4fff51', 'hex'));
  if (soc < 0) return undefined;
  const [right, bottom] = [bytes.readUInt32BE(soc + 8), bytes.readUInt32BE(soc + 12)];
  const [left, top] = [bytes.readUInt32BE(soc + 16), bytes.readUInt32BE(soc + 20)];
  return right > left && bottom > top
    ? { width: right - left, height: bottom - top, frames: 1, metadata: 0 }
    : undefined;
}

/** Photoshop: the header, then colour data and resources (which hold EXIF, thumbnails, paths). */
function psd(bytes: Buffer): Claims | undefined {
  const [height, width] = [bytes.readUInt32BE(14), bytes.readUInt32BE(18)];
  const resources = 26 + 4 + bytes.readUInt32BE(26);
  return width < 1 || height < 1
    ? undefined
    : { width, height, frames: 1, metadata: bytes.readUInt32BE(resources) > 0 ? 1 : 0 };
}
