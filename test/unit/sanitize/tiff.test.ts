/** TIFF: faxes and scans as PDF pages of the right size, photographs as pictures; every coding; what is broken stays alone. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { oneDirectory } from '../../../fixtures/tiff/directory.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext } from '../../../src/sanitize/converter.ts';
import { readTiff } from '../../../src/sanitize/formats/tiff/directory.ts';
import { tiff } from '../../../src/sanitize/formats/tiff/tiff.ts';

const folder = fileURLToPath(new URL('../../../fixtures/tiff/', import.meta.url));
const load = (name: string): Buffer => readFileSync(folder + name);

function convert(bytes: Uint8Array, limits: Partial<Limits> = {}): Promise<Conversion> {
  const policy = { ...DEFAULT_POLICY, version: '', limits: { ...DEFAULT_LIMITS, ...limits } };
  const context = { policy, passwords: [], deadline: performance.now() + 20_000 } as unknown as ConvertContext;
  return tiff.convert({ type: 'tiff', untrustedName: '受信.tif', untrustedCharset: '', bytes }, context);
}

async function only(bytes: Uint8Array) {
  const conversion = await convert(bytes);
  if (conversion.kind !== 'converted') throw new Error(JSON.stringify(conversion));
  const [file] = conversion.files;
  if (file === undefined) throw new Error('no file');
  expect(await inspectFile(file.type, file.bytes)).toEqual([]);
  expect(Buffer.from(file.bytes).includes('canary')).toBe(false);
  return { ...conversion, file };
}

interface Page {
  readonly width: number;
  readonly height: number;
  readonly box: readonly number[];
  /** One byte a pixel. */
  readonly pixels: Buffer;
}

/** The pages of a PDF of ours whose pictures are Group 4, decoded by libtiff. */
async function faxPages(pdf: Uint8Array): Promise<readonly Page[]> {
  const bytes = Buffer.from(pdf);
  const text = bytes.toString('latin1');
  const boxes = [...text.matchAll(/\/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]/g)].map(([, w, h]) => [Number(w), Number(h)]);
  const images = [
    ...text.matchAll(
      /\/Subtype \/Image \/Width (\d+) \/Height (\d+)[^\n]*\/CCITTFaxDecode[^\n]*\/Length (\d+) >>\nstream\n/g,
    ),
  ];
  return Promise.all(
    images.map(async (match, i) => {
      const [width, height, length] = [Number(match[1]), Number(match[2]), Number(match[3])];
      const start = match.index + match[0].length;
      const single = oneDirectory(faxTags(width, height, length), bytes.subarray(start, start + length));
      const pixels = await sharp(single).toColourspace('b-w').raw().toBuffer();
      return { width, height, box: boxes[i] ?? [], pixels };
    }),
  );
}

const faxTags = (width: number, height: number, length: number) => [
  { tag: 256, type: 4, values: [width] } as const,
  { tag: 257, type: 4, values: [height] } as const,
  { tag: 258, type: 3, values: [1] } as const,
  { tag: 259, type: 3, values: [4] } as const,
  { tag: 262, type: 3, values: [0] } as const,
  { tag: 273, type: 4, values: [8 + 2 + 12 * 9 + 4] } as const,
  { tag: 277, type: 3, values: [1] } as const,
  { tag: 278, type: 4, values: [height] } as const,
  { tag: 279, type: 4, values: [length] } as const,
];

const libtiff = (name: string, page = 0) =>
  sharp(load(name), { page }).rotate().flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();

/** I08: the lowest bit of a PNG of ours says what the highest says. */
const withoutLowBit = (value: number): number => value - (value % 2) + (value < 128 ? 0 : 1);

async function difference(picture: Uint8Array, reference: Sharp): Promise<number> {
  const ours = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  const theirs = await reference.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  expect([ours.info.width, ours.info.height]).toEqual([theirs.info.width, theirs.info.height]);
  const written = (await sharp(picture).metadata()).format === 'png' ? withoutLowBit : (value: number): number => value;
  let sum = 0;
  for (const [i, value] of ours.data.entries()) sum += Math.abs(value - written(theirs.data[i] ?? 255));
  return sum / ours.data.length;
}

test.each([
  'strips.tif',
  'lzw.tif',
  'deflate.tif',
  'packbits.tif',
  'tiled.tif',
  'planar.tif',
  'big-endian.tif',
  'bigtiff.tif',
  'grey.tif',
])('I06: %s becomes a PNG with the same pixels', async (name) => {
  const { file, outcome } = await only(load(name));
  expect([file.type, outcome, file.untrustedStem]).toEqual(['png', 'image', '受信']);
  expect(await difference(file.bytes, libtiff(name))).toBe(0);
});

test.each([
  ['16-bit.tif', 1],
  ['transparent.tif', 1],
  ['jpeg.tif', 4],
  // CMYK without a profile has no one right colour; a negative would differ by 90.
  ['cmyk.tif', 30],
] as const)('I06: %s becomes a picture that looks the same', async (name, tolerance) => {
  expect(await difference((await only(load(name))).file.bytes, libtiff(name))).toBeLessThanOrEqual(tolerance);
});

test('I06: old-style JPEG is read', async () => {
  const { file } = await only(load('old-jpeg.tif'));
  expect(file.type).toBe('jpeg');
  expect(await difference(file.bytes, sharp(load('../image/plain.png')))).toBeLessThan(5);
});

test('I01: all eight orientations are applied', async () => {
  for (let n = 1; n <= 8; n++) {
    const turned = sharp(await sharp(load('../image/plain.png')).png().toBuffer());
    const reference = await turned.withExif({ IFD0: {} }).withMetadata({ orientation: n }).png().toBuffer();
    const { file } = await only(load(`orientation-${n}.tif`));
    expect(await difference(file.bytes, sharp(reference).rotate())).toBe(0);
  }
});

test('I01: text of a camera or a program is gone and said so', async () => {
  expect((await only(load('lzw.tif'))).removed).toEqual([{ what: 'metadata', count: 2 }]);
  expect((await only(load('grey.tif'))).removed).toEqual([]);
});

test.each(['fax-g3-1d.tif', 'fax-g3-2d.tif', 'fax-g3-lsb.tif', 'fax-g4.tif', 'fax-g4-lsb.tif'])(
  '%s becomes a page of A4, black and white, the same pixels',
  async (name) => {
    const { file, outcome } = await only(load(name));
    expect([file.type, outcome, file.pages]).toEqual(['pdf', 'pdf', 1]);
    const [page] = await faxPages(file.bytes);
    // 864 / 102 and 572 / 49 inches: pixels that are not square do not squeeze the page.
    expect(page?.box).toEqual([609.88, 840.49]);
    const reference = await sharp(load('fax-g4.tif')).toColourspace('b-w').raw().toBuffer();
    expect(page?.pixels.equals(reference)).toBe(true);
  },
);

test('a fax of three pages keeps their number and order', async () => {
  const { file } = await only(load('fax-three-pages.tif'));
  const pages = await faxPages(file.bytes);
  expect([file.pages, pages.length]).toEqual([3, 3]);
  for (const [index, page] of pages.entries()) {
    const reference = await sharp(load('fax-three-pages.tif'), { page: index }).toColourspace('b-w').raw().toBuffer();
    expect(page.pixels.equals(reference)).toBe(true);
  }
});

test('pages of different kinds stand in one PDF', async () => {
  const { file } = await only(load('mixed-pages.tif'));
  expect([file.type, file.pages]).toEqual(['pdf', 3]);
  expect(await faxPages(file.bytes)).toHaveLength(2);
});

test.each(['second-page-damaged.tif', 'second-page-bomb.tif'])(
  'I03 I11: %s: the page says so, the two others are whole',
  async (name) => {
    const { file, detail } = await only(load(name));
    expect([file.pages, detail]).toEqual([3, 'pages not readable: 2']);
    const [first, notice, third] = await faxPages(file.bytes);
    const [whole, , last] = await faxPages((await only(load('fax-three-pages.tif'))).file.bytes);
    expect(first?.pixels.equals(whole?.pixels ?? Buffer.of())).toBe(true);
    expect(third?.pixels.equals(last?.pixels ?? Buffer.of())).toBe(true);
    // It holds writing, and nothing of the page that it stands for.
    expect(notice?.box).toEqual([595, 842]);
    expect(notice?.pixels.filter((value) => value === 0).length).toBeGreaterThan(1000);
  },
);

test('a palette of two colours keeps its colours', async () => {
  const at = 8 + 2 + 12 * 10 + 4;
  const tags = [
    { tag: 256, type: 4, values: [16] } as const,
    { tag: 257, type: 4, values: [1] } as const,
    { tag: 258, type: 3, values: [1] } as const,
    { tag: 259, type: 3, values: [1] } as const,
    { tag: 262, type: 3, values: [3] } as const,
    { tag: 273, type: 4, values: [at] } as const,
    { tag: 277, type: 3, values: [1] } as const,
    { tag: 278, type: 4, values: [1] } as const,
    { tag: 279, type: 4, values: [2] } as const,
    // Six numbers do not fit into the entry: it says where they stand.
    { tag: 320, type: 3, values: [at + 2, 0] } as const,
  ];
  const palette = Buffer.alloc(12);
  for (const [i, value] of [0xffff, 0, 0, 0, 0, 0xffff].entries()) palette.writeUInt16LE(value, i * 2);
  const file = oneDirectory(tags, Buffer.concat([Buffer.of(0x0f, 0xff), palette]));
  file.writeUInt32LE(6, 10 + 12 * 9 + 4);
  const { data } = await sharp(Buffer.from((await only(file)).file.bytes))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([...data.subarray(0, 3), ...data.subarray(-3)]).toEqual([255, 0, 0, 0, 0, 255]);
});

test('I06: a directory that leads back ends the document; two pages are two pages', async () => {
  expect((await only(load('circle.tif'))).file.pages).toBe(2);
});

test('I03: more pages than the policy allows, in a chain of empty directories', async () => {
  const directory = 2 + 12 * 2 + 4;
  const chain = Buffer.alloc(8 + 100_000 * directory);
  chain.write('II*\0', 'latin1');
  chain.writeUInt32LE(8, 4);
  for (let page = 0; page < 100_000; page++) {
    const at = 8 + page * directory;
    chain.writeUInt16LE(2, at);
    for (const [i, tag] of [256, 257].entries()) {
      chain.writeUInt16LE(tag, at + 2 + 12 * i);
      chain.writeUInt16LE(3, at + 4 + 12 * i);
      chain.writeUInt32LE(1, at + 6 + 12 * i);
      chain.writeUInt16LE(16, at + 10 + 12 * i);
    }
    if (page < 99_999) chain.writeUInt32LE(at + directory, at + directory - 4);
  }
  expect(await convert(chain)).toMatchObject({ kind: 'blocked', reason: 'limit-exceeded' });
  expect(await convert(load('fax-three-pages.tif'), { maxPages: 2 })).toMatchObject({ reason: 'limit-exceeded' });
  expect(await convert(load('fax-three-pages.tif'), { maxPages: 3 })).toMatchObject({ kind: 'converted' });
});

test('I03: one picture beyond the limit of pixels is held', async () => {
  expect(await convert(load('lzw.tif'), { maxMegapixels: 0.001 })).toMatchObject({ reason: 'limit-exceeded' });
  expect(await convert(load('fax-g4.tif'), { maxMegapixels: 0.1 })).toMatchObject({ reason: 'limit-exceeded' });
});

test('a colour scan with the size of a sheet is a page, a photograph without is not', async () => {
  const scan = (width: number, height: number, dpi: number) =>
    sharp({ create: { width, height, channels: 3, background: '#a33' } })
      .tiff({ compression: 'lzw', xres: dpi / 25.4, yres: dpi / 25.4 })
      .toBuffer();
  const a4 = await only(await scan(827, 1169, 100));
  expect([a4.file.type, a4.file.pages]).toEqual(['pdf', 1]);
  expect((await only(await scan(827, 1169, 72))).file.type).toBe('png');
  expect((await only(await scan(640, 480, 300))).file.type).toBe('png');
});

test('I11: every prefix and many a changed byte ends in a value', async () => {
  for (const name of ['fax-three-pages.tif', 'lzw.tif', 'bigtiff.tif', 'old-jpeg.tif']) {
    const whole = load(name);
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 5)) {
      const mutant = Buffer.from(whole);
      mutant[at] = (mutant[at] ?? 0) ^ 0xff;
      for (const bytes of [whole.subarray(0, at), mutant])
        expect(['converted', 'blocked']).toContain((await convert(bytes)).kind);
    }
  }
});

test('I06: the reader of directories ends on every changed byte of them', () => {
  const whole = load('fax-three-pages.tif');
  for (let at = 0; at < whole.length; at++) {
    const mutant = Buffer.from(whole);
    mutant[at] = (mutant[at] ?? 0) ^ 0xff;
    expect(['pages', 'too-many', 'malformed']).toContain(readTiff(mutant, 500).kind);
  }
});
