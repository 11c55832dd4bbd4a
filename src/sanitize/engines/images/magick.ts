/**
 * GIF, WebP, BMP, TIFF, HEIF, AVIF, JPEG 2000, ICO, PSD and what the quick decoders refuse (CMYK JPEG, odd PNG), by ImageMagick
 * in WebAssembly (@imagemagick/magick-wasm). The format is named by us: nothing is guessed, no delegate, no URL, no script.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import type { IMagickImage } from '@imagemagick/magick-wasm';
import { cappedModule } from './capped-module.ts';
import { checkedPixels, type Decode, type Pixels } from './pixels.ts';

type Magick = typeof import('@imagemagick/magick-wasm');

export type MagickFormatName =
  | 'Jpeg'
  | 'Png'
  | 'Gif'
  | 'WebP'
  | 'Bmp'
  | 'Tiff'
  | 'Heic'
  | 'Avif'
  | 'Jp2'
  | 'J2k'
  | 'Ico'
  | 'Psd';

/** 60 Mpx as RGBA are 240 MB; a decoder needs as much again while it works. */
const MAX_HEAP_BYTES = 640 * 1024 * 1024;
/** Longest side of anything drawn: the limit of GIF and JPEG, and of ImageMagick's own default policy twice. */
const MAX_SIDE = 65_535n;
/** Rows fetched at a time: a whole picture at once would stand in the module's memory a second time. */
const STRIP_BYTES = 8 * 1024 * 1024;

const require = createRequire(import.meta.url);

let compiled: WebAssembly.Module | undefined;

/** 14.8 MB: read and compiled when the first such picture comes. */
const wasm = (): WebAssembly.Module =>
  (compiled ??= cappedModule(readFileSync(require.resolve('@imagemagick/magick-wasm/magick.wasm')), MAX_HEAP_BYTES));

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

export interface ReadOptions {
  /** False when the caller turns the picture itself, or the decoder has done so already. */
  readonly autoOrient: boolean;
}

/** One instance for one document; it may read several pages of it. After a throw it is not used again. */
export interface MagickInstance {
  /** @throws whatever the engine throws on data that it cannot read. */
  read(format: MagickFormatName, bytes: Uint8Array, options: ReadOptions): Pixels;
  /** Only the red of each pixel, a byte each: all there is to a picture in black and white. Turned upright. */
  readRed(format: MagickFormatName, bytes: Uint8Array): RedPixels;
}

export interface RedPixels {
  readonly width: number;
  readonly height: number;
  readonly red: Uint8Array;
}

/** @param maxPixels the largest picture that may be decoded. */
export async function openMagick(maxPixels: number): Promise<MagickInstance> {
  const magick = freshPackage();
  await magick.initializeImageMagick(wasm());
  magick.ResourceLimits.area = BigInt(maxPixels);
  magick.ResourceLimits.width = MAX_SIDE;
  magick.ResourceLimits.height = MAX_SIDE;
  // Beyond `area` pixels would go to a file, which in here is memory again: refused instead.
  magick.ResourceLimits.disk = 0n;
  magick.ResourceLimits.listLength = 8n;
  return {
    read(format, bytes, options) {
      return firstFrame(magick, format, bytes, options, (image) => {
        const { width, height } = image;
        return checkedPixels(width, height, samplesOf(image, 'RGBA'));
      });
    },
    readRed(format, bytes) {
      return firstFrame(magick, format, bytes, { autoOrient: true }, (image) => {
        const { width, height } = image;
        return { width, height, red: samplesOf(image, 'R') };
      });
    },
  };
}

export const decodeWithMagick =
  (format: MagickFormatName, maxPixels: number, options: ReadOptions = { autoOrient: true }): Decode =>
  async (bytes) =>
    (await openMagick(maxPixels)).read(format, bytes, options);

function firstFrame<T>(
  magick: Magick,
  format: MagickFormatName,
  bytes: Uint8Array,
  { autoOrient }: ReadOptions,
  take: (image: IMagickImage) => T,
): T {
  const settings = new magick.MagickReadSettings({ format: magick.MagickFormat[format], frameIndex: 0, frameCount: 1 });
  return magick.ImageMagick.read(bytes, settings, (image) => {
    if (autoOrient) image.autoOrient();
    if (image.colorSpace !== magick.ColorSpace.sRGB) image.colorSpace = magick.ColorSpace.sRGB;
    return take(image);
  });
}

/** @param mapping which samples of each pixel, in their order */
function samplesOf(image: IMagickImage, mapping: 'RGBA' | 'R'): Uint8Array {
  const { width, height } = image;
  const rowBytes = width * mapping.length;
  const samples = new Uint8Array(height * rowBytes);
  const rows = Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
  image.getPixels((pixels) => {
    for (let y = 0; y < height; y += rows) {
      const strip = pixels.toByteArray(0, y, width, Math.min(rows, height - y), mapping);
      if (strip === null) throw new Error('magick gave no pixels');
      samples.set(strip, y * rowBytes);
    }
  });
  return samples;
}
