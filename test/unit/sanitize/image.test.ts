/** Every picture of fixtures/image: its outcome, its pixels against libvips (or against what make.ts drew), what is gone. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { BlockReason } from '../../../src/message/outcome.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext, UntrustedFile } from '../../../src/sanitize/converter.ts';
import { detect } from '../../../src/sanitize/detect/detect.ts';
import { encodedPicture } from '../../../src/sanitize/formats/image/encode.ts';
import { image } from '../../../src/sanitize/formats/image/image.ts';

const folder = fileURLToPath(new URL('../../../fixtures/image/', import.meta.url));
const load = (name: string): Buffer => readFileSync(folder + name);

const convert = (name: string, limits: Partial<Limits> = {}, bytes = load(name)): Promise<Conversion> => {
  const extension = name.split('.').at(-1) ?? '';
  const type = extension === 'jpg' ? 'jpeg' : extension;
  const file = { type, untrustedName: `写真.${name}`, untrustedCharset: '', bytes } as UntrustedFile;
  const policy = { ...DEFAULT_POLICY, version: '', limits: { ...DEFAULT_LIMITS, ...limits } };
  // The other fields of a context are for converters that open files in files.
  return image.convert(file, {
    policy,
    passwords: [],
    deadline: performance.now() + 20_000,
  } as unknown as ConvertContext);
};

interface Expected {
  readonly outcome: 'rebuilt' | 'image';
  readonly removed: readonly string[];
  /** Mean difference of a channel, 0–255. Two JPEG codings of a tiny picture differ by a few. */
  readonly tolerance: number;
}

const REBUILT: Expected = { outcome: 'rebuilt', removed: [], tolerance: 4 };
const EXACT: Expected = { outcome: 'rebuilt', removed: [], tolerance: 0 };
const AS_PNG: Expected = { outcome: 'image', removed: [], tolerance: 0 };
const WITH_METADATA = { removed: ['metadata'] } as const;

const CASES: Readonly<Record<string, Expected | BlockReason>> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`orientation-${n}.jpg`, { ...REBUILT, ...WITH_METADATA }]),
  ),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [
      [`orientation-${n}.png`, { ...EXACT, ...WITH_METADATA }],
      [`orientation-${n}.webp`, { ...AS_PNG, ...WITH_METADATA }],
    ]),
  ),
  // CMYK without a profile has no one right colour: what counts is that it is no negative, which differs by 90.
  'cmyk.jpg': { ...REBUILT, ...WITH_METADATA, tolerance: 30 },
  'progressive.jpg': REBUILT,
  'grey.jpg': REBUILT,
  'polyglot-html.jpg': { ...REBUILT, ...WITH_METADATA },
  'truncated.jpg': { ...REBUILT, tolerance: 60 },
  'header-only.jpg': 'malformed',
  'bomb.jpg': 'limit-exceeded',
  'plain.png': EXACT,
  '16-bit.png': { ...EXACT, tolerance: 1 },
  'interlaced.png': EXACT,
  'palette.png': EXACT,
  'grey.png': EXACT,
  'transparent.png': { ...EXACT, tolerance: 1 },
  'metadata.png': { ...EXACT, ...WITH_METADATA },
  'animated.png': { ...EXACT, removed: ['animation'] },
  'polyglot-zip.png': { ...EXACT, ...WITH_METADATA },
  'truncated.png': 'malformed',
  'bomb.png': 'limit-exceeded',
  'plain.gif': AS_PNG,
  'animated.gif': { ...AS_PNG, removed: ['animation'] },
  'polyglot-jar.gif': { ...AS_PNG, ...WITH_METADATA },
  'truncated.gif': 'malformed',
  'bomb.gif': 'limit-exceeded',
  'lossy.webp': { ...AS_PNG, tolerance: 2 },
  'lossless.webp': AS_PNG,
  'transparent.webp': { ...AS_PNG, tolerance: 1 },
  'animated.webp': { ...AS_PNG, removed: ['animation'], tolerance: 2 },
  'metadata.webp': { ...AS_PNG, ...WITH_METADATA, tolerance: 2 },
  'truncated.webp': 'malformed',
  '1-bit.bmp': AS_PNG,
  '4-bit.bmp': AS_PNG,
  '8-bit.bmp': AS_PNG,
  '24-bit.bmp': AS_PNG,
  '32-bit.bmp': AS_PNG,
  'rle8.bmp': AS_PNG,
  'rle4.bmp': AS_PNG,
  'bomb.bmp': 'limit-exceeded',
  // Two libraries enlarge the drawing a little differently; the smaller picture of the icon differs by far more.
  'bitmaps.ico': { ...AS_PNG, tolerance: 1 },
  'pngs.ico': { ...AS_PNG, tolerance: 1 },
  'boxes.jp2': AS_PNG,
  'bare.jp2': AS_PNG,
  'bomb.jp2': 'limit-exceeded',
  'merged.psd': { ...AS_PNG, ...WITH_METADATA },
  'truncated.bmp': 'malformed',
};

const isExpected = (wanted: Expected | BlockReason): wanted is Expected => typeof wanted === 'object';
const pictures = Object.entries(CASES).flatMap(([name, wanted]) => (isExpected(wanted) ? [{ name, wanted }] : []));
const refused = Object.entries(CASES).flatMap(([name, wanted]) => (isExpected(wanted) ? [] : [{ name, wanted }]));

/** RGB bytes as libvips reads them: upright, on white, sRGB, first frame. */
async function oracle(
  name: string,
): Promise<{ readonly data: Buffer; readonly width: number; readonly height: number }> {
  if (name.endsWith('.bmp')) return drawn(name);
  if (/\.(?:jp2|psd)$/.test(name)) return oracle('plain.png');
  if (name.endsWith('.ico')) {
    const square = sharp(load('plain.png')).removeAlpha().resize(64, 64, { fit: 'fill', kernel: 'nearest' });
    return { data: await square.raw().toBuffer(), width: 64, height: 64 };
  }
  const reader = sharp(load(name), { failOn: 'none' }).rotate().flatten({ background: '#fff' }).toColourspace('srgb');
  const { data, info } = await reader.removeAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** libvips reads no BMP: what make.ts drew, at the file's number of greys. */
async function drawn(name: string): Promise<Awaited<ReturnType<typeof oracle>>> {
  const plain = await oracle('plain.png');
  const levels = { '1-bit.bmp': 2, '4-bit.bmp': 16, 'rle4.bmp': 16, '8-bit.bmp': 256, 'rle8.bmp': 256 }[name];
  if (levels === undefined) return plain;
  const data = Buffer.alloc(plain.data.length);
  for (let at = 0; at < data.length; at += 3) {
    const sum = (plain.data[at] ?? 0) + (plain.data[at + 1] ?? 0) + (plain.data[at + 2] ?? 0);
    const level = Math.round(((sum / 3) * (levels - 1)) / 255);
    data.fill(Math.round((level * 255) / (levels - 1)), at, at + 3);
  }
  return { ...plain, data };
}

/** I08: the lowest bit of a PNG of ours says what the highest says. */
const withoutLowBit = (value: number): number => value - (value % 2) + (value < 128 ? 0 : 1);

async function only(name: string): Promise<Extract<Conversion, { kind: 'converted' }>> {
  const conversion = await convert(name);
  if (conversion.kind !== 'converted') throw new Error(`${name}: ${JSON.stringify(conversion)}`);
  expect(conversion.files).toHaveLength(1);
  return conversion;
}

test('every picture of the folder has its expectation', () => {
  const files = readdirSync(folder).filter((name) => !/\.(ts|txt|py)$/.test(name));
  expect(files.sort()).toEqual(Object.keys(CASES).sort());
});

test.each(pictures)('$name is rebuilt: same pixels, our grammar, nothing else in it', async ({ name, wanted }) => {
  const { files, outcome, removed } = await only(name);
  expect({ outcome, removed: removed.map(({ what }) => what) }).toEqual({
    outcome: wanted.outcome,
    removed: wanted.removed,
  });
  const [file] = files;
  const bytes = Buffer.from(file?.bytes ?? []);
  expect(await inspectFile(file?.type ?? 'png', bytes)).toEqual([]);
  expect(bytes.toString('latin1')).not.toMatch(/canary|script|Evil|PK\x03\x04|GPS/);

  const reference = await oracle(name);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([reference.width, reference.height, 3]);
  let difference = 0;
  const written = file?.type === 'png' ? withoutLowBit : (value: number): number => value;
  for (const [i, value] of data.entries()) difference += Math.abs(value - written(reference.data[i] ?? 0));
  expect(difference / data.length).toBeLessThanOrEqual(wanted.tolerance);
});

test.each(refused)('$name is blocked: $wanted', async ({ name, wanted }) => {
  expect(await convert(name)).toMatchObject({ kind: 'blocked', reason: wanted });
});

test.each(pictures.filter(({ name }) => !name.endsWith('.jpg')))(
  'what came out of $name comes out the same again',
  async ({ name }) => {
    const [first] = (await only(name)).files;
    const again = await convert('again.png', {}, Buffer.from(first?.bytes ?? []));
    expect(again).toMatchObject({ kind: 'converted', outcome: 'rebuilt', removed: [] });
    if (again.kind === 'converted') expect(again.files[0]?.bytes).toEqual(first?.bytes);
  },
);

test.each(['jpg', 'png', 'webp'])('I01: all eight orientations of %s end as one picture', async (extension) => {
  const sizes = new Set<string>();
  for (let n = 1; n <= 8; n++) {
    const [file] = (await only(`orientation-${n}.${extension}`)).files;
    const { width, height } = await sharp(Buffer.from(file?.bytes ?? [])).metadata();
    sizes.add(n <= 4 ? `${width}×${height}` : `${height}×${width}`);
  }
  expect([...sizes]).toEqual(['48×32']);
});

test('the limit of pixels is the policy’s', async () => {
  const bytes = await sharp({ create: { width: 1200, height: 1000, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
  expect(await convert('large.png', { maxMegapixels: 1 }, bytes)).toMatchObject({ reason: 'limit-exceeded' });
  expect(await convert('large.png', { maxMegapixels: 2 }, bytes)).toMatchObject({ kind: 'converted' });
});

test('a GIF whose screen is small and whose frame is not is no way around the limit', async () => {
  const large = await sharp({ create: { width: 1200, height: 1000, channels: 3, background: '#888' } })
    .gif()
    .toBuffer();
  const lying = Buffer.from(large);
  lying.writeUInt16LE(10, 6);
  lying.writeUInt16LE(10, 8);
  expect(await convert('lying.gif', { maxMegapixels: 1 }, lying)).toMatchObject({ kind: 'blocked' });
});

test('every prefix and many a changed byte of a picture ends in a value, never in a throw', async () => {
  for (const name of ['plain.png', 'orientation-6.jpg', 'animated.gif', 'animated.webp', 'rle8.bmp']) {
    const whole = load(name);
    for (let cut = 0; cut < whole.length; cut += Math.ceil(whole.length / 6)) {
      const mutant = Buffer.from(whole);
      mutant[cut] = (mutant[cut] ?? 0) ^ 0xff;
      for (const bytes of [whole.subarray(0, cut), mutant])
        expect(['converted', 'blocked']).toContain((await convert(name, {}, bytes)).kind);
    }
  }
});

test.each([
  ['polyglot-html.jpg', 'jpeg'],
  ['polyglot-zip.png', 'png'],
  ['polyglot-jar.gif', 'gif'],
])('%s is not taken for something harmless that it is not', async (name, type) => {
  // A ZIP at the end may make it an archive for detection: that is stricter. Text or HTML would be looser.
  expect([type, 'archive', 'zip', 'jar', 'unknown']).toContain(
    await detect(load(name), { declaredType: '', untrustedName: name }),
  );
});

test('frames that go are counted, the one that stays is not', async () => {
  const counts = [
    ['animated.png', 2],
    ['animated.gif', 1],
    ['animated.webp', 1],
  ] as const;
  for (const [name, count] of counts) expect((await only(name)).removed).toContainEqual({ what: 'animation', count });
});

test('INV-08: a photograph that comes back is no larger, however often', async () => {
  const [width, height] = [640, 480];
  const drawn = new Uint8Array(width * height * 4).map((_, at) =>
    at % 4 === 3 ? 255 : Math.round(128 + 100 * Math.sin(((at >> 2) % width) / 40) * Math.cos(at / 90_000)),
  );
  let { bytes } = await encodedPicture({ width, height, rgba: drawn }, true);
  const first = bytes.length;
  for (let passage = 0; passage < 3; passage++) {
    const rgba = new Uint8Array(await sharp(bytes).ensureAlpha().raw().toBuffer());
    ({ bytes } = await encodedPicture({ width, height, rgba }, true));
    expect(bytes.length).toBeLessThan(first * 1.05);
  }
});
