/**
 * Page pictures as the writer takes them: 16 grey levels where the page is grey, a palette where its colours are few, JPEG
 * where it is a photograph, Group 4 where somebody knows that it is black and white.
 *
 * Deflate and JPEG run on the threads of zlib and sharp while the next page is drawn.
 */
import { promisify } from 'node:util';
import { deflate as deflateCallback } from 'node:zlib';
import sharp from 'sharp';
import { encodeFax } from '../../engines/images/fax.ts';
import { indexedOf } from './palette.ts';
import type { PageImage } from './writer.ts';

const deflate = promisify(deflateCallback);

/** zlib's own default costs twice the time of 4 for 3 % fewer bytes on page pictures. */
const DEFLATE_LEVEL = 4;

/** Channels of a pixel may differ by this much and still be grey: anti-aliasing of grey text over a scan does that. */
const GREY_TOLERANCE = 6;
/** engines.md: at 80 no ringing is seen around 8-point kanji at 150 dpi. */
const JPEG_QUALITY = 80;

/** 8-bit value → the nearest of 16 levels. */
const LEVEL = Uint8Array.from({ length: 256 }, (_, value) => Math.round(value / 17));

/** The page as 16 grey levels; undefined when a pixel is coloured. @param rgbx rows of `width * 4` bytes. */
export function packGrey(rgbx: Uint8Array, width: number, height: number): Uint8Array | undefined {
  const pixels = new Uint32Array(rgbx.buffer, rgbx.byteOffset, width * height);
  const rowBytes = (width + 1) >> 1;
  const packed = new Uint8Array(rowBytes * height);
  const rows = Buffer.from(rgbx.buffer, rgbx.byteOffset, width * height * 4);
  const white = Buffer.alloc(width * 4, 0xff);
  for (let y = 0; y < height; y++) {
    // Most rows of most pages are blank: one memcmp each.
    if (white.compare(rows, y * width * 4, (y + 1) * width * 4) === 0) {
      packed.fill(0xff, y * rowBytes, (y + 1) * rowBytes);
      if (width % 2 === 1) packed[(y + 1) * rowBytes - 1] = 0xf0;
      continue;
    }
    const end = (y + 1) * width;
    let out = y * rowBytes;
    for (let i = y * width; i < end; i += 2, out++) {
      const first = pixels[i] as number;
      const second = i + 1 < end ? (pixels[i + 1] as number) : 0;
      if ((first & second & 0xffffff) === 0xffffff) {
        packed[out] = 0xff;
        continue;
      }
      if (!isGrey(first) || !isGrey(second)) return undefined;
      packed[out] = ((LEVEL[(first >> 8) & 0xff] as number) << 4) | (LEVEL[(second >> 8) & 0xff] as number);
    }
  }
  return packed;
}

function isGrey(pixel: number): boolean {
  // Red equals green and green equals blue: the usual case, without unpacking.
  if ((pixel & 0xffff) === ((pixel >> 8) & 0xffff)) return true;
  const red = pixel & 0xff;
  const green = (pixel >> 8) & 0xff;
  const blue = (pixel >> 16) & 0xff;
  return Math.max(red, green, blue) - Math.min(red, green, blue) <= GREY_TOLERANCE;
}

/** The picture to put on the page. Copies what it needs of `rgbx` before it first waits. */
export async function encodePicture(rgbx: Uint8Array, width: number, height: number): Promise<PageImage> {
  const grey = packGrey(rgbx, width, height);
  if (grey !== undefined) {
    return { kind: 'grey', width, height, data: await deflate(grey, { level: DEFLATE_LEVEL }) };
  }
  const few = indexedOf(rgbx, width, height);
  if (few !== undefined) {
    const { palette, bits, packed } = few;
    return { kind: 'indexed', width, height, palette, bits, data: await deflate(packed, { level: DEFLATE_LEVEL }) };
  }
  return encodeJpeg(dropFourth(rgbx, width * height), width, height);
}

/** @param bits rows of ⌈width / 8⌉ bytes, first pixel in the highest bit, 1 is black */
export const bilevelPicture = (bits: Uint8Array, width: number, height: number): PageImage => ({
  kind: 'bilevel',
  width,
  height,
  data: encodeFax(bits, width, height),
});

async function encodeJpeg(rgb: Uint8Array, width: number, height: number): Promise<PageImage> {
  const data = await sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:2:0' })
    .toBuffer();
  return { kind: 'jpeg', width, height, data };
}

function dropFourth(rgbx: Uint8Array, pixels: number): Uint8Array {
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 4, to += 3) {
    rgb[to] = rgbx[from] as number;
    rgb[to + 1] = rgbx[from + 1] as number;
    rgb[to + 2] = rgbx[from + 2] as number;
  }
  return rgb;
}
