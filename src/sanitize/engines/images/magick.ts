/**
 * GIF, WebP, BMP, and what the quick decoders refuse (CMYK JPEG, odd PNG), by ImageMagick in WebAssembly
 * (@imagemagick/magick-wasm). The format is named by us: nothing is guessed, no delegate, no URL, no script format.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import { checkedPixels, type Decode, type Pixels } from './pixels.ts';

type Magick = typeof import('@imagemagick/magick-wasm');

export type MagickFormatName = 'Jpeg' | 'Png' | 'Gif' | 'WebP' | 'Bmp';

const require = createRequire(import.meta.url);

let compiled: WebAssembly.Module | undefined;

/** 14.8 MB: read and compiled when the first such picture comes. */
const wasm = (): WebAssembly.Module =>
  (compiled ??= new WebAssembly.Module(readFileSync(require.resolve('@imagemagick/magick-wasm/magick.wasm'))));

let source: Script | undefined;

/**
 * The package keeps its first instance for ever. Its CommonJS build is therefore evaluated anew for each document: a
 * module of its own, an instance of its own, both collected afterwards.
 */
function freshPackage(): Magick {
  source ??= new Script(
    `(function (exports, module, require) {${readFileSync(require.resolve('@imagemagick/magick-wasm'), 'utf8')}\n})`,
    { filename: 'magick-wasm.cjs' },
  );
  const module: { exports: Partial<Magick> } = { exports: {} };
  source.runInThisContext()(module.exports, module, require);
  return module.exports as Magick;
}

/** @param maxPixels the largest picture that may be decoded. */
export const decodeWithMagick =
  (format: MagickFormatName, maxPixels: number): Decode =>
  async (bytes) => {
    const magick = freshPackage();
    await magick.initializeImageMagick(wasm());
    magick.ResourceLimits.area = BigInt(maxPixels);
    // Beyond `area` pixels would go to a file, which in here is memory again: refused instead.
    magick.ResourceLimits.disk = 0n;
    magick.ResourceLimits.listLength = 8n;
    return firstFrame(magick, format, bytes);
  };

function firstFrame(magick: Magick, format: MagickFormatName, bytes: Uint8Array): Pixels {
  const settings = new magick.MagickReadSettings({ format: magick.MagickFormat[format], frameIndex: 0, frameCount: 1 });
  return magick.ImageMagick.read(bytes, settings, (image) => {
    image.autoOrient();
    if (image.colorSpace !== magick.ColorSpace.sRGB) image.colorSpace = magick.ColorSpace.sRGB;
    return image.getPixels((pixels) => {
      const rgba = pixels.toByteArray(0, 0, image.width, image.height, 'RGBA');
      if (rgba === null) throw new Error('magick gave no pixels');
      return checkedPixels(image.width, image.height, rgba);
    });
  });
}
