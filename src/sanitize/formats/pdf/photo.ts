/** The picture of a scanned page, turned and cut on pixels that we hold: never the original's bytes in native code. */
import sharp from 'sharp';
import type { PictureSize } from './page-size.ts';
import type { Rgb } from './pixels.ts';
import type { Scan } from './scan.ts';

/** What a page shows of its picture. It may have more pixels than wanted: they are scaled where they are encoded, in one go. */
export interface Photo {
  readonly source: Rgb;
  /** As it shall be on the page. */
  readonly width: number;
  readonly height: number;
}

/** What the page shows of the picture, at the size wanted, or smaller where the picture has no more. @param rgb the picture's */
export async function photoOf(scan: Scan, rgb: Uint8Array, wanted: PictureSize): Promise<Photo> {
  const { crop, turn } = scan;
  const isWhole = turn === 0 && crop.width === scan.width && crop.height === scan.height;
  const isLarger = crop.width > wanted.width || crop.height > wanted.height;
  const { width, height } = isLarger ? wanted : crop;
  if (isWhole) return { source: { rgb, width: scan.width, height: scan.height }, width, height };
  const raw = { raw: { width: scan.width, height: scan.height, channels: 3 as const }, limitInputPixels: false };
  const turned = turn === 0 ? sharp(rgb, raw) : sharp(rgb, raw).rotate(turn);
  const scaled = await turned.extract(crop).resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { source: { rgb: scaled, width, height }, width, height };
}
