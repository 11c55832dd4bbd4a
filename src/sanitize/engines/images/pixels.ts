/** A decoded picture: plain numbers, no codec, no metadata. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** width × height × 4 bytes: red, green, blue, alpha (not premultiplied), sRGB. */
  readonly rgba: Uint8Array;
}

/**
 * Decodes one hostile picture in a WebAssembly instance of its own, which is thrown away afterwards.
 * @throws whatever the engine throws on data that it cannot read; the caller asks the next engine or blocks.
 */
export type Decode = (bytes: Uint8Array) => Promise<Pixels>;

/** @throws RangeError when the buffer is not what the size says: an engine's mistake must not be read past its end. */
export function checkedPixels(width: number, height: number, rgba: Uint8Array): Pixels {
  if (width < 1 || height < 1 || rgba.length !== width * height * 4)
    throw new RangeError('pixels do not fit their size');
  return { width, height, rgba };
}
