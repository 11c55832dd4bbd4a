/** The strict image readers accept what sharp writes from raw pixels, at every quality and shape we may use. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readJpeg } from '../../../src/inspect/jpeg.ts';
import { pngProblems } from '../../../src/inspect/png.ts';

/** Pixels with edges, gradients and noise, always the same. */
function pixels(
  width: number,
  height: number,
  channels: 1 | 3 | 4,
): { data: Uint8Array; raw: { width: number; height: number; channels: 1 | 3 | 4 } } {
  const data = new Uint8Array(width * height * channels);
  let seed = 7;
  for (let i = 0; i < data.length; i++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    data[i] = i % 97 < 40 ? (seed >> 16) & 255 : (i >> 4) & 255;
  }
  return { data, raw: { width, height, channels } };
}

const SIZES = [
  [1, 1],
  [7, 9],
  [16, 16],
  [120, 91],
  [333, 257],
] as const;

for (const [width, height] of SIZES) {
  test.each([20, 60, 80, 85, 90, 95, 100])(`colour JPEG ${width}×${height} quality %i fits`, async (quality) => {
    const { data, raw } = pixels(width, height, 3);
    const bytes = await sharp(data, { raw }).jpeg({ quality }).toBuffer();
    expect(readJpeg(bytes)).toEqual({
      kind: 'fits',
      size: { width, height, components: 3, sampling: 2 },
    });
  });

  test(`grey JPEG ${width}×${height} fits`, async () => {
    const { data, raw } = pixels(width, height, 1);
    const bytes = await sharp(data, { raw }).toColourspace('b-w').jpeg({ quality: 80 }).toBuffer();
    expect(readJpeg(bytes)).toEqual({ kind: 'fits', size: { width, height, components: 1, sampling: 1 } });
  });

  test.each([1, 3, 4] as const)(`PNG ${width}×${height} with %i channels fits`, async (channels) => {
    const { data, raw } = pixels(width, height, channels);
    const image = channels === 1 ? sharp(data, { raw }).toColourspace('b-w') : sharp(data, { raw });
    expect(pngProblems(await image.png().toBuffer())).toEqual([]);
  });
}

test('a flat picture and a white one fit', async () => {
  const white = new Uint8Array(64 * 64 * 3).fill(255);
  const raw = { width: 64, height: 64, channels: 3 } as const;
  expect(readJpeg(await sharp(white, { raw }).jpeg({ quality: 80 }).toBuffer()).kind).toBe('fits');
  expect(pngProblems(await sharp(white, { raw }).png({ palette: true }).toBuffer())).toEqual([]);
});

test('I: EXIF, ICC, comments, progressive scans and restarts do not fit', async () => {
  const { data, raw } = pixels(120, 90, 3);
  const image = () => sharp(data, { raw });
  const others = await Promise.all([
    image()
      .withExif({ IFD0: { Copyright: 'x' } })
      .jpeg()
      .toBuffer(),
    image().withIccProfile('srgb').jpeg().toBuffer(),
    image().jpeg({ progressive: true }).toBuffer(),
    image().jpeg({ mozjpeg: true }).toBuffer(),
  ]);
  for (const bytes of others) expect(readJpeg(bytes).kind).toBe('misfit');
});
