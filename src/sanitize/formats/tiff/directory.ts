/**
 * The pages of a TIFF (TIFF 6.0, BigTIFF) as its directories tell them, read with bounds before any decoder runs.
 *
 * Danger: directories that lead back to themselves, a hundred thousand of them, sizes that ask for gigabytes, private tags
 * full of other formats. Method: each directory is visited once, its entries are taken as numbers; for the decoder a
 * file with one directory is made that has only the tags which say how pixels are stored.
 */

export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** One bit a pixel, black or white; a palette of two colours is not. */
  readonly isBilevel: boolean;
  readonly isJpeg: boolean;
  /** As in EXIF; 1 when it is missing or nonsense. */
  readonly orientation: number;
  /** Pixels an inch along the rows and down them, as stored; undefined when there is none that can be believed. */
  readonly dpi: { readonly x: number; readonly y: number } | undefined;
  /** Entries that tell how pixels are stored, as they stand in the file. */
  readonly entries: readonly Buffer[];
}

export interface TiffPages {
  readonly pages: readonly TiffPage[];
  /** Small copies of pages beside them. */
  readonly thumbnails: number;
  /** Tags that are not about pixels, all pages together. */
  readonly metadata: number;
  readonly layout: Layout;
}

/** Byte order and sizes of numbers in this file. */
interface Layout {
  readonly little: boolean;
  readonly big: boolean;
}

export type TiffReading =
  | { readonly kind: 'pages'; readonly found: TiffPages }
  | { readonly kind: 'too-many' }
  | { readonly kind: 'malformed'; readonly detail: string };

/**
 * Tags of which a picture's pixels consist (TIFF 6.0, Technical Notes 1 and 2, libtiff): sizes, coding, places, colour. No
 * EXIF, GPS, ICC, XMP, IPTC, Photoshop, further directories: no decoder sees them.
 */
const PIXEL_TAGS: ReadonlySet<number> = new Set([
  256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 280, 281, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332,
  333, 334, 336, 338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532,
]);
/** Read by us, or saying nothing of anybody: kind of page, resolution, page number, white point. */
const HARMLESS_TAGS: ReadonlySet<number> = new Set([254, 255, 263, 282, 283, 296, 297, 301, 318, 319, 326, 327, 328]);

/** A directory of a real file has 10 to 40 entries. */
const MAX_ENTRIES = 1000;
/** Resolutions outside are mistakes: a fax has 98, a drum scan 4,000. */
const [LOWEST_DPI, HIGHEST_DPI] = [20, 10_000];

const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const LONG8 = 16;

class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** @param maxPages more directories than this (thumbnails at most as many again) are not read */
export function readTiff(bytes: Uint8Array, maxPages: number): TiffReading {
  try {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const found = pagesOf(file, maxPages);
    if (found === undefined) return { kind: 'too-many' };
    return found.pages.length === 0 ? { kind: 'malformed', detail: 'no page' } : { kind: 'pages', found };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', detail: error.message };
    // A read past the end: the file stops where a directory should stand.
    if (error instanceof RangeError) return { kind: 'malformed', detail: 'a directory outside the file' };
    throw error;
  }
}

function pagesOf(file: Buffer, maxPages: number): TiffPages | undefined {
  const layout = layoutOf(file);
  const pages: TiffPage[] = [];
  const seen = new Set<number>();
  let [thumbnails, metadata] = [0, 0];
  for (let at = offset(file, layout.big ? 8 : 4, layout); at !== 0 && !seen.has(at); ) {
    seen.add(at);
    if (pages.length >= maxPages || seen.size > 2 * maxPages + 1) return undefined;
    let directory: Directory;
    try {
      directory = readDirectory(file, at, layout);
    } catch (error) {
      // The chain breaks here; what stood before it stays.
      if (pages.length > 0 && (error instanceof RangeError || error instanceof Malformed)) break;
      throw error;
    }
    metadata += directory.metadata;
    if (directory.isReduced) thumbnails++;
    else pages.push(directory.page);
    at = directory.next;
  }
  return { pages, thumbnails, metadata, layout };
}

function layoutOf(file: Buffer): Layout {
  const order = file.toString('latin1', 0, 2);
  const little = order === 'II';
  if (!little && order !== 'MM') throw new Malformed('no byte order');
  const version = little ? file.readUInt16LE(2) : file.readUInt16BE(2);
  if (version !== 42 && version !== 43) throw new Malformed('another version');
  return { little, big: version === 43 };
}

interface Directory {
  readonly page: TiffPage;
  readonly isReduced: boolean;
  readonly metadata: number;
  readonly next: number;
}

function readDirectory(file: Buffer, at: number, layout: Layout): Directory {
  const { big } = layout;
  const count = big ? offset(file, at, layout) : short(file, at, layout);
  if (count === 0 || count > MAX_ENTRIES) throw new Malformed(`a directory of ${count} entries`);
  const entryBytes = big ? 20 : 12;
  const first = at + (big ? 8 : 2);
  const byTag = new Map<number, Buffer>();
  for (let i = 0; i < count; i++) {
    const entry = file.subarray(first + i * entryBytes, first + (i + 1) * entryBytes);
    if (entry.length < entryBytes) throw new RangeError('directory cut short');
    const tag = short(entry, 0, layout);
    // The first of two counts, as in libtiff.
    if (!byTag.has(tag)) byTag.set(tag, entry);
  }
  const number = (tag: number, otherwise: number): number => numberOf(file, byTag.get(tag), layout) ?? otherwise;
  const [width, height] = [number(256, 0), number(257, 0)];
  if (width < 1 || height < 1) throw new Malformed('a page without size');
  const orientation = number(274, 1);
  const tags = [...byTag.keys()];
  return {
    page: {
      width,
      height,
      // Photometric interpretation 0 and 1: white or black is zero.
      isBilevel: number(258, 1) === 1 && number(277, 1) === 1 && number(262, 0) <= 1,
      isJpeg: [6, 7].includes(number(259, 1)),
      orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
      dpi: dpiOf(rational(file, byTag.get(282), layout), rational(file, byTag.get(283), layout), number(296, 2)),
      entries: tags.filter((tag) => PIXEL_TAGS.has(tag)).map((tag) => byTag.get(tag) ?? Buffer.alloc(0)),
    },
    isReduced: (number(254, 0) & 1) === 1 || number(255, 1) === 2,
    metadata: tags.filter((tag) => !PIXEL_TAGS.has(tag) && !HARMLESS_TAGS.has(tag)).length,
    next: offset(file, first + count * entryBytes, layout),
  };
}

const short = (bytes: Buffer, at: number, { little }: Layout): number =>
  little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);

const long = (bytes: Buffer, at: number, { little }: Layout): number =>
  little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);

/** A place in the file: four bytes, in BigTIFF eight. */
const offset = (bytes: Buffer, at: number, layout: Layout): number => {
  if (!layout.big) return long(bytes, at, layout);
  return Number(layout.little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
};

/** The first number of an entry. Values that do not fit into the entry stand at the place it tells. */
function numberOf(file: Buffer, entry: Buffer | undefined, layout: Layout): number | undefined {
  if (entry === undefined) return undefined;
  const type = short(entry, 2, layout);
  const count = layout.big ? offset(entry, 4, layout) : long(entry, 4, layout);
  const size = { [SHORT]: 2, [LONG]: 4, [LONG8]: 8 }[type];
  if (size === undefined || count < 1) return undefined;
  const value = layout.big ? 12 : 8;
  const inside = count * size <= entry.length - value;
  const [from, at] = inside ? [entry, value] : [file, offset(entry, value, layout)];
  if (type === SHORT) return short(from, at, layout);
  return type === LONG ? long(from, at, layout) : offset(from, at, layout);
}

/** Undefined when it is missing, divides by zero, or stands outside the file: a page without resolution is still a page. */
function rational(file: Buffer, entry: Buffer | undefined, layout: Layout): number | undefined {
  if (entry === undefined || short(entry, 2, layout) !== RATIONAL) return undefined;
  const value = layout.big ? 12 : 8;
  const [from, at] = layout.big ? [entry, value] : [file, long(entry, value, layout)];
  if (at + 8 > from.length) return undefined;
  const result = long(from, at, layout) / long(from, at + 4, layout);
  return Number.isFinite(result) && result > 0 ? result : undefined;
}

/** @param unit 2: inch, 3: centimetre; 1 gives the shape of a pixel only. */
function dpiOf(x: number | undefined, y: number | undefined, unit: number): TiffPage['dpi'] {
  const perInch = unit === 3 ? 2.54 : 1;
  const [first, second] = [(x ?? y ?? 0) * perInch, (y ?? x ?? 0) * perInch];
  const isSane = [first, second].every((value) => value >= LOWEST_DPI && value <= HIGHEST_DPI);
  return isSane && unit !== 1 ? { x: first, y: second } : undefined;
}

/**
 * Files with one directory each, in turn, in one buffer: the original's bytes with a directory of ours behind them, in
 * which only tags about pixels stand, and a header that leads there.
 */
export class SinglePages {
  readonly #buffer: Buffer;
  readonly #start: number;
  readonly #layout: Layout;

  constructor(bytes: Uint8Array, { pages, layout }: TiffPages) {
    const longest = Math.max(...pages.map(({ entries }) => entries.length));
    // Directories begin on even bytes (TIFF 6.0 §2).
    this.#start = bytes.length + (bytes.length % 2);
    this.#buffer = Buffer.alloc(this.#start + 16 + 20 * longest);
    this.#buffer.set(bytes);
    this.#layout = layout;
    this.#write(layout.big ? 8 : 4, this.#start, layout.big ? 8 : 4);
  }

  /** The bytes of a file that has this page only; valid until the next call. */
  only({ entries }: TiffPage): Uint8Array {
    const { big } = this.#layout;
    this.#write(this.#start, entries.length, big ? 8 : 2);
    let at = this.#start + (big ? 8 : 2);
    for (const entry of entries) {
      this.#buffer.set(entry, at);
      at += entry.length;
    }
    this.#write(at, 0, big ? 8 : 4);
    return this.#buffer.subarray(0, at + (big ? 8 : 4));
  }

  #write(at: number, value: number, bytes: 2 | 4 | 8): void {
    const { little } = this.#layout;
    if (bytes === 8) {
      const wide = BigInt(value);
      if (little) this.#buffer.writeBigUInt64LE(wide, at);
      else this.#buffer.writeBigUInt64BE(wide, at);
    } else if (little) this.#buffer.writeUIntLE(value, at, bytes);
    else this.#buffer.writeUIntBE(value, at, bytes);
  }
}
