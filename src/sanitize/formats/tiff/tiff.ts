/**
 * TIFF 6.0 and BigTIFF: faxes, scans and other documents → PDF, one picture a page; a photograph → JPEG or PNG.
 *
 * Danger: decoders with a long history of overflows, directories in circles, a hundred thousand pages, private tags with files.
 * Method: directories read with bounds (directory.ts); each page goes to libtiff inside ImageMagick, in WebAssembly with a
 * limited memory, as a file of its own that has only the tags about pixels; written anew from the pixels.
 * Kept: every page, upright, in the size that its resolution gives, black and white as such. Lost: metadata, colour profile,
 * thumbnails, layers, transparency, more than 8 bits a sample.
 */
import { blocked, type Conversion, type ConvertContext, type Converter, type UntrustedFile } from '../../converter.ts';
import { type MagickInstance, openMagick } from '../../engines/images/magick.ts';
import { encodedPicture, stemOf } from '../image/encode.ts';
import { readTiff, SinglePages, type TiffPage, type TiffPages } from './directory.ts';
import { isDocument } from './page-size.ts';
import { writeDocument } from './pages.ts';
import { removalsOf } from './removals.ts';

/** A picture without loss at the source stays so up to here; above it is a photograph. */
const PHOTO_PIXELS = 1_000_000;

export const tiff: Converter = {
  name: 'tiff',
  accepts: ['tiff'],
  documentation: {
    danger: 'Decoder bugs, directories in circles, endless pages, decompression bombs, files in private tags.',
    method:
      'Each page decoded to pixels by libtiff in WebAssembly; faxes and scans written as PDF, photographs as JPEG.',
    kept: 'Every page, upright, in its size on paper.',
    lost: 'Metadata, colour profile, thumbnails, layers, transparency.',
  },

  async convert(file, context) {
    const { limits } = context.policy;
    const reading = readTiff(file.bytes, limits.maxPages);
    if (reading.kind === 'malformed') return blocked('malformed', reading.detail);
    if (reading.kind === 'too-many') return blocked('limit-exceeded', `more than ${limits.maxPages} pages`);
    const { found } = reading;
    return isDocument(found.pages) ? await writeDocument(file, found, context) : await picture(file, found, context);
  },
};

async function picture(file: UntrustedFile, found: TiffPages, { policy }: ConvertContext): Promise<Conversion> {
  const [page] = found.pages;
  if (page === undefined) return blocked('malformed', 'no page');
  const maxPixels = policy.limits.maxMegapixels * 1_000_000;
  if (!(page.width * page.height <= maxPixels))
    return blocked('limit-exceeded', `maxMegapixels: ${page.width} × ${page.height}`);
  const magick = await openMagick(maxPixels);
  const pixels = orUndefined(() => readPage(magick, new SinglePages(file.bytes, found), page));
  if (pixels === undefined) return blocked('malformed', 'no decoder could read this tiff');
  const { type, bytes } = await encodedPicture(pixels, page.isJpeg || pixels.width * pixels.height > PHOTO_PIXELS);
  return {
    kind: 'converted',
    outcome: 'image',
    files: [{ type, untrustedStem: stemOf(file.untrustedName), bytes }],
    removed: removalsOf(found),
  };
}

const readPage = (magick: MagickInstance, single: SinglePages, page: TiffPage) =>
  magick.read('Tiff', single.only(page), { autoOrient: true });

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // The decoder's word for «damaged»; nothing of the failed instance is used again.
    return undefined;
  }
}
