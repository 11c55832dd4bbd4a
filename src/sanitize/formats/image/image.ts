/**
 * JPEG, PNG, GIF, WebP, BMP → JPEG or PNG.
 *
 * Danger: decoder bugs, decompression bombs, polyglots, scripts and files in metadata or behind the end, EXIF with
 * places and names, text hidden under full transparency.
 * Method: decode to pixels in WebAssembly, one instance a document; flatten on white; encode anew from the pixels.
 * Kept: the picture, turned as its EXIF says. Lost: metadata, colour profile, animation but its first frame, transparency.
 */
import type { FileType } from '../../../message/file-type.ts';
import type { Removal } from '../../../message/outcome.ts';
import { blocked, type Conversion, type Converter, type UntrustedFile } from '../../converter.ts';
import { decodeWithMagick, type MagickFormatName } from '../../engines/images/magick.ts';
import { decodeJpeg } from '../../engines/images/mozjpeg.ts';
import type { Decode, Pixels } from '../../engines/images/pixels.ts';
import { decodePng } from '../../engines/images/squoosh-png.ts';
import { type Claims, readClaims } from './claims.ts';
import { encodedPicture, stemOf } from './encode.ts';

type ImageType = Extract<FileType, 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp'>;

const TYPES: readonly ImageType[] = ['jpeg', 'png', 'gif', 'webp', 'bmp'];

const isImageType = (type: FileType): type is ImageType => TYPES.some((each) => each === type);

const MAGICK: Readonly<Record<ImageType, MagickFormatName>> = {
  jpeg: 'Jpeg',
  png: 'Png',
  gif: 'Gif',
  webp: 'WebP',
  bmp: 'Bmp',
};

/** A WebP may be a photograph or a drawing, and does not say; a large one is a photograph. */
const PHOTO_PIXELS = 250_000;

export const image: Converter = {
  name: 'image',
  accepts: TYPES,
  documentation: {
    danger:
      'Decoder bugs, decompression bombs, polyglots, scripts in metadata, places and names in EXIF, hidden pixels.',
    method: 'Decoded to pixels in WebAssembly, flattened on white, encoded anew.',
    kept: 'The picture, turned upright.',
    lost: 'Metadata, colour profile, transparency, animation but its first frame.',
  },

  async convert(file, { policy }) {
    if (!isImageType(file.type)) return blocked('unsupported-image', file.type);
    const claims = readClaims(file.type, file.bytes);
    if (claims === undefined) return blocked('malformed', `no ${file.type} header`);
    const maxPixels = policy.limits.maxMegapixels * 1_000_000;
    if (claims.width * claims.height > maxPixels) {
      return blocked('limit-exceeded', `maxMegapixels: ${claims.width} × ${claims.height}`);
    }
    const bytes = file.type === 'bmp' ? withTrueLength(file.bytes) : file.bytes;
    const pixels = await decode(file.type, bytes, maxPixels);
    if (pixels === undefined) return blocked('malformed', `no decoder could read this ${file.type}`);
    return encoded(file, file.type, pixels, claims);
  },
};

/**
 * The length in a BMP's header is 0, rounded, or without trailing data in files that every viewer shows; our decoder
 * refuses such files, so it gets the true one.
 */
function withTrueLength(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(bytes.length, 2);
  return copy;
}

/** The quick decoder first; what it refuses, the thorough one gets. */
async function decode(type: ImageType, bytes: Uint8Array, maxPixels: number): Promise<Pixels | undefined> {
  const quick: Readonly<Partial<Record<ImageType, Decode>>> = { jpeg: decodeJpeg, png: decodePng };
  for (const engine of [quick[type], decodeWithMagick(MAGICK[type], maxPixels)]) {
    if (engine === undefined) continue;
    try {
      const pixels = await engine(bytes);
      if (pixels.width * pixels.height <= maxPixels) return pixels;
    } catch {
      // This engine cannot read it; the next one may. Nothing of the failed instance is used again.
    }
  }
  return undefined;
}

async function encoded(file: UntrustedFile, type: ImageType, pixels: Pixels, claims: Claims): Promise<Conversion> {
  const photo = type === 'jpeg' || (type === 'webp' && pixels.width * pixels.height > PHOTO_PIXELS);
  const { type: written, bytes } = await encodedPicture(pixels, photo);
  const removed: Removal[] = [];
  if (claims.metadata > 0) removed.push({ what: 'metadata', count: claims.metadata });
  if (claims.frames > 1) removed.push({ what: 'animation', count: claims.frames - 1 });
  return {
    kind: 'converted',
    outcome: written === type ? 'rebuilt' : 'image',
    files: [{ type: written, untrustedStem: stemOf(file.untrustedName), bytes }],
    removed,
  };
}
