/**
 * Page pictures as the writer takes them: 16 grey levels where the page is grey, a palette where its colours are few, JPEG
 * where it is a photograph, Group 4 where somebody knows that it is black and white.
 *
 * Deflate and JPEG run on the threads of zlib and sharp while the next page is drawn.
 */
import { promisify } from 'node:util';
import { deflate as deflateCallback } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { encodeFax } from '../../engines/images/fax.ts';
import { type FewColours, fewColours, GREY_TOLERANCE } from './palette.ts';
import type { PageImage } from './writer.ts';

const deflate = promisify(deflateCallback);

/** Page pictures: 4 costs 1.7 times as long for 8 to 14 % fewer bytes, zlib's own default four times for 18 %. */
const DEFLATE_LEVEL = 1;

/** engines.md: at 80 no ringing is seen around 8-point kanji at 150 dpi. */
const JPEG_QUALITY = 80;

/** Rows of `width * 4` bytes. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgbx: Uint8Array;
}

/** The same with three bytes a pixel. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export interface Encoded {
  readonly image: PageImage;
  /** True when the first try was too large. */
  readonly isCoarser: boolean;
}

/** How far below the size that the budget would just allow the second try goes: pictures shrink less than their area. */
const MARGIN = 0.9;
/** Sides shrink to this part at most: 150 dpi become 60, where print of the usual size can just be read. */
const SMALLEST_PART = 0.4;

/**
 * The picture to put on the page. Copies what it needs of the pixels before it first waits.
 * @param maxBytes above this it is made once more, at a lower resolution; what then comes out is taken
 */
export const encodePicture = ({ rgbx, width, height }: Pixels, maxBytes: number): Promise<Encoded> =>
  encodeAs(planOf(rgbx, width, height), width, height, maxBytes);

/** The same for a scan, at the size given: grey where it is grey, else a photograph, whatever its colours. */
export async function encodePhoto(source: Rgb, width: number, height: number, maxBytes: number): Promise<Encoded> {
  // In one go, where scaling cannot make it grey.
  if (isColourful(source.rgb)) return encodeAs(photoPlan(source, width, height), width, height, maxBytes);
  const rgb = await scaled(source, width, height);
  const plan = hasColour(rgb)
    ? photoPlan({ rgb, width, height }, width, height)
    : planOf(withFourth(rgb, width * height), width, height);
  return encodeAs(plan, width, height, maxBytes);
}

const photoPlan = (source: Rgb, width: number, height: number): Plan => ({
  encode: () => encodeJpeg(source, width, height),
  rgb: () => source,
});

function hasColour(rgb: Uint8Array): boolean {
  for (let i = 0; i < rgb.length; i += 3) if (spread(rgb, i) > GREY_TOLERANCE) return true;
  return false;
}

/** One pixel of a thousand is far from grey. Some of them tell: an odd step, so that they stand in no column. */
function isColourful(rgb: Uint8Array): boolean {
  const step = 3 * 17;
  let left = rgb.length / step / 1000;
  for (let i = 0; i < rgb.length; i += step) if (spread(rgb, i) > 4 * GREY_TOLERANCE && --left < 0) return true;
  return false;
}

function spread(rgb: Uint8Array, at: number): number {
  const [red, green, blue] = [rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number];
  return Math.max(red, green, blue) - Math.min(red, green, blue);
}

async function encodeAs(plan: Plan, width: number, height: number, maxBytes: number): Promise<Encoded> {
  const image = await plan.encode();
  if (image.data.length <= maxBytes) return { image, isCoarser: false };
  const part = Math.max(SMALLEST_PART, Math.sqrt(maxBytes / image.data.length) * MARGIN);
  const [smallWidth, smallHeight] = [width, height].map((side) => Math.max(1, Math.round(side * part))) as [
    number,
    number,
  ];
  const { rgb, ...raw } = plan.rgb();
  const small = await sharp(rgb, { raw: { ...raw, channels: 3 }, limitInputPixels: false })
    .resize(smallWidth, smallHeight, { fit: 'fill', kernel: 'cubic' })
    .ensureAlpha()
    .raw()
    .toBuffer();
  return { image: await planOf(small, smallWidth, smallHeight).encode(), isCoarser: true };
}

interface Plan {
  readonly encode: () => Promise<PageImage>;
  /** The pixels once more, for a second try. */
  readonly rgb: () => Rgb;
}

/** Chooses the form and copies the pixels into it. */
function planOf(rgbx: Uint8Array, width: number, height: number): Plan {
  const few = fewColours(rgbx, width, height);
  if (few !== undefined) {
    const { packed, ...form } = few;
    return {
      encode: async () => ({ ...form, width, height, data: await deflate(packed, { level: DEFLATE_LEVEL }) }),
      rgb: () => ({ rgb: unpacked(few, width, height), width, height }),
    };
  }
  const picture = { rgb: dropFourth(rgbx, width * height), width, height };
  return { encode: () => encodeJpeg(picture, width, height), rgb: () => picture };
}

const GREYS = Uint8Array.from({ length: 48 }, (_, i) => Math.floor(i / 3) * 17);

/** Red, green and blue of each pixel. */
function unpacked(few: FewColours, width: number, height: number): Uint8Array {
  const { palette, bits } = few.kind === 'grey' ? { palette: GREYS, bits: 4 } : few;
  const { packed } = few;
  const rgb = new Uint8Array(width * height * 3);
  const rowBytes = Math.ceil((width * bits) / 8);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = packed[y * rowBytes + (bits === 8 ? x : x >> 1)] as number;
      const index = (bits === 8 ? byte : x % 2 === 0 ? byte >> 4 : byte & 15) * 3;
      rgb[out++] = palette[index] as number;
      rgb[out++] = palette[index + 1] as number;
      rgb[out++] = palette[index + 2] as number;
    }
  }
  return rgb;
}

/** One bit for each pixel, 1 is black; undefined when one is neither black nor white. @param grey a byte a pixel */
export function packBits(grey: Uint8Array, width: number, height: number): Uint8Array | undefined {
  const rowBytes = (width + 7) >> 3;
  const bits = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width;
    let out = y * rowBytes;
    for (let i = y * width; i < end; out++) {
      let byte = 0;
      for (let bit = 0x80; bit > 0 && i < end; bit >>= 1, i++) {
        const value = grey[i] as number;
        if (value === 0) byte |= bit;
        else if (value !== 255) return undefined;
      }
      bits[out] = byte;
    }
  }
  return bits;
}

/** @param bits rows of ⌈width / 8⌉ bytes, first pixel in the highest bit, 1 is black */
export const bilevelPicture = (bits: Uint8Array, width: number, height: number): PageImage => ({
  kind: 'bilevel',
  width,
  height,
  data: encodeFax(bits, width, height),
});

async function encodeJpeg(source: Rgb, width: number, height: number): Promise<PageImage> {
  const data = await resized(source, width, height)
    .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:2:0' })
    .toBuffer();
  return { kind: 'jpeg', width, height, data };
}

/** The picture's pixels at that size. */
export const scaled = async (source: Rgb, width: number, height: number): Promise<Uint8Array> =>
  source.width === width && source.height === height ? source.rgb : resized(source, width, height).raw().toBuffer();

function resized({ rgb, ...raw }: Rgb, width: number, height: number): Sharp {
  // Three channels: with a fourth, sharp takes four times as long for what it believes to be transparency.
  const picture = sharp(rgb, { raw: { ...raw, channels: 3 }, limitInputPixels: false });
  const isSame = raw.width === width && raw.height === height;
  return isSame ? picture : picture.resize(width, height, { fit: 'fill', kernel: 'linear' });
}

/** Red, green and blue of each pixel. Four pixels at a time, as three words: a scanned page has millions. */
export function dropFourth(rgbx: Uint8Array, count: number): Uint8Array {
  const pixels = new Uint32Array(rgbx.buffer, rgbx.byteOffset, count);
  const words = new Uint32Array(Math.ceil((count * 3) / 4));
  const whole = count - (count % 4);
  let out = 0;
  for (let i = 0; i < whole; i += 4) {
    const b = pixels[i + 1] as number;
    const c = pixels[i + 2] as number;
    words[out++] = ((pixels[i] as number) & 0xffffff) | (b << 24);
    words[out++] = ((b >>> 8) & 0xffff) | (c << 16);
    words[out++] = ((c >>> 16) & 0xff) | ((pixels[i + 3] as number) << 8);
  }
  const rgb = new Uint8Array(words.buffer, 0, count * 3);
  for (let i = whole; i < count; i++) rgb.set(rgbx.subarray(i * 4, i * 4 + 3), i * 3);
  return rgb;
}

/** Blue, green, red as the engine has them → red, green, blue. @param bgr rows of `stride` bytes @param rgb written */
export function fromBgr(bgr: Uint8Array, stride: number, width: number, height: number, rgb: Uint8Array): void {
  // A row of whole words, a little longer than the picture's.
  const row = new Uint32Array(Math.ceil(width / 4) * 3);
  const bytes = new Uint8Array(row.buffer, 0, width * 3);
  const source = new Uint8Array(row.length * 4);
  const words = new Uint32Array(source.buffer);
  for (let y = 0; y < height; y++) {
    source.set(bgr.subarray(y * stride, y * stride + width * 3));
    for (let i = 0; i < row.length; i += 3) {
      const [a, b, c] = [words[i] as number, words[i + 1] as number, words[i + 2] as number];
      row[i] = ((a >>> 16) & 0xff) | (a & 0xff00) | ((a & 0xff) << 16) | ((b & 0xff00) << 16);
      row[i + 1] = (b & 0xff0000ff) | ((a >>> 16) & 0xff00) | ((c & 0xff) << 16);
      row[i + 2] = ((b >>> 16) & 0xff) | ((c >>> 16) & 0xff00) | (c & 0xff0000) | ((c & 0xff00) << 16);
    }
    rgb.set(bytes, y * width * 3);
  }
}

export function fromGrey(grey: Uint8Array, rgb: Uint8Array): void {
  for (let i = 0, out = 0; i < grey.length; i++) {
    const value = grey[i] as number;
    rgb[out++] = value;
    rgb[out++] = value;
    rgb[out++] = value;
  }
}

/** The other way round: a fourth byte to each pixel. */
export function withFourth(rgb: Uint8Array, count: number): Uint8Array {
  const pixels = new Uint32Array(count);
  for (let i = 0, from = 0; i < count; i++, from += 3) {
    pixels[i] =
      (rgb[from] as number) | ((rgb[from + 1] as number) << 8) | ((rgb[from + 2] as number) << 16) | 0xff000000;
  }
  return new Uint8Array(pixels.buffer);
}
