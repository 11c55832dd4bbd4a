/** Pictures of few colours: a colour table and one small number a pixel, as PNG packs them. Without loss. */

export interface PalettePicture {
  readonly depth: 1 | 2 | 4 | 8;
  /** Red, green and blue of each colour, in the order in which the picture first shows them. */
  readonly colours: Uint8Array;
  /** PNG rows: a filter byte (0, none) and the packed numbers, padded with zero bits. */
  readonly rows: Uint8Array;
}

const MAX_COLOURS = 256;

/** Undefined when there are more than 256 colours. @param rgb width × height × 3 bytes */
export function paletteOf(rgb: Uint8Array, width: number, height: number): PalettePicture | undefined {
  const indices = new Uint8Array(width * height);
  const known = new Map<number, number>();
  let [last, lastIndex] = [-1, 0];
  for (let pixel = 0, at = 0; pixel < indices.length; pixel++, at += 3) {
    const colour = ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);
    if (colour !== last) {
      last = colour;
      const found = known.get(colour);
      if (found === undefined && known.size === MAX_COLOURS) return undefined;
      lastIndex = found ?? known.size;
      if (found === undefined) known.set(colour, lastIndex);
    }
    indices[pixel] = lastIndex;
  }
  const depth = depthFor(known.size);
  const colours = Uint8Array.from(
    [...known.keys()].flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]),
  );
  return { depth, colours, rows: packed(indices, width, height, depth) };
}

const depthFor = (colours: number): 1 | 2 | 4 | 8 => (colours <= 2 ? 1 : colours <= 4 ? 2 : colours <= 16 ? 4 : 8);

function packed(indices: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = 1 + Math.ceil((width * depth) / 8);
  const rows = new Uint8Array(height * rowBytes);
  const perByte = 8 / depth;
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0, at = y * rowBytes + 1; x < width; x++, pixel++) {
      const shift = 8 - depth * ((x % perByte) + 1);
      rows[at] = (rows[at] ?? 0) | ((indices[pixel] ?? 0) << shift);
      if (shift === 0) at++;
    }
  }
  return rows;
}

/** One byte a pixel when red, green and blue are the same everywhere. */
export function greyOf(rgb: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < rgb.length; at += 3) if (rgb[at] !== rgb[at + 1] || rgb[at] !== rgb[at + 2]) return undefined;
  return Uint8Array.from({ length: rgb.length / 3 }, (_, pixel) => rgb[pixel * 3] ?? 0);
}
