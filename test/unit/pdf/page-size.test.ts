/** How many pixels a page has: the nearest number, and never more than a limit allows. */
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/policy/policy.ts';
import { pictureSize } from '../../../src/sanitize/formats/pdf/page-size.ts';

const A4 = { widthPt: 595.276, heightPt: 841.89 };

test('a page has the nearest number of pixels, so that a picture of 150 dpi has 150 dpi in readers', () => {
  expect(pictureSize(A4, 150, DEFAULT_LIMITS)).toMatchObject({ width: 1240, height: 1754, coarser: false });
  expect(pictureSize({ widthPt: 0.1, heightPt: 0.1 }, 150, DEFAULT_LIMITS)).toMatchObject({ width: 1, height: 1 });
});

test('rounding up does not take a page above the limit', () => {
  const page = { widthPt: (1240.5 / 150) * 72, heightPt: (1753.5 / 150) * 72 };
  for (const maxMegapixels of [2.1, 2.174, 2.1753, 2.176, 3]) {
    for (const each of [page, A4]) {
      const { width, height } = pictureSize(each, 150, { ...DEFAULT_LIMITS, maxMegapixels });
      expect(width * height).toBeLessThanOrEqual(maxMegapixels * 1e6);
    }
  }
});
