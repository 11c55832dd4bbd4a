/**
 * Pages of few colours: grey text, and beside it a blue link, a red seal, a table's coloured heading. As a JPEG their letters
 * would ring; as greys or a palette they stay sharp and take fewer bytes.
 *
 * Each channel falls into one of 16 levels. Where all is grey these are the picture; else each of the up to 4,096 cells that
 * occur becomes one colour, the mean of the pixels in it, so that flat colours stay what they are. One pass over the pixels.
 */

/** PDF 1.7, 8.6.6.3: an Indexed space has at most 256 colours. */
const MAX_COLOURS = 256;
/** Four bits a pixel hold 16 colours. */
const FEW_COLOURS = 16;
/** Channels of a pixel may differ by this much and still be grey: anti-aliasing of grey text over a scan does that. */
export const GREY_TOLERANCE = 6;
/**
 * Mean square error over the whole page (of 255², all channels). Above the first it may have shades, and a palette would show
 * bands; dense text comes to 14, its edges being all the greys there are. Above the second it has.
 */
const [SUSPICIOUS_ERROR, LARGEST_ERROR] = [9, 24];
/**
 * What shades have and text has not: neighbours that differ and yet fall into one cell, as a part of all neighbours that differ.
 * Anti-aliased letters come to 0.13, with a photograph on a tenth of the page to 0.36.
 */
const MAX_STEPS = 0.2;
const CELLS = 4096;
/** Pages of letters and lines are mostly runs of one colour; where more than this part of the pixels begins a run it is a photograph. */
const MAX_RUNS = 0.3;
/** Pictures smaller than this are not judged by that. */
const FEW_PIXELS = 10_000;

/** 8-bit value → the nearest of 16 levels. */
const LEVEL = Uint8Array.from({ length: 256 }, (_, value) => Math.round(value / 17));

/** Rows of whole bytes, first pixel in the highest bits. */
export type FewColours =
  | /** 16 grey levels, 4 bits each. */ { readonly kind: 'grey'; readonly packed: Uint8Array }
  | {
      readonly kind: 'indexed';
      /** Red, green and blue of each colour. */
      readonly palette: Uint8Array;
      readonly bits: 4 | 8;
      readonly packed: Uint8Array;
    };

/** @param rgbx rows of `width * 4` bytes. @returns undefined when the page has colours, and many of them or shades. */
export function fewColours(rgbx: Uint8Array, width: number, height: number): FewColours | undefined {
  const pixels = new Uint32Array(rgbx.buffer, rgbx.byteOffset, width * height);
  const rows = Buffer.from(rgbx.buffer, rgbx.byteOffset, pixels.length * 4);
  const blank = Buffer.alloc(width * 4, 0xff);
  // Even rows, so that pixels pack two by two. The first colour's index is 0: where it is, nothing has to be written.
  const stride = width + (width & 1);
  const indices = new Uint8Array(stride * height);
  const cells = new Cells(pixels.length);
  for (let y = 0; y < height; y++) {
    // Many rows of most pages are blank: one memcmp each.
    if (blank.compare(rows, y * width * 4, (y + 1) * width * 4) === 0) {
      const index = cells.add(BLANK, width);
      if (index < 0) return undefined;
      if (index > 0) indices.fill(index, y * stride, y * stride + width);
    } else if (!indexRow(pixels, y * width, (y + 1) * width, indices, y * stride, cells)) return undefined;
    if (cells.isPhotograph) return undefined;
  }
  if (!cells.isColoured) return { kind: 'grey', packed: packedNibbles(indices, width, height, cells.levels()) };
  const { palette, squares } = cells.means();
  if (squares > LARGEST_ERROR || (squares > SUSPICIOUS_ERROR && cells.steps > MAX_STEPS)) return undefined;
  const bits = palette.length > FEW_COLOURS * 3 ? 8 : 4;
  const packed =
    bits === 8
      ? withoutPadding(indices, width, height)
      : packedNibbles(
          indices,
          width,
          height,
          Uint8Array.from({ length: FEW_COLOURS }, (_, index) => index),
        );
  return { kind: 'indexed', palette, bits, packed };
}

const BLANK = 0xffffffff;
/** Runs up to here are written one by one: a call of `fill` costs as much as this many pixels. */
const SHORT_RUN = 32;

/** @returns false when there are too many cells. */
function indexRow(
  pixels: Uint32Array,
  from: number,
  to: number,
  indices: Uint8Array,
  out: number,
  cells: Cells,
): boolean {
  cells.beginRow();
  const shift = out - from;
  for (let i = from; i < to; ) {
    const pixel = pixels[i] as number;
    let end = i + 1;
    while (end < to && pixels[end] === pixel) end++;
    const index = cells.add(pixel, end - i);
    if (index < 0) return false;
    if (index === 0) i = end;
    else if (end - i > SHORT_RUN) indices.fill(index, i + shift, end + shift);
    else for (; i < end; i++) indices[i + shift] = index;
    i = end;
  }
  return true;
}

/** Sums over the pixels of one cell, five numbers each: count, red, green, blue, sum of squares. */
const SUMS = 5;

/** The cells that occur, in the order in which they came. */
class Cells {
  isColoured = false;
  readonly #pixels: number;
  #count = 0;
  #runs = 0;
  #steps = 0;
  #last = -1;
  readonly #cells = new Uint16Array(MAX_COLOURS);
  readonly #indexOf = new Int16Array(CELLS).fill(-1);
  /** Pixels of each pure grey, and their cell's index: nearly all pixels of most pages, summed up at the end. */
  readonly #greys = new Uint32Array(256);
  readonly #indexOfGrey = new Int16Array(256).fill(-1);
  readonly #sums = new Float64Array(MAX_COLOURS * SUMS);

  constructor(pixels: number) {
    this.#pixels = pixels;
  }

  /** Runs that have the cell of the one before, as a part of all. */
  get steps(): number {
    return this.#steps / this.#runs;
  }

  get isPhotograph(): boolean {
    return this.isColoured && this.#runs > Math.max(FEW_PIXELS, this.#pixels * MAX_RUNS);
  }

  beginRow(): void {
    this.#last = -1;
  }

  /** A run of one colour. @returns its cell's index; -1 when there would be too many. */
  add(pixel: number, pixels: number): number {
    const red = pixel & 0xff;
    // Red equals green and green equals blue.
    if ((pixel & 0xffff) !== ((pixel >> 8) & 0xffff)) return this.#addTint(pixel, pixels);
    this.#greys[red] = (this.#greys[red] as number) + pixels;
    let index = this.#indexOfGrey[red] as number;
    if (index < 0) {
      index = this.#indexFor((LEVEL[red] as number) * 0x111);
      this.#indexOfGrey[red] = index;
    }
    return this.#ran(index);
  }

  #addTint(pixel: number, pixels: number): number {
    const red = pixel & 0xff;
    const green = (pixel >> 8) & 0xff;
    const blue = (pixel >> 16) & 0xff;
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > GREY_TOLERANCE) this.isColoured = true;
    const index = this.#indexFor(
      ((LEVEL[red] as number) << 8) | ((LEVEL[green] as number) << 4) | (LEVEL[blue] as number),
    );
    if (index >= 0) this.#sum(index, red, green, blue, pixels);
    return this.#ran(index);
  }

  #indexFor(cell: number): number {
    const known = this.#indexOf[cell] as number;
    if (known >= 0 || this.#count === MAX_COLOURS) return known;
    this.#cells[this.#count] = cell;
    this.#indexOf[cell] = this.#count;
    return this.#count++;
  }

  #sum(index: number, red: number, green: number, blue: number, pixels: number): void {
    const sums = this.#sums;
    const at = index * SUMS;
    sums[at] = (sums[at] as number) + pixels;
    sums[at + 1] = (sums[at + 1] as number) + pixels * red;
    sums[at + 2] = (sums[at + 2] as number) + pixels * green;
    sums[at + 3] = (sums[at + 3] as number) + pixels * blue;
    sums[at + 4] = (sums[at + 4] as number) + pixels * (red * red + green * green + blue * blue);
  }

  #ran(index: number): number {
    this.#runs += 1;
    if (index === this.#last) this.#steps += 1;
    this.#last = index;
    return index;
  }

  /** Index → grey level. */
  levels(): Uint8Array {
    return this.#cells.subarray(0, this.#count).reduce((levels, cell, index) => {
      levels[index] = (cell >> 4) & 15;
      return levels;
    }, new Uint8Array(this.#count));
  }

  /** The colours, and the mean square error of a pixel that gets them. Once. */
  means(): { readonly palette: Uint8Array; readonly squares: number } {
    for (const [grey, pixels] of this.#greys.entries()) {
      if (pixels > 0) this.#sum(this.#indexOfGrey[grey] as number, grey, grey, grey, pixels);
    }
    const palette = new Uint8Array(this.#count * 3);
    let squares = 0;
    for (let index = 0; index < this.#count; index++) {
      const [count = 1, red = 0, green = 0, blue = 0, square = 0] = this.#sums.subarray(index * SUMS);
      squares += square - (red * red + green * green + blue * blue) / count;
      for (const [channel, sum] of [red, green, blue].entries()) palette[index * 3 + channel] = Math.round(sum / count);
      // The paper stays white whatever faint shades lie near it.
      if (Math.min(red, green, blue) / count > 250) palette.fill(255, index * 3, index * 3 + 3);
    }
    return { palette, squares: squares / this.#pixels };
  }
}

/** Two pixels a byte, a spare half zero. @param indices rows of an even number of bytes. @param value of each index, 0 … 15 */
function packedNibbles(indices: Uint8Array, width: number, height: number, value: Uint8Array): Uint8Array {
  // Two indices at once, as they lie in memory: the first one is the lower byte.
  const pairs = new Uint16Array(indices.buffer, indices.byteOffset, indices.length >> 1);
  const packed = new Uint8Array(pairs.length);
  const byteOf = new Uint8Array(0x1_0000);
  for (const [second, low] of value.entries()) {
    for (const [first, high] of value.entries()) byteOf[(second << 8) | first] = (high << 4) | low;
  }
  for (let i = 0; i < pairs.length; i++) packed[i] = byteOf[pairs[i] as number] as number;
  const rowBytes = (width + 1) >> 1;
  if (width % 2 === 1) {
    for (let at = rowBytes - 1; at < rowBytes * height; at += rowBytes) packed[at] = (packed[at] as number) & 0xf0;
  }
  return packed;
}

/** Rows of `width` bytes, in place. */
function withoutPadding(indices: Uint8Array, width: number, height: number): Uint8Array {
  if (width % 2 === 0) return indices;
  for (let y = 1; y < height; y++) indices.copyWithin(y * width, y * (width + 1), y * (width + 1) + width);
  return indices.subarray(0, width * height);
}
