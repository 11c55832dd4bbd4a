/**
 * Structural similarity (Wang, Bovik, Sheikh, Simoncelli: «Image quality assessment: from error visibility to structural
 * similarity», 2004) of two grey pictures, over the windows in which either has ink.
 *
 * Why ink only: most of a page is white, and white windows are alike whatever the text looks like; with them a page of
 * which every letter is gone still scores 0.9.
 */

export interface Grey {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, 0 black. */
  readonly pixels: Uint8Array;
}

export interface Likeness {
  /** Mean over the windows with ink; 1 when there are none. */
  readonly score: number;
  readonly windows: number;
}

/** The authors' first form: windows of 8 × 8 pixels, here half overlapping; constants of §III B with L = 255. */
const SIDE = 8;
const STEP = 4;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Darker than this is ink: a light grey hairline, not the ringing of a JPEG on paper. */
const INK = 224;

/** @throws Error when the two differ in size by more than a pixel, which rounding explains. */
export function inkLikeness(one: Grey, other: Grey): Likeness {
  if (Math.abs(one.width - other.width) > 1 || Math.abs(one.height - other.height) > 1)
    throw new Error(`${one.width} × ${one.height} and ${other.width} × ${other.height}`);
  const [width, height] = [Math.min(one.width, other.width), Math.min(one.height, other.height)];
  let sum = 0;
  let windows = 0;
  for (let y = 0; y + SIDE <= height; y += STEP) {
    for (let x = 0; x + SIDE <= width; x += STEP) {
      const score = windowScore(one, other, x, y);
      if (score === undefined) continue;
      sum += score;
      windows++;
    }
  }
  return { score: windows === 0 ? 1 : sum / windows, windows };
}

/** Undefined for a window without ink. */
function windowScore(one: Grey, other: Grey, left: number, top: number): number | undefined {
  let [sumA, sumB, squareA, squareB, product, darkest] = [0, 0, 0, 0, 0, 255];
  for (let y = top; y < top + SIDE; y++) {
    const [rowA, rowB] = [y * one.width + left, y * other.width + left];
    for (let x = 0; x < SIDE; x++) {
      const a = one.pixels[rowA + x] as number;
      const b = other.pixels[rowB + x] as number;
      sumA += a;
      sumB += b;
      squareA += a * a;
      squareB += b * b;
      product += a * b;
      if (a < darkest) darkest = a;
      if (b < darkest) darkest = b;
    }
  }
  if (darkest >= INK) return undefined;
  const n = SIDE * SIDE;
  const [meanA, meanB] = [sumA / n, sumB / n];
  const [varianceA, varianceB] = [squareA / n - meanA * meanA, squareB / n - meanB * meanB];
  const covariance = product / n - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
    ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2))
  );
}

/** Mean of each block of `by` × `by` pixels; what is left at right and bottom edges is dropped. */
export function averaged(picture: Grey, by: number): Grey {
  const [width, height] = [Math.floor(picture.width / by), Math.floor(picture.height / by)];
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let row = y * by; row < (y + 1) * by; row++) {
        for (let i = row * picture.width + x * by, end = i + by; i < end; i++) sum += picture.pixels[i] as number;
      }
      pixels[y * width + x] = Math.round(sum / (by * by));
    }
  }
  return { width, height, pixels };
}

/** The authors' suggestion for a picture seen whole: averaged until its shorter side has about 256 pixels. */
export const seenWhole = (picture: Grey): Grey =>
  averaged(picture, Math.max(1, Math.round(Math.min(picture.width, picture.height) / 256)));
