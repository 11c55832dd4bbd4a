/**
 * Scanned pages: is a page one picture and nothing else, and where does the picture lie?
 *
 * Drawn by the engine, such a page costs three times what decoding its picture there and scaling it here costs. The shortcut is taken only where it must
 * look the same: one image object, covering the page, upright or in a quarter turn, without clip, transparency, mask or
 * anything in its dictionary that we do not know. Whatever is in doubt is drawn the long way.
 */
import type { Matrix } from '../../engines/pdfium/characters.ts';
import { chain, shownPage } from '../../engines/pdfium/characters.ts';
import type { PdfDocument } from '../../engines/pdfium/document.ts';
import type { Page } from '../../engines/pdfium/page.ts';
import type { Buffers } from './buffers.ts';
import { fromBgr, fromGrey } from './pixels.ts';

/** FPDF_PAGEOBJ_…, FPDF_TEXTRENDERMODE_INVISIBLE, FPDF_COLORSPACE_… */
const [TEXT_OBJECT, IMAGE_OBJECT, INVISIBLE] = [1, 3, 3];
const [DEVICE_GRAY, DEVICE_RGB] = [1, 2];
/** FPDF_IMAGEOBJ_METADATA: width, height, two floats of dpi, bits per pixel, colour space, marked content. */
const METADATA_BYTES = 28;
/** OCR writes a text object for each word or line; more objects than this are not worth looking through. */
const MAX_OBJECTS = 20_000;
/** How far, in pixels of the source, the picture may end inside the page and still cover it. */
const TOLERANCE_PIXELS = 0.6;
/** A0 at 150 dpi and A4 at 600 dpi both have 35 million; larger bilevel pictures are drawn at the policy's resolution. */
const MAX_BILEVEL_PIXELS = 36_000_000;

export interface Scan {
  /** Pixels of the embedded picture, before it is turned. */
  readonly width: number;
  readonly height: number;
  /** Clockwise. */
  readonly turn: 0 | 90 | 180 | 270;
  /** The part of the turned picture that the page shows, in whole pixels. */
  readonly crop: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  /** As the engine decoded it. */
  readonly data: /** Three bytes a pixel. */
    | { readonly kind: 'photo'; readonly rgb: Uint8Array<ArrayBuffer> }
    /** 0 black, 255 white, a byte a pixel. */
    | { readonly kind: 'bilevel'; readonly grey: Uint8Array };
}

/**
 * @param bytes the document's own, in which the picture's dictionary is looked up.
 * @param maxPixels larger pictures are not decoded whole.
 * @param buffers where the pixels of a photo come from; who asks gives them back
 */
export function scanOf(
  document: PdfDocument,
  page: Page,
  bytes: Uint8Array,
  maxPixels: number,
  buffers: Buffers,
): Scan | undefined {
  const image = onlyImage(document, page);
  if (image === undefined) return undefined;
  const { lib } = document.instance;
  const scratch = lib.malloc(METADATA_BYTES);
  try {
    if (lib.FPDFImageObj_GetImageMetadata(image, page.handle, scratch) === 0) return undefined;
    const metadata = document.instance.view();
    const [width, height] = [metadata.getUint32(scratch, true), metadata.getUint32(scratch + 4, true)];
    const [bits, space] = [metadata.getUint32(scratch + 16, true), metadata.getInt32(scratch + 20, true)];
    if (width < 1 || height < 1 || width * height > maxPixels) return undefined;
    if (lib.FPDFPageObj_GetMatrix(image, scratch) === 0) return undefined;
    const view = document.instance.view();
    const [a, b, c, d, e, f] = [0, 4, 8, 12, 16, 20].map((at) => view.getFloat32(scratch + at, true)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const placed = placedOn(page, chain({ a, b, c, d }, e, f, shownPage(document, page)), width, height);
    if (placed === undefined) return undefined;
    const data = dataOf(document, image, bytes, { width, height, bits, space }, buffers);
    return data === undefined ? undefined : { width, height, ...placed, data };
  } finally {
    lib.free(scratch);
  }
}

/** The page's only visible object, when that is an image without clip, transparency or marked content. */
function onlyImage(document: PdfDocument, { handle }: Page): number | undefined {
  const { lib } = document.instance;
  const count = lib.FPDFPage_CountObjects(handle);
  if (count < 1 || count > MAX_OBJECTS) return undefined;
  let image: number | undefined;
  for (let i = 0; i < count; i++) {
    const object = lib.FPDFPage_GetObject(handle, i);
    const type = lib.FPDFPageObj_GetType(object);
    if (type === TEXT_OBJECT && lib.FPDFTextObj_GetTextRenderMode(object) === INVISIBLE) continue;
    if (type !== IMAGE_OBJECT || image !== undefined) return undefined;
    image = object;
  }
  if (image === undefined || lib.FPDFPageObj_HasTransparency(image) !== 0) return undefined;
  if (lib.FPDFPageObj_CountMarks(image) !== 0) return undefined;
  return lib.FPDFClipPath_CountPaths(lib.FPDFPageObj_GetClipPath(image)) > 0 ? undefined : image;
}

/** Turn and crop of a picture whose unit square `matrix` maps to points of the shown page; undefined where they are not enough. */
function placedOn(
  { widthPt, heightPt }: Page,
  { a, b, c, d, e, f }: Matrix,
  width: number,
  height: number,
): Pick<Scan, 'turn' | 'crop'> | undefined {
  const skew = (Math.abs(a) + Math.abs(b)) * 1e-4;
  const upright = Math.abs(b) < skew && Math.abs(c) < skew;
  const onSide = Math.abs(a) < skew && Math.abs(d) < skew;
  // A negative determinant is a mirror image.
  if (!(upright || onSide) || !(a * d - b * c > 0)) return undefined;
  const turn = upright ? (a > 0 ? 0 : 180) : b < 0 ? 90 : 270;
  const [across, down] = upright ? [width, height] : [height, width];
  const [left, right] = [e + Math.min(0, a + c), e + Math.max(0, a + c)];
  const [bottom, top] = [f + Math.min(0, b + d), f + Math.max(0, b + d)];
  const perPointX = across / (right - left);
  const perPointY = down / (top - bottom);
  const edges = [-left * perPointX, (right - widthPt) * perPointX, (top - heightPt) * perPointY, -bottom * perPointY];
  if (!edges.every((pixels) => pixels >= -TOLERANCE_PIXELS)) return undefined;
  const [cutLeft = 0, cutRight = 0, cutTop = 0, cutBottom = 0] = edges.map((pixels) => Math.max(0, Math.round(pixels)));
  const crop = { left: cutLeft, top: cutTop, width: across - cutLeft - cutRight, height: down - cutTop - cutBottom };
  return crop.width >= 1 && crop.height >= 1 ? { turn, crop } : undefined;
}

interface Form {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly space: number;
}

function dataOf(
  document: PdfDocument,
  image: number,
  bytes: Uint8Array,
  form: Form,
  buffers: Buffers,
): Scan['data'] | undefined {
  const { width, height, bits, space } = form;
  const isBilevel = bits === 1 && space === DEVICE_GRAY;
  if (!isBilevel && !(bits === 24 && space === DEVICE_RGB) && !(bits === 8 && space === DEVICE_GRAY)) return undefined;
  const raw = rawData(document, image, bytes);
  if (raw === undefined || !hasPlainDictionary(bytes, raw, isBilevel ? BILEVEL_KEYS : JPEG_KEYS, width, height))
    return undefined;
  if (isBilevel && width * height > MAX_BILEVEL_PIXELS) return undefined;
  if (!isBilevel && !isWholeJpeg(raw, width, height)) return undefined;
  return withDecoded(document, image, form, (rows, stride, channels) => {
    if (!isBilevel)
      return { kind: 'photo', rgb: rgbOf(rows, stride, channels, form, buffers.take(width * height * 3)) };
    return channels === 1 ? { kind: 'bilevel', grey: tight(rows, stride, width, height) } : undefined;
  });
}

/** FPDFBitmap_Gray: one byte a pixel. FPDFBitmap_BGR: three. */
const [GRAY_BITMAP, BGR_BITMAP] = [1, 2];

/** The picture as the engine decodes it, before masks; the dictionary says that there are none. Rows lie in its heap. */
function withDecoded<T>(
  document: PdfDocument,
  image: number,
  { width, height }: Form,
  take: (rows: Uint8Array, stride: number, channels: 1 | 3) => T,
): T | undefined {
  const { lib } = document.instance;
  const bitmap = lib.FPDFImageObj_GetBitmap(image);
  if (bitmap === 0) return undefined;
  try {
    const format = lib.FPDFBitmap_GetFormat(bitmap);
    if (format !== GRAY_BITMAP && format !== BGR_BITMAP) return undefined;
    if (lib.FPDFBitmap_GetWidth(bitmap) !== width || lib.FPDFBitmap_GetHeight(bitmap) !== height) return undefined;
    const [start, stride] = [lib.FPDFBitmap_GetBuffer(bitmap), lib.FPDFBitmap_GetStride(bitmap)];
    const rows = document.instance.bytes().subarray(start, start + stride * height);
    return take(rows, stride, format === GRAY_BITMAP ? 1 : 3);
  } finally {
    lib.FPDFBitmap_Destroy(bitmap);
  }
}

function rgbOf(
  rows: Uint8Array,
  stride: number,
  channels: 1 | 3,
  { width, height }: Form,
  rgb: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (channels === 3) fromBgr(rows, stride, width, height, rgb);
  else fromGrey(tight(rows, stride, width, height), rgb);
  return rgb;
}

/** Rows of one byte a pixel without what stands behind their ends. */
function tight(rows: Uint8Array, stride: number, width: number, height: number): Uint8Array {
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) grey.set(rows.subarray(y * stride, y * stride + width), y * width);
  return grey;
}

function rawData(document: PdfDocument, image: number, bytes: Uint8Array): Uint8Array | undefined {
  const { instance } = document;
  const length = instance.lib.FPDFImageObj_GetImageDataRaw(image, 0, 0);
  if (length < 4 || length > bytes.length) return undefined;
  const pointer = instance.lib.malloc(length);
  if (pointer === 0) return undefined;
  instance.lib.FPDFImageObj_GetImageDataRaw(image, pointer, length);
  const raw = instance.bytes().slice(pointer, pointer + length);
  instance.lib.free(pointer);
  return raw;
}

/** The longest dictionary of keys that we know is far shorter. */
const DICTIONARY_BYTES = 1024;
/** At the beginning of a line, so that it cannot stand in a comment; without strings, comments or dictionaries in it. */
const DICTIONARY = /[\r\n]\d+ \d+ obj\s*<<([^<>()%]*(?:<<[^<>()%]*>>[^<>()%]*)?)>>\s*stream\r?\n$/;
const ENTRY = /\s*\/(\w+)\s*(\/\w+|\[\s*\/\w+\s*\]|\[?\s*<<[^<>]*>>\s*\]?|\d+ \d+ R|\d+|true|false)/y;
type Keys = Readonly<Record<string, RegExp>>;
const JPEG_KEYS: Keys = {
  Type: /^\/XObject$/,
  Subtype: /^\/Image$/,
  Width: /^\d+$/,
  Height: /^\d+$/,
  ColorSpace: /^\/Device(?:RGB|Gray)$/,
  BitsPerComponent: /^8$/,
  Filter: /^(?:\/DCTDecode|\[\s*\/DCTDecode\s*\])$/,
  Length: /^(?:\d+|\d+ \d+ R)$/,
  Name: /^\/\w+$/,
  Interpolate: /^(?:true|false)$/,
};
/** How it is packed is the engine's affair here: it decodes these. */
const BILEVEL_KEYS: Keys = {
  ...JPEG_KEYS,
  ColorSpace: /^\/DeviceGray$/,
  BitsPerComponent: /^1$/,
  Filter: /^(?:\/\w+|\[\s*\/\w+\s*\])$/,
  DecodeParms: /^\[?\s*<<[^<>]*>>\s*\]?$/,
};

/**
 * The engine does not tell of masks and Decode arrays. So the stream is looked up in the file (where it lies bare, unless the
 * file is encrypted) and each key of its dictionary must be one that changes nothing. Data that stand there twice are not told
 * apart, and not taken.
 */
function hasPlainDictionary(bytes: Uint8Array, raw: Uint8Array, known: Keys, width: number, height: number): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = file.indexOf(raw);
  if (at < 0 || file.indexOf(raw, at + 1) >= 0) return false;
  const before = file.toString('latin1', Math.max(0, at - DICTIONARY_BYTES), at);
  const entries = DICTIONARY.exec(before)?.[1]?.trimEnd();
  if (entries === undefined) return false;
  const seen = new Map<string, string>();
  for (ENTRY.lastIndex = 0; ENTRY.lastIndex < entries.length; ) {
    const [, key = '', value = ''] = ENTRY.exec(entries) ?? [];
    if (seen.has(key) || !Object.hasOwn(known, key) || known[key]?.test(value) !== true) return false;
    seen.set(key, value);
  }
  return seen.get('Width') === String(width) && seen.get('Height') === String(height) && seen.has('Filter');
}

/** Markers that begin a frame of 8-bit Huffman coding (T.81 table B.1): baseline, extended, progressive. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
const [SOI, EOI, SOS, DHT, JPG, DAC] = [0xffd8, 0xffd9, 0xda, 0xc4, 0xc8, 0xcc];

/** Grey or YCbCr of the size that the dictionary says, with an end. */
function isWholeJpeg(raw: Uint8Array, width: number, height: number): boolean {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (view.getUint16(0) !== SOI || view.getUint16(raw.length - 2) !== EOI) return false;
  for (let at = 2; at + 9 < raw.length; at += 2 + view.getUint16(at + 2)) {
    const marker = raw[at + 1] ?? 0;
    if (raw[at] !== 0xff || marker === SOS) return false;
    if (FRAMES.has(marker)) {
      const components = raw[at + 9] ?? 0;
      const numbered = components === 1 || (components === 3 && raw[at + 10] === 1 && raw[at + 13] === 2);
      return raw[at + 4] === 8 && view.getUint16(at + 5) === height && view.getUint16(at + 7) === width && numbered;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== JPG && marker !== DAC) return false;
    // Adobe's mark with transform 0 says RGB, which not every decoder hears.
    if (marker === 0xee && raw[at + 15] === 0) return false;
  }
  return false;
}
