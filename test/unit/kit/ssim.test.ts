/** The measure of the evidence section pdf-look, against values that are known. */
import { expect, test } from 'vitest';
import { averaged, type Grey, inkLikeness, seenWhole } from '../../../bench/evidence/issue2/ssim.ts';

const grey = (width: number, height: number, at: (x: number, y: number) => number): Grey => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))),
});
const strokes = grey(64, 64, (x, y) => (((x >> 2) + (y >> 3)) % 2 === 0 ? 0 : 255));
const white = grey(64, 64, () => 255);

/** Mean of each pixel and its eight neighbours. */
const blurred = (picture: Grey): Grey =>
  grey(picture.width, picture.height, (x, y) => {
    let [sum, count] = [0, 0];
    for (let j = Math.max(0, y - 1); j <= Math.min(picture.height - 1, y + 1); j++) {
      for (let i = Math.max(0, x - 1); i <= Math.min(picture.width - 1, x + 1); i++) {
        sum += picture.pixels[j * picture.width + i] ?? 0;
        count++;
      }
    }
    return Math.round(sum / count);
  });

test('a picture is like itself', () => {
  expect(inkLikeness(strokes, strokes)).toEqual({ score: 1, windows: 225 });
});

test('two flat greys: the formula by hand (luminance term only)', () => {
  const [a, b, c1] = [100, 150, 6.5025];
  const { score } = inkLikeness(
    grey(8, 8, () => a),
    grey(8, 8, () => b),
  );
  expect(score).toBeCloseTo((2 * a * b + c1) / (a * a + b * b + c1), 6);
});

test('a negative has no structure in common', () => {
  const negative = grey(64, 64, (x, y) => 255 - (strokes.pixels[y * 64 + x] ?? 0));
  expect(inkLikeness(strokes, negative).score).toBeLessThan(-0.9);
});

test('blurred is less like, blurred twice less still, gone nearly nothing', () => {
  const once = inkLikeness(strokes, blurred(strokes)).score;
  const twice = inkLikeness(strokes, blurred(blurred(strokes))).score;
  expect(once).toBeLessThan(0.95);
  expect(twice).toBeLessThan(once);
  expect(inkLikeness(strokes, white).score).toBeLessThan(0.05);
});

test('paper does not count: ink in one corner is judged as if it were alone', () => {
  const corner = grey(64, 64, (x, y) => (x < 16 && y < 16 ? (strokes.pixels[y * 64 + x] ?? 0) : 255));
  expect(inkLikeness(corner, white).windows).toBeLessThan(20);
  expect(inkLikeness(corner, white).score).toBeLessThan(0.3);
  expect(inkLikeness(white, white)).toEqual({ score: 1, windows: 0 });
});

test('sizes may differ by a pixel of rounding, by no more', () => {
  expect(
    inkLikeness(
      strokes,
      grey(65, 63, () => 0),
    ).windows,
  ).toBeGreaterThan(0);
  expect(() =>
    inkLikeness(
      strokes,
      grey(66, 64, () => 0),
    ),
  ).toThrow('64 × 64');
});

test('averaging', () => {
  expect([
    ...averaged(
      grey(3, 2, (x) => x * 100),
      2,
    ).pixels,
  ]).toEqual([50]);
  expect(seenWhole(grey(827, 1169, () => 7))).toMatchObject({ width: 275, height: 389 });
  expect(seenWhole(grey(200, 100, () => 7))).toMatchObject({ width: 200, height: 100 });
});
