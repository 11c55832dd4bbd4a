/** Pixels → one JPEG or PNG of ours: what every converter of pictures ends with. */
import sharp from 'sharp';
import { type BuiltBytes, built } from '../../converter.ts';
import type { Pixels } from '../../engines/images/pixels.ts';
import { encodePng } from './png.ts';

/** JPEG quality: above 90 files grow fast and nobody sees it; the source was compressed once already. */
const JPEG_QUALITY = 88;

export interface EncodedPicture {
  readonly type: 'jpeg' | 'png';
  readonly bytes: BuiltBytes;
}

/** @param photo true for what came as a photograph: written as JPEG. All else keeps every pixel but its lowest bit. */
export async function encodedPicture(pixels: Pixels, photo: boolean): Promise<EncodedPicture> {
  const { width, height } = pixels;
  const rgb = flattened(pixels);
  // A photograph's lowest bits are quantised away; changed before, they would only be noise that grows with each passage (INV-08).
  if (!photo) return { type: 'png', bytes: built(await encodePng(withoutLowBits(rgb), width, height)) };
  const opaque = sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  return { type: 'jpeg', bytes: built(await opaque.jpeg({ quality: JPEG_QUALITY }).toBuffer()) };
}

/**
 * The lowest bit of each value says what its highest says: nobody sees one step of 256, black and white stay what they
 * are, and what was hidden there is gone (threats.tsv I08). Twice is the same as once. Changes `rgb` and returns it.
 */
function withoutLowBits(rgb: Uint8Array): Uint8Array {
  for (let at = 0; at < rgb.length; at++) {
    const value = rgb[at] ?? 0;
    rgb[at] = (value & 0xfe) | (value >> 7);
  }
  return rgb;
}

/** RGBA on white as RGB: what was under full transparency is gone for good. */
export function flattened({ width, height, rgba }: Pixels): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3] ?? 255;
    const white = 255 - alpha;
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[from + channel] ?? 0;
      rgb[to + channel] = alpha === 255 ? value : Math.round((value * alpha) / 255) + white;
    }
  }
  return rgb;
}

/** RGBA on white, alpha 255: for encoders that take four bytes a pixel and ignore the last. */
export function flattenedRgba({ width, height, rgba }: Pixels): Uint8Array {
  const opaque = new Uint8Array(width * height * 4);
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] ?? 255;
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[at + channel] ?? 0;
      opaque[at + channel] = alpha === 255 ? value : Math.round((value * alpha) / 255) + 255 - alpha;
    }
    opaque[at + 3] = 255;
  }
  return opaque;
}

/** The sender's name without what he calls the type. */
export const stemOf = (untrustedName: string): string => untrustedName.replace(/\.[^.]{1,10}$/, '');
