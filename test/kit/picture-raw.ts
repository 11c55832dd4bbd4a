/** Pictures written by hand: PNG chunks, JPEG segments, GIF and TIFF blocks as they stand, so that each can be made to lie. */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** PNG (ISO/IEC 15948) §5.3. @param crc what the chunk says of itself, by default the truth */
export function pngChunk(type: string, data: Uint8Array | string, crc?: number): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.from(data as string, 'latin1')]);
  return Buffer.concat([uint32(body.length - 4), body, uint32(crc ?? crc32(body))]);
}

export interface RawPng {
  readonly width: number;
  readonly height: number;
  /** Behind the header, in front of the pixels, behind the pixels. */
  readonly early?: readonly Buffer[];
  readonly late?: readonly Buffer[];
  /** RGB rows; grey by default, and as many as `rows` says. */
  readonly rgb?: Uint8Array;
  readonly rows?: number;
  readonly after?: Uint8Array;
}

export function pngRaw({ width, height, early = [], late = [], rgb, rows = height, after }: RawPng): Buffer {
  const header = Buffer.concat([uint32(width), uint32(height), Buffer.from([8, 2, 0, 0, 0])]);
  const lines = Array.from({ length: rows }, (_, y) =>
    Buffer.concat([Buffer.of(0), rgb?.subarray(y * width * 3, (y + 1) * width * 3) ?? Buffer.alloc(width * 3, 128)]),
  );
  return Buffer.concat([
    SIGNATURE,
    pngChunk('IHDR', header),
    ...early,
    pngChunk('IDAT', deflateSync(Buffer.concat(lines))),
    ...late,
    pngChunk('IEND', ''),
    after ?? Buffer.alloc(0),
  ]);
}

/** JPEG (T.81) §B.1.1.4: a segment of this marker, put behind the start of the picture. */
export function withSegments(
  jpeg: Uint8Array,
  ...segments: readonly (readonly [marker: number, data: string])[]
): Buffer {
  const written = segments.map(([marker, data]) => {
    const body = Buffer.from(data, 'latin1');
    const length = body.length + 2;
    return Buffer.concat([Buffer.of(0xff, marker, length >> 8, length & 255), body]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...written, jpeg.subarray(2)]);
}

/** GIF89a: a screen, these blocks, the end. */
export const gifRaw = (width: number, height: number, blocks: readonly Buffer[], after = Buffer.alloc(0)): Buffer =>
  Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    Buffer.of(width & 255, width >> 8, height & 255, height >> 8, 0x80, 0, 0, 0, 0, 0, 255, 255, 255),
    ...blocks,
    Buffer.of(0x3b),
    after,
  ]);

/** A frame of one black pixel. */
export const gifFrame = (): Buffer => Buffer.from('2c000000000100010000' + '02024401' + '00', 'hex');

/** A comment, or an application's block with its name of eleven letters. */
export function gifExtension(label: number, ...pieces: readonly string[]): Buffer {
  const blocks = pieces.map((piece) => Buffer.concat([Buffer.of(piece.length), Buffer.from(piece, 'latin1')]));
  return Buffer.concat([Buffer.of(0x21, label), ...blocks, Buffer.of(0)]);
}

/** TIFF 6.0 §2, little-endian: one directory; `next` is the offset of the following one, `behind` stands at offset 8 + its size. */
export function tiffRaw(
  entries: readonly (readonly [tag: number, type: number, count: number, value: number])[],
  { next = 0, behind = Buffer.alloc(0) }: { readonly next?: number; readonly behind?: Buffer } = {},
): Buffer {
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = 2 + i * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count >>> 0, at + 4);
    directory.writeUInt32LE(value >>> 0, at + 8);
  }
  directory.writeUInt32LE(next, directory.length - 4);
  return Buffer.concat([Buffer.from('II*\0\x08\0\0\0', 'latin1'), directory, behind]);
}
