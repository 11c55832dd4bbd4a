/**
 * Pages of few colours: a blue link, a red seal, a table's coloured heading. As a JPEG their letters would ring; as a palette
 * they stay sharp and take fewer bytes.
 *
 * Each channel falls into one of 16 levels, as on grey pages; each of the up to 4,096 cells that occur becomes one colour, the
 * mean of the pixels in it, so that flat colours stay what they are.
 */

/** PDF 1.7, 8.6.6.3: an Indexed space has at most 256 colours. */
const MAX_COLOURS = 256;
/** Four bits a pixel hold 16 colours. */
const FEW_COLOURS = 16;
/** Above this mean square error over the whole page (of 255², all channels) it has shades, and a palette would show bands. */
const MAX_ERROR = 9;
const CELLS = 4096;
/** Pages of letters and lines are mostly runs of one colour; where more than this part of the pixels begins a run it is a photograph. */
const MAX_RUNS = 0.3;
/** Pictures smaller than this are not judged by that. */
const FEW_PIXELS = 10_000;

/** 8-bit value → the nearest of 16 levels. */
export const LEVEL = Uint8Array.from({ length: 256 }, (_, value) => Math.round(value / 17));

export interface Indexed {
  /** Red, green and blue of each colour. */
  readonly palette: Uint8Array;
  readonly bits: 4 | 8;
  /** Rows of whole bytes, first pixel in the highest bits. */
  readonly packed: Uint8Array;
}

/** Sums over the pixels of one cell, five numbers each: count, red, green, blue, sum of squares. */
const SUMS = 5;

/** Runs up to here are written one by one: a call of `fill` costs as much as this many pixels. */
const SHORT_RUN = 32;

/** @param rgbx rows of `width * 4` bytes. @returns undefined when the page has more colours, or shades. */
export function indexedOf(rgbx: Uint8Array, width: number, height: number): Indexed | undefined {
  const count = width * height;
  const pixels = new Uint32Array(rgbx.buffer, rgbx.byteOffset, count);
  const indices = new Uint8Array(count);
  const cells = new Cells();
  let runsLeft = Math.max(FEW_PIXELS, count * MAX_RUNS);
  for (let i = 0; i < count; ) {
    const pixel = pixels[i] as number;
    if (--runsLeft < 0) return undefined;
    const end = endOfRun(pixels, i, rgbx);
    const index = cells.add(pixel, end - i);
    if (index < 0) return undefined;
    if (end - i > SHORT_RUN) indices.fill(index, i, end);
    else for (; i < end; i++) indices[i] = index;
    i = end;
  }
  const means = meansOf(cells.sums, cells.count);
  if (means.squares > MAX_ERROR * count) return undefined;
  return packedOf(means.palette, indices, width, height);
}

/** Blank paper, as bytes to compare with: a page is mostly that. */
const BLANK_PIXELS = 1024;
const BLANK = Buffer.alloc(BLANK_PIXELS * 4, 0xff);

function endOfRun(pixels: Uint32Array, start: number, rgbx: Uint8Array): number {
  const pixel = pixels[start] as number;
  let end = start + 1;
  if (pixel === 0xffffffff) {
    while (end + BLANK_PIXELS <= pixels.length && BLANK.compare(rgbx, end * 4, (end + BLANK_PIXELS) * 4) === 0) {
      end += BLANK_PIXELS;
    }
  }
  while (end < pixels.length && pixels[end] === pixel) end++;
  return end;
}

/** The cells that occur, in the order in which they came. */
class Cells {
  readonly sums = new Float64Array(MAX_COLOURS * SUMS);
  count = 0;
  readonly #indexOf = new Int16Array(CELLS).fill(-1);

  /** @returns the cell's index; -1 when there would be too many. */
  add(pixel: number, pixels: number): number {
    const red = pixel & 0xff;
    const green = (pixel >> 8) & 0xff;
    const blue = (pixel >> 16) & 0xff;
    const cell = ((LEVEL[red] as number) << 8) | ((LEVEL[green] as number) << 4) | (LEVEL[blue] as number);
    let index = this.#indexOf[cell] as number;
    if (index < 0) {
      if (this.count === MAX_COLOURS) return -1;
      index = this.count++;
      this.#indexOf[cell] = index;
    }
    const { sums } = this;
    const at = index * SUMS;
    sums[at] = (sums[at] as number) + pixels;
    sums[at + 1] = (sums[at + 1] as number) + pixels * red;
    sums[at + 2] = (sums[at + 2] as number) + pixels * green;
    sums[at + 3] = (sums[at + 3] as number) + pixels * blue;
    sums[at + 4] = (sums[at + 4] as number) + pixels * (red * red + green * green + blue * blue);
    return index;
  }
}

function meansOf(sums: Float64Array, colours: number): { readonly palette: Uint8Array; readonly squares: number } {
  const palette = new Uint8Array(colours * 3);
  let squares = 0;
  for (let index = 0; index < colours; index++) {
    const [count = 1, red = 0, green = 0, blue = 0, square = 0] = sums.subarray(index * SUMS);
    squares += square - (red * red + green * green + blue * blue) / count;
    for (const [channel, sum] of [red, green, blue].entries()) palette[index * 3 + channel] = Math.round(sum / count);
    // The paper stays white whatever faint shades lie near it.
    if (Math.min(red, green, blue) / count > 250) palette.fill(255, index * 3, index * 3 + 3);
  }
  return { palette, squares };
}

function packedOf(palette: Uint8Array, indices: Uint8Array, width: number, height: number): Indexed {
  if (palette.length > FEW_COLOURS * 3) return { palette, bits: 8, packed: indices };
  const rowBytes = (width + 1) >> 1;
  const packed = new Uint8Array(rowBytes * height);
  for (let y = 0, out = 0; y < height; y++) {
    const end = (y + 1) * width;
    for (let i = y * width; i < end; i += 2) {
      packed[out++] = ((indices[i] as number) << 4) | (i + 1 < end ? (indices[i + 1] as number) : 0);
    }
  }
  return { palette, bits: 4, packed };
}
