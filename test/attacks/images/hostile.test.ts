/**
 * Pictures as attachments of mails (threats.tsv I01–I03, I06–I08, I11): what is hidden in them, what they promise, what is
 * broken in them. Through converter and gate; each attack beside a picture without it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import { openOffline } from '../../kit/offline.ts';
import { gifExtension, gifFrame, gifRaw, pngChunk, pngRaw, tiffRaw, withSegments } from '../../kit/picture-raw.ts';
import { expectDead } from '../pdf/crossed.ts';
import { attached, mixed, noticeLine, through } from '../through.ts';

const aviary = openAviary();
const fixture = (path: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url)));
const crossed = (name: string, bytes: Uint8Array) =>
  through(...mixed(attached(name, 'application/octet-stream', bytes)));
const die = (region: string): string => aviary.die(region);
const jpeg = (): Promise<Buffer> => sharp(fixture('image/plain.png')).jpeg().toBuffer();
const exif = (): string => `Exif\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0\x18\0\0\0\x1a\0\0\0\0\0\0\0${die('EXIF')}`;
const SIZE = { width: 16, height: 16 } as const;

test.each<readonly [id: string, what: string, name: string, make: () => Promise<Buffer> | Buffer]>([
  ['I01', 'EXIF of a JPEG', 'a.jpg', async () => withSegments(await jpeg(), [0xe1, exif()])],
  [
    'I01',
    'XMP of a JPEG',
    'a.jpg',
    async () => withSegments(await jpeg(), [0xe1, `http://ns.adobe.com/xap/1.0/\0<x>${die('XMP')}</x>`]),
  ],
  [
    'I01',
    'IPTC of a JPEG',
    'a.jpg',
    async () =>
      withSegments(await jpeg(), [0xed, `Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x1d\x1c\x02\x78\0\x18${die('IPTC')}`]),
  ],
  [
    'I01',
    'a thumbnail of JFIF',
    'a.jpg',
    async () => withSegments(await jpeg(), [0xe0, `JFXX\0\x10${die('thumbnail')}`]),
  ],
  [
    'I01',
    'notes of a camera',
    'a.jpg',
    async () => withSegments(await jpeg(), [0xe1, `${exif()}MakerNote${die('maker note')}`]),
  ],
  ['I01', 'EXIF of a PNG', 'a.png', () => pngRaw({ ...SIZE, early: [pngChunk('eXIf', exif().slice(6))] })],
  ['I02', 'tEXt of a PNG', 'a.png', () => pngRaw({ ...SIZE, early: [pngChunk('tEXt', `Comment\0${die('tEXt')}`)] })],
  [
    'I02',
    'iTXt of a PNG',
    'a.png',
    () => pngRaw({ ...SIZE, late: [pngChunk('iTXt', `XML:com.adobe.xmp\0\0\0\0\0${die('iTXt')}`)] }),
  ],
  ['I02', 'zTXt of a PNG', 'a.png', () => pngRaw({ ...SIZE, early: [pngChunk('zTXt', `Comment\0\0${die('zTXt')}`)] })],
  ['I02', 'a private chunk', 'a.png', () => pngRaw({ ...SIZE, early: [pngChunk('prVt', die('private chunk'))] })],
  ['I02', 'a chunk behind the pixels', 'a.png', () => pngRaw({ ...SIZE, late: [pngChunk('prVt', die('late chunk'))] })],
  ['I02', 'bytes behind the end of a PNG', 'a.png', () => pngRaw({ ...SIZE, after: Buffer.from(die('behind PNG')) })],
  [
    'I02',
    'rows behind the last',
    'a.png',
    () =>
      pngRaw({
        ...SIZE,
        rgb: Buffer.concat([Buffer.alloc(768, 9), Buffer.from(die('more rows').repeat(2))]),
        rows: 17,
      }),
  ],
  ['I02', 'a comment of a JPEG', 'a.jpg', async () => withSegments(await jpeg(), [0xfe, die('COM')])],
  [
    'I02',
    'all application segments',
    'a.jpg',
    async () =>
      withSegments(await jpeg(), ...Array.from({ length: 14 }, (_, i) => [0xe2 + i, die(`APP${i + 2}`)] as const)),
  ],
  [
    'I02',
    'bytes behind the end of a JPEG',
    'a.jpg',
    async () => Buffer.concat([await jpeg(), Buffer.from(die('behind JPEG'))]),
  ],
  [
    'I02',
    'a second JPEG behind the first',
    'a.jpg',
    async () => Buffer.concat([await jpeg(), withSegments(await jpeg(), [0xfe, die('second JPEG')])]),
  ],
  ['I02', 'a comment of a GIF', 'a.gif', () => gifRaw(1, 1, [gifExtension(0xfe, die('GIF comment')), gifFrame()])],
  [
    'I02',
    'a block of a GIF',
    'a.gif',
    () => gifRaw(1, 1, [gifExtension(0xff, 'XMP DataXMP', die('GIF block')), gifFrame()]),
  ],
  [
    'I02',
    'words of a GIF',
    'a.gif',
    () => gifRaw(1, 1, [gifFrame(), gifExtension(0x01, '\0'.repeat(12), die('GIF text'))]),
  ],
  ['I02', 'bytes behind the end of a GIF', 'a.gif', () => gifRaw(1, 1, [gifFrame()], Buffer.from(die('behind GIF')))],
  ['I04', 'a broken profile', 'a.png', () => pngRaw({ ...SIZE, early: [pngChunk('iCCP', `x\0\0${die('ICC')}`)] })],
  [
    'I04',
    'a profile in a JPEG',
    'a.jpg',
    async () => withSegments(await jpeg(), [0xe2, `ICC_PROFILE\0\x01\x01${die('ICC')}${'\xff'.repeat(6e4)}`]),
  ],
])('%s: %s is in nothing that goes on; the picture is', async (_id, _what, name, make) => {
  const mail = await crossed(name, await make());
  expectDead(mail, aviary.canaries);
  expect(mail.report.attachments[0]?.outcome).toMatch(/^(?:rebuilt|image)$/);
  expect(mail.files).toHaveLength(1);
});

const promised = (type: string, width: number, height: number): Buffer => {
  if (type === 'gif') return gifRaw(width, height, [gifFrame()]);
  return type === 'png' ? pngRaw({ width, height, rows: 1, rgb: Buffer.alloc(9) }) : bmp(width, height);
};

function bmp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(58);
  bytes.write('BM');
  bytes.writeUInt32LE(58, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

test.each<readonly [string, Buffer]>([
  ['a PNG of 65,535²', promised('png', 65_535, 65_535)],
  ['a PNG of 2^31 - 1 by 1', promised('png', 2 ** 31 - 1, 1)],
  ['a GIF of 65,535²', promised('gif', 65_535, 65_535)],
  ['a BMP of 2^31 - 1', promised('bmp', 2 ** 31 - 1, 2 ** 31 - 1)],
  ['a BMP upside down of 2^31', promised('bmp', 70_000, -(2 ** 31))],
  [
    'a TIFF of 2^32 - 1',
    tiffRaw([
      [256, 4, 1, 0xffffffff],
      [257, 4, 1, 0xffffffff],
      [258, 3, 1, 8],
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [277, 3, 1, 1],
      [279, 4, 1, 10],
    ]),
  ],
])('I03: %s is held before a pixel of it is made', async (_what, bytes) => {
  const before = process.memoryUsage().rss;
  const mail = await crossed('a.dat', bytes);
  expect(mail.files).toEqual([]);
  expect(mail.report.attachments[0]?.reason).toMatch(/^(?:limit-exceeded|malformed|unsupported-image)$/);
  expect(noticeLine(mail, 'a.dat')).toContain('お渡しできません');
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
});

test('I03: of a hundred thousand frames the first goes on', async () => {
  const mail = await crossed('a.gif', gifRaw(1, 1, Array.from({ length: 100_000 }, gifFrame)));
  if (mail.files.length === 0) expect(mail.report.attachments[0]?.outcome).toBe('blocked');
  else expect(mail.report.attachments[0]?.removed).toContainEqual({ what: 'animation', count: 99_999 });
});

test.each<readonly [string, Buffer]>([
  [
    'a directory that leads to itself',
    tiffRaw(
      [
        [256, 3, 1, 1],
        [257, 3, 1, 1],
      ],
      { next: 8 },
    ),
  ],
  [
    'strips without end',
    tiffRaw([
      [256, 3, 1, 9],
      [257, 3, 1, 9],
      [258, 3, 1, 8],
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      [273, 4, 0xffffffff, 8],
      [277, 3, 1, 1],
      [279, 4, 0xffffffff, 8],
    ]),
  ],
  [
    'strips outside the file',
    tiffRaw([
      [256, 3, 1, 9],
      [257, 3, 1, 9],
      [258, 3, 1, 8],
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      [273, 4, 1, 0x7fffffff],
      [277, 3, 1, 1],
      [279, 4, 1, 81],
    ]),
  ],
  [
    'an unknown compression',
    tiffRaw([
      [256, 3, 1, 9],
      [257, 3, 1, 9],
      [259, 3, 1, 0x9999],
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [279, 4, 1, 81],
    ]),
  ],
])('I06: a TIFF with %s ends as a reason', async (_what, bytes) => {
  const mail = await crossed('a.tif', bytes);
  if (mail.files.length === 0)
    expect(mail.report.attachments[0]?.reason).toMatch(/^(?:malformed|limit-exceeded|unsupported-image)$/);
  expect(mail.text).toContain('Please read.');
});

test.each<readonly [string, Buffer]>([
  ['PCX', Buffer.concat([Buffer.from([10, 5, 1, 8]), Buffer.alloc(200)])],
  [
    'TGA',
    Buffer.concat([
      Buffer.from([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 9, 0, 24, 0]),
      Buffer.alloc(243),
      Buffer.from('TRUEVISION-XFILE.\0'),
    ]),
  ],
  [
    'EMF',
    Buffer.concat([Buffer.from([1, 0, 0, 0, 108, 0, 0, 0]), Buffer.alloc(32), Buffer.from(' EMF'), Buffer.alloc(64)]),
  ],
  ['WMF', Buffer.concat([Buffer.from('d7cdc69a', 'hex'), Buffer.alloc(60)])],
  ['JPEG XL', Buffer.concat([Buffer.from('ff0a', 'hex'), Buffer.alloc(60)])],
  ['FLIF', Buffer.concat([Buffer.from('FLIF1'), Buffer.alloc(60)])],
  ['DICOM', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(60)])],
])('I06: %s is not opened but held', async (_what, bytes) => {
  const mail = await crossed('a.png', Buffer.concat([bytes, Buffer.from(die('strange picture'))]));
  expectDead(mail, aviary.canaries);
  expect(mail.files).toEqual([]);
  expect(noticeLine(mail, 'a.png')).toContain('お渡しできません');
});

/** Deterministic: the same bytes in each run. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 16;
  }
}

/** Payload bits in the lowest bit of each value of a picture of soft tones. */
function withPayload(seed: number): { readonly rgb: Uint8Array; readonly bits: readonly number[] } {
  const values = random(seed);
  const bits = Array.from({ length: 96 * 96 * 3 }, () => values.next().value & 1);
  const rgb = Uint8Array.from(bits, (bit, i) => ((60 + Math.round(80 * Math.sin(i / 900) ** 2)) & 0xfe) | bit);
  return { rgb, bits };
}

const RAW = { raw: { width: 96, height: 96, channels: 3 } } as const;
/** All values of a picture; one a pixel when it is grey. */
async function valuesOf(picture: Uint8Array): Promise<readonly number[]> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { space } = await sharp(picture).metadata();
  const values = [...data];
  return space === 'b-w' && info.channels === 3 ? values.filter((_, i) => i % 3 === 0) : values;
}
const wrongBits = (rgb: ArrayLike<number>, bits: readonly number[]): number =>
  bits.filter((bit, i) => ((rgb[i] ?? 0) & 1) !== bit).length / bits.length;

test.each([
  ['a PNG', 'a.png', (rgb: Uint8Array) => sharp(rgb, RAW).png().toBuffer()],
  [
    'a PNG of few colours',
    'a.png',
    (rgb: Uint8Array) =>
      sharp(
        rgb.map((value) => 100 + (value & 1)),
        RAW,
      )
        .png()
        .toBuffer(),
  ],
  [
    'a grey PNG',
    'a.png',
    (rgb: Uint8Array) =>
      sharp(rgb.subarray(0, 96 * 96), { raw: { width: 96, height: 96, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
  ],
  ['a WebP without loss', 'a.webp', (rgb: Uint8Array) => sharp(rgb, RAW).webp({ lossless: true }).toBuffer()],
  ['a TIFF', 'a.tif', (rgb: Uint8Array) => sharp(rgb, RAW).tiff({ compression: 'lzw' }).toBuffer()],
  [
    'a JPEG of the highest quality',
    'a.jpg',
    (rgb: Uint8Array) => sharp(rgb, RAW).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  ],
] as const)('I08: of a message in the lowest bits of %s nothing can be read any more', async (_what, name, make) => {
  const { rgb, bits } = withPayload(7);
  const bytes = await make(rgb);
  // It was there: of what is compressed with loss, what its pixels say counts.
  const before = await valuesOf(bytes);
  const grey = before.length !== bits.length;
  const hidden = name === 'a.jpg' ? before.map((value) => value & 1) : bits.slice(0, before.length);
  expect(wrongBits(before, hidden)).toBe(0);
  const [file] = (await crossed(name, bytes)).files;
  const after = await valuesOf(file?.bytes ?? Buffer.alloc(0));
  expect(after).toHaveLength(grey ? 96 * 96 : before.length);
  const wrong = wrongBits(after, hidden);
  expect(wrong).toBeGreaterThanOrEqual(0.25);
  // Nor all the other way round, which would be as good as the message.
  expect(wrong).toBeLessThanOrEqual(0.75);
});

test('I08: black, white and every other tone differ from the original by one step at most (benign twin)', async () => {
  const tones = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));
  const bytes = await sharp(tones, { raw: { width: 256, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const [file] = (await crossed('tones.png', bytes)).files;
  const { data, info } = await sharp(file?.bytes ?? Buffer.alloc(0))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const shown = Array.from({ length: 256 }, (_, i) => data[i * info.channels] ?? -1);
  expect([shown[0], shown[255]]).toEqual([0, 255]);
  for (const [i, value] of shown.entries()) expect(Math.abs(value - i)).toBeLessThanOrEqual(1);
});

const SOURCES = ['image/plain.png', 'image/plain.gif', 'image/lossless.webp', 'image/boxes.jp2', 'tiff/lzw.tif'];

test.each([...SOURCES, 'jpeg'])(
  'I11: a %s that ends early is held, or goes on as far as it could be read',
  async (source) => {
    const whole = source === 'jpeg' ? await jpeg() : fixture(source);
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      const mail = await crossed('a.dat', whole.subarray(0, Math.floor(whole.length * part)));
      expect(mail.text).toContain('Please read.');
      if (mail.files.length === 0) expect(noticeLine(mail, 'a.dat')).toContain('お渡しできません');
    }
  },
);

test('I07: damaged pictures of all kinds, in the real jail: the mail goes on, nothing breaks, the next picture is whole', async () => {
  const offline = await openOffline({ documentMs: 10_000, messageMs: 60_000 });
  const values = random(2023);
  const next = (below: number): number => values.next().value % below;
  const damaged = (whole: Buffer): Buffer => {
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 12; i++) bytes[12 + next(bytes.length - 12)] = next(256);
    return bytes;
  };
  const lossy = await sharp(fixture('image/plain.png')).webp({ quality: 60 }).toBuffer();
  const wholes = [lossy, await jpeg(), ...[...SOURCES, 'heic/orientation-1.heic'].map(fixture)];
  const send = async (files: readonly Buffer[]) => {
    const lines = mixed(...files.map((bytes, i) => attached(`p${i}.dat`, 'application/octet-stream', bytes)));
    return offline.sanitize(Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1'));
  };
  try {
    for (const whole of wholes) {
      const made = await send(Array.from({ length: 12 }, () => damaged(whole)));
      expect(made.problems).toEqual([]);
      expect(made.report.attachments).toHaveLength(12);
    }
    const after = await send(wholes);
    expect(after.report.attachments.map(({ outcome }) => outcome)).toEqual(
      wholes.map(() => expect.stringMatching(/^(?:rebuilt|image)$/)),
    );
  } finally {
    await offline.close();
  }
}, 240_000);
