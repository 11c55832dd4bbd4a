/**
 * HEIC, HEIF (ISO/IEC 23008-12) and AVIF → JPEG.
 *
 * Danger: large decoders of young formats (HEVC, AV1), sizes and tiles that ask for all memory, EXIF with places and names.
 * Method: the boxes are read with bounds first (boxes.ts); libheif inside ImageMagick, in WebAssembly with a limited memory,
 * decodes the primary picture and turns it as `irot` and `imir` say; encoded anew from the pixels.
 * Kept: the primary picture, upright. Lost: metadata, colour profile, depth and alpha, thumbnails, further pictures, Live Photos.
 */
import type { Removal } from '../../../message/outcome.ts';
import { blocked, type Converter } from '../../converter.ts';
import { decodeWithMagick } from '../../engines/images/magick.ts';
import type { Pixels } from '../../engines/images/pixels.ts';
import { encodedPicture, stemOf } from '../image/encode.ts';
import { type HeifFacts, readHeif } from './boxes.ts';

export const heic: Converter = {
  name: 'heic',
  accepts: ['heic'],
  documentation: {
    danger: 'Bugs of large decoders, sizes that ask for all memory, places and names in EXIF.',
    method: 'Boxes read with bounds, decoded to pixels by libheif in WebAssembly, written as JPEG.',
    kept: 'The primary picture, turned upright.',
    lost: 'Metadata, colour profile, transparency, depth, thumbnails, further pictures of the same file.',
  },

  async convert(file, { policy }) {
    const facts = readHeif(file.bytes);
    if (facts === undefined) return blocked('malformed', 'boxes of another form');
    const { width, height } = facts;
    const maxPixels = policy.limits.maxMegapixels * 1_000_000;
    if (!(width * height <= maxPixels)) return blocked('limit-exceeded', `maxMegapixels: ${width} × ${height}`);
    const pixels = await decoded(facts, file.bytes, maxPixels);
    if (typeof pixels === 'string') return blocked('malformed', pixels);
    const { type, bytes } = await encodedPicture(pixels, true);
    return {
      kind: 'converted',
      outcome: 'image',
      files: [{ type, untrustedStem: stemOf(file.untrustedName), bytes }],
      removed: removalsOf(facts),
    };
  },
};

/** libheif turns the picture itself; the orientation in EXIF is a copy of that for others and is not applied again. */
async function decoded({ isAvif }: HeifFacts, bytes: Uint8Array, maxPixels: number): Promise<Pixels | string> {
  try {
    return await decodeWithMagick(isAvif ? 'Avif' : 'Heic', maxPixels, { autoOrient: false })(bytes);
  } catch (error) {
    return String(error).slice(0, 200);
  }
}

function removalsOf({ metadata, pictures }: HeifFacts): readonly Removal[] {
  const removed: Removal[] = [];
  if (metadata > 0) removed.push({ what: 'metadata', count: metadata });
  if (pictures > 1) removed.push({ what: 'animation', count: pictures - 1 });
  return removed;
}
