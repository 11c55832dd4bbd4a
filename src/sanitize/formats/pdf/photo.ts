/** The picture of a scanned page, decoded in WebAssembly and scaled on pixels that we hold: never the original's bytes in native code. */
import sharp from 'sharp';
import { decodeJpeg } from '../../engines/images/mozjpeg.ts';
import type { PictureSize } from './page-size.ts';
import { dropFourth } from './pixels.ts';
import type { Scan } from './scan.ts';

export interface Photo {
  readonly width: number;
  readonly height: number;
  /** Three bytes a pixel. */
  readonly rgb: Uint8Array;
}

/** The embedded JPEG could not be decoded: the page is drawn the long way. */
export class NotDecoded extends Error {
  override readonly name = 'NotDecoded';
}

/** What the page shows of the picture, at the size wanted, or smaller where the picture has no more. @throws NotDecoded */
export async function photoOf(scan: Scan, jpeg: Uint8Array, wanted: PictureSize): Promise<Photo> {
  const decoded = await decodeJpeg(jpeg, 'as-stored').catch((error: unknown) => {
    throw new NotDecoded(String(error));
  });
  if (decoded.width !== scan.width || decoded.height !== scan.height) throw new NotDecoded('another size');
  const { crop, turn } = scan;
  const isWhole = turn === 0 && crop.width === scan.width && crop.height === scan.height;
  const isLarger = crop.width > wanted.width || crop.height > wanted.height;
  const { width, height } = isLarger ? wanted : crop;
  // Three channels: with a fourth, sharp takes four times as long for what it believes to be transparency.
  const rgb = dropFourth(decoded.rgba, scan.width * scan.height);
  if (isWhole && !isLarger) return { width, height, rgb };
  const raw = { raw: { width: scan.width, height: scan.height, channels: 3 as const }, limitInputPixels: false };
  const turned = turn === 0 ? sharp(rgb, raw) : sharp(rgb, raw).rotate(turn);
  const cropped = isWhole ? turned : turned.extract(crop);
  const scaled = await cropped.resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { width, height, rgb: scaled };
}
