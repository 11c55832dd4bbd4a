/**
 * JPEG, PNG, GIF, WebP, BMP, ICO, JPEG 2000, PSD → JPEG or PNG.
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
import { type Claims, type ImageType, largestIcon, readClaims } from './claims.ts';
import { encodedPicture, stemOf } from './encode.ts';

const TYPES: readonly ImageType[] = ['jpeg', 'png', 'gif', 'webp', 'bmp', 'ico', 'jp2', 'psd'];

const isImageType = (type: FileType): type is ImageType => TYPES.some((each) => each === type);

const MAGICK: Readonly<Record<ImageType, MagickFormatName>> = {
  jpeg: 'Jpeg',
  png: 'Png',
  gif: 'Gif',
  webp: 'WebP',
  bmp: 'Bmp',
  ico: 'Ico',
  jp2: 'Jp2',
  psd: 'Psd',
};

/** A WebP, JPEG 2000 or Photoshop file may be a photograph or a drawing, and does not say; a large one is a photograph. */
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
    const pixels = await decode(file.type, prepared(file.type, file.bytes), claims, maxPixels);
    if (pixels === undefined) return blocked('malformed', `no decoder could read this ${file.type}`);
    return encoded(file, file.type, pixels, claims);
  },
};

/** The bytes as our decoders want them. */
function prepared(type: ImageType, bytes: Uint8Array): Uint8Array {
  if (type === 'bmp') return withTrueLength(bytes);
  return type === 'ico' ? onlyLargest(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) : bytes;
}

/** An icon file with its largest picture alone: a viewer shows that one, the first may be the smallest. */
function onlyLargest(bytes: Buffer): Uint8Array {
  const largest = largestIcon(bytes);
  if (largest === undefined) return bytes;
  const head = Buffer.alloc(22);
  bytes.copy(head, 0, 0, 4);
  head.writeUInt16LE(1, 4);
  bytes.copy(head, 6, largest.at, largest.at + 12);
  head.writeUInt32LE(22, 18);
  return Buffer.concat([head, largest.data]);
}

/**
 * The length in a BMP's header is 0, rounded, or without trailing data in files that every viewer shows; our decoder
 * refuses such files, so it gets the true one.
 */
function withTrueLength(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(bytes.length, 2);
  return copy;
}

/** JPEG 2000 may stand bare, without boxes around it. */
const magickName = (type: ImageType, bytes: Uint8Array): MagickFormatName =>
  type === 'jp2' && bytes[0] === 0xff ? 'J2k' : MAGICK[type];

/** The quick decoder first; what it refuses, the thorough one gets. */
async function decode(
  type: ImageType,
  bytes: Uint8Array,
  { maybeTurned = false }: Claims,
  maxPixels: number,
): Promise<Pixels | undefined> {
  const quick: Readonly<Partial<Record<ImageType, Decode>>> = { jpeg: decodeJpeg, png: decodePng };
  const engines = [quick[type], decodeWithMagick(magickName(type, bytes), maxPixels)];
  // Only the thorough one turns a PNG as its EXIF says.
  for (const engine of maybeTurned ? engines.toReversed() : engines) {
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
  const mayBePhoto = type === 'webp' || type === 'jp2' || type === 'psd';
  const photo = type === 'jpeg' || (mayBePhoto && pixels.width * pixels.height > PHOTO_PIXELS);
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
