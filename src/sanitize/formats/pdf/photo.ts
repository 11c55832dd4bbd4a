/** The picture of a scanned page, decoded in WebAssembly and scaled on pixels that we hold: never the original's bytes in native code. */
import sharp from 'sharp';
import { decodeJpeg } from '../../engines/images/mozjpeg.ts';
import type { PictureSize } from './page-size.ts';
import { dropFourth } from './pixels.ts';
import type { Scan } from './scan.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Rows of `width * 4` bytes. */
  readonly rgbx: Uint8Array;
  /** The same without the fourth bytes, where it is there already. */
  readonly rgb?: Uint8Array;
}

/** The embedded JPEG could not be decoded: the page is drawn the long way. */
export class NotDecoded extends Error {
  override readonly name = 'NotDecoded';
}

/** What the page shows of the picture, at the size wanted, or smaller where the picture has no more. @throws NotDecoded */
export async function photoOf(scan: Scan, jpeg: Uint8Array, wanted: PictureSize): Promise<Picture> {
  const decoded = await decodeJpeg(jpeg, 'as-stored').catch((error: unknown) => {
    throw new NotDecoded(String(error));
  });
  if (decoded.width !== scan.width || decoded.height !== scan.height) throw new NotDecoded('another size');
  const { crop, turn } = scan;
  const isWhole = turn === 0 && crop.width === scan.width && crop.height === scan.height;
  const isLarger = crop.width > wanted.width || crop.height > wanted.height;
  const { width, height } = isLarger ? wanted : crop;
  if (isWhole && !isLarger) return { width, height, rgbx: decoded.rgba };
  // Three channels: with a fourth, sharp takes four times as long for what it believes to be transparency.
  const rgb = dropFourth(decoded.rgba, scan.width * scan.height);
  const raw = { raw: { width: scan.width, height: scan.height, channels: 3 as const }, limitInputPixels: false };
  const turned = turn === 0 ? sharp(rgb, raw) : sharp(rgb, raw).rotate(turn);
  const cropped = isWhole ? turned : turned.extract(crop);
  const scaled = await cropped.resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { width, height, rgb: scaled, rgbx: withFourth(scaled, width * height) };
}

function withFourth(rgb: Uint8Array, count: number): Uint8Array {
  const pixels = new Uint32Array(count);
  for (let i = 0, from = 0; i < count; i++, from += 3) {
    pixels[i] =
      (rgb[from] as number) | ((rgb[from + 1] as number) << 8) | ((rgb[from + 2] as number) << 16) | 0xff000000;
  }
  return new Uint8Array(pixels.buffer);
}
