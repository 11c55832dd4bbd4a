/** The strict image readers accept what sharp writes from raw pixels, at every quality and shape we may use. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readJpeg } from '../../../src/inspect/jpeg.ts';
import { pngProblems } from '../../../src/inspect/png.ts';
import { encodePng } from '../../../src/sanitize/formats/image/png.ts';
import { palettePng, png } from '../../attacks/gate/file-rules.ts';

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
      width,
      height,
    });
  });

  test(`PNG ${width}×${height} fits`, async () => {
    const { data, raw } = pixels(width, height, 3);
    expect(pngProblems(await sharp(data, { raw }).png({ compressionLevel: 6 }).toBuffer())).toEqual([]);
  });
}

test('a flat picture and a white one fit', async () => {
  const white = new Uint8Array(64 * 64 * 3).fill(255);
  const raw = { width: 64, height: 64, channels: 3 } as const;
  expect(readJpeg(await sharp(white, { raw }).jpeg({ quality: 80 }).toBuffer()).kind).toBe('fits');
  expect(pngProblems(await sharp(white, { raw }).png().toBuffer())).toEqual([]);
});

test('I: EXIF, ICC, progressive scans, other sampling, grey do not fit', async () => {
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
    image().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    image().toColourspace('b-w').jpeg().toBuffer(),
  ]);
  for (const bytes of others) expect(readJpeg(bytes).kind).toBe('misfit');
});

test('I: quantised palettes, transparency, 16 bits, interlacing, profiles do not fit', async () => {
  const { data, raw } = pixels(120, 90, 3);
  const image = () => sharp(data, { raw });
  const others = await Promise.all([
    image().png({ palette: true }).toBuffer(),
    image().ensureAlpha().png().toBuffer(),
    image().toColourspace('rgb16').png().toBuffer(),
    image().png({ progressive: true }).toBuffer(),
    image().withIccProfile('srgb').png().toBuffer(),
    image().withMetadata({ density: 300 }).png().toBuffer(),
    image()
      .withExif({ IFD0: { Copyright: 'x' } })
      .png()
      .toBuffer(),
  ]);
  for (const bytes of others) expect(pngProblems(bytes)).not.toEqual([]);
});

test.each([1, 2, 3, 4, 5, 16, 17, 256])('a PNG of %i colours fits, and says the same pixels', async (colours) => {
  const [width, height] = [37, 23];
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    rgb.set([pixel % colours, 255 - (pixel % colours), 7], pixel * 3);
  const bytes = Buffer.from(await encodePng(rgb, width, height));
  expect(pngProblems(bytes)).toEqual([]);
  expect(bytes[25]).toBe(3);
  expect(new Uint8Array(await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer())).toEqual(rgb);
});

test('the specimens of the attack tests are whole before something is broken in them', () => {
  expect([pngProblems(png()), pngProblems(palettePng())]).toEqual([[], []]);
});

test('greys are one channel, tones are three, and both fit', async () => {
  const tones = pixels(120, 91, 3).data;
  const colour = Buffer.from(await encodePng(tones, 120, 91));
  expect([colour[25], pngProblems(colour)]).toEqual([2, []]);
  const grey = tones.map((_, at) => tones[at - (at % 3)] ?? 0);
  const one = Buffer.from(await encodePng(grey, 120, 91));
  expect([one[25], pngProblems(one)]).toEqual([0, []]);
  expect(new Uint8Array(await sharp(one).toColourspace('srgb').raw().toBuffer())).toEqual(grey);
  expect(one.length).toBeLessThan(colour.length);
});

test('I: the bits behind the last block are ones', async () => {
  const { data, raw } = pixels(40, 40, 3);
  const problems = new Set<string>();
  for (const quality of [50, 60, 70, 75, 80, 85, 90, 95]) {
    const bytes = await sharp(data, { raw }).jpeg({ quality }).toBuffer();
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) & 0xfe;
    const verdict = readJpeg(bytes);
    if (verdict.kind === 'misfit') problems.add(verdict.problem);
  }
  // Where the data happen to end with a byte, the bit belongs to a value: another picture, and no problem.
  expect([...problems]).toEqual(['jpeg: padding bits are not ones']);
});
