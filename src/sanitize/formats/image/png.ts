/**
 * Pixels → a PNG of ours (docs/output-grammar.md §8), in the smallest of its three forms that loses nothing: a palette, one grey
 * channel, or three colours.
 */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { greyOf, type PalettePicture, paletteOf } from './palette.ts';

/** Above this many greys a table says no more than the grey itself, whose neighbours can be predicted. */
const MAX_TABLE_GREYS = 16;
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** 1,000 pixels a metre: what libvips writes for pixels without a resolution; all forms say the same. */
const PHYS = Buffer.from('000003e8000003e801', 'hex');

/** @param rgb width × height × 3 bytes */
export async function encodePng(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const few = paletteOf(rgb, width, height);
  const grey = few === undefined || few.colours.length > 3 * MAX_TABLE_GREYS ? greyOf(rgb) : undefined;
  if (few !== undefined && grey === undefined) return palettePng(few, width, height);
  const raw = {
    raw: { width, height, channels: grey === undefined ? 3 : 1 } as const,
    limitInputPixels: false,
  } as const;
  const picture = grey === undefined ? sharp(rgb, raw) : sharp(grey, raw).toColourspace('b-w');
  // More than 256 colours are tones: there the difference to a neighbour is smaller than the value.
  return await picture.png({ compressionLevel: 6, adaptiveFiltering: true }).toBuffer();
}

function palettePng({ depth, colours, rows }: PalettePicture, width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, 3, 0, 0, 0], 8);
  const pixels = deflateSync(rows, { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    ...[chunk('IHDR', header), chunk('pHYs', PHYS), chunk('PLTE', colours), chunk('IDAT', pixels)],
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}
