/** Rows of threats.tsv about pictures that the tests of the formats do not show; each attack beside a picture without it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext } from '../../../src/sanitize/converter.ts';
import { detect } from '../../../src/sanitize/detect/detect.ts';
import { converters } from '../../../src/sanitize/formats/index.ts';
import { createRegistry } from '../../../src/sanitize/registry.ts';

const fixture = (path: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url)));
const registry = createRegistry(converters);
const policy = { ...DEFAULT_POLICY, version: '', limits: DEFAULT_LIMITS };

async function sanitized(bytes: Uint8Array, name: string): Promise<Conversion> {
  const type = await detect(bytes, { untrustedName: name, declaredType: '' });
  const left = { files: 10, bytes: 1e6, depth: 3 };
  const context: ConvertContext = { policy, passwords: [], left, deadline: performance.now() + 20_000 };
  return await registry.convertFile({ type, untrustedName: name, untrustedCharset: '', bytes }, context);
}

/** The one file that goes on, in our grammar. */
async function written(bytes: Uint8Array, name: string) {
  const conversion = await sanitized(bytes, name);
  if (conversion.kind !== 'converted') throw new Error(JSON.stringify(conversion));
  const [file] = conversion.files;
  if (file === undefined) throw new Error('no file');
  expect(await inspectFile(file.type, file.bytes)).toEqual([]);
  return { bytes: Buffer.from(file.bytes), removed: conversion.removed };
}

const CANARY = Buffer.from('canary-must-die');
const plainJpeg = (): Promise<Buffer> => sharp(fixture('image/plain.png')).jpeg().toBuffer();

test.each([
  ['behind the end of a JPEG', 'a.jpg', async () => Buffer.concat([await plainJpeg(), CANARY])],
  ['in a comment of a JPEG', 'a.jpg', async () => inserted(await plainJpeg(), 0xfe)],
  ['in a private segment of a JPEG', 'a.jpg', async () => inserted(await plainJpeg(), 0xeb)],
  ['behind the end of a PNG', 'a.png', async () => Buffer.concat([fixture('image/plain.png'), CANARY])],
  ['behind the end of a TIFF', 'a.tif', async () => Buffer.concat([fixture('tiff/lzw.tif'), CANARY])],
  ['behind the end of a HEIC', 'a.heic', async () => Buffer.concat([fixture('heic/orientation-1.heic'), freeBox()])],
] as const)('I02: what stands %s is in nothing that goes on; the picture is', async (_, name, make) => {
  const bytes = await make();
  expect(bytes.includes(CANARY)).toBe(true);
  const { bytes: ours } = await written(bytes, name);
  expect(ours.includes(CANARY)).toBe(false);
  expect((await sharp(ours).metadata()).width).toBe(48);
});

function inserted(jpeg: Buffer, marker: number): Buffer {
  const head = Buffer.of(0xff, marker, 0, CANARY.length + 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, CANARY, jpeg.subarray(2)]);
}

function freeBox(): Buffer {
  const head = Buffer.from('\0\0\0\0free', 'latin1');
  head.writeUInt32BE(8 + CANARY.length);
  return Buffer.concat([head, CANARY]);
}

test.each(['jpeg', 'png', 'webp', 'tiff'] as const)(
  'I04: a colour profile of %s is gone, the picture stays',
  async (format) => {
    const source = sharp(fixture('image/plain.png')).withIccProfile('p3');
    const bytes = await source[format]().toBuffer();
    expect((await sharp(bytes).metadata()).icc).toBeDefined();
    const { bytes: ours, removed } = await written(bytes, `a.${format}`);
    const metadata = await sharp(ours).metadata();
    expect([metadata.icc, metadata.width]).toEqual([undefined, 48]);
    expect(removed.some(({ what }) => what === 'metadata')).toBe(true);
  },
);

test.each([
  ['image/polyglot-html.jpg', /<script|<html/i],
  ['image/polyglot-zip.png', /PK\x03\x04/],
  ['image/polyglot-jar.gif', /PK\x03\x04/],
] as const)('I09: the second format of %s is gone', async (path, second) => {
  const conversion = await sanitized(fixture(path), path);
  if (conversion.kind === 'converted')
    for (const { bytes } of conversion.files) expect(Buffer.from(bytes).toString('latin1')).not.toMatch(second);
  else expect(conversion.kind).toBe('blocked');
});

test.each([
  'push graphic-context\nviewbox 0 0 640 480\nfill \'url(https://127.0.0.1/x"|touch "/tmp/canary)\'\npop graphic-context\n',
  '<?xml version="1.0"?><image><read filename="/etc/passwd"/><write filename="/tmp/canary"/></image>',
  'viewbox 0 0 9 9\nimage over 0,0 9,9 "label:@/etc/passwd"\n',
])('I10: a script for ImageMagick is never one, whatever it is called (%#)', async (text) => {
  for (const name of ['a.png', 'a.jpg', 'a.mvg', 'ephemeral:a.png', '@a.png']) {
    const conversion = await sanitized(Buffer.from(text), name);
    if (conversion.kind === 'converted') expect(conversion.files.every(({ type }) => type === 'text')).toBe(true);
    else expect(conversion.kind).toBe('blocked');
  }
  // The names do no harm to a picture.
  await written(fixture('image/plain.png'), 'ephemeral:a.png');
});

test.each(['animated.gif', 'animated.webp', 'animated.png'])(
  'I12: of %s the first frame goes on, and it is said',
  async (name) => {
    expect((await written(fixture(`image/${name}`), name)).removed).toContainEqual({
      what: 'animation',
      count: name === 'animated.png' ? 2 : 1,
    });
    expect((await written(fixture('image/plain.gif'), 'plain.gif')).removed).toEqual([]);
  },
);

test('X03: XInclude, style sheets and schemas of a drawing are not fetched, the drawing is drawn', async () => {
  const drawing = (inside: string): Buffer =>
    Buffer.from(
      `<?xml-stylesheet href="http://127.0.0.1:9/s.xsl" type="text/xsl"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://127.0.0.1:9/x http://127.0.0.1:9/x.xsd" width="20" height="10">${inside}<rect width="5" height="5"/></svg>`,
    );
  const plain = await written(drawing(''), 'a.svg');
  const including = await written(drawing('<xi:include href="file:///etc/passwd" parse="text"/>'), 'a.svg');
  expect(including.bytes.equals(plain.bytes)).toBe(true);
});

test('X05: names like __proto__ in a drawing change nothing here', async () => {
  const text =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" __proto__="x" constructor="y"><__proto__ polluted="1"/><rect width="5" height="5"/></svg>';
  await sanitized(Buffer.from(text), 'a.svg');
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each([' style="', '<style><style ', '<!DOCTYPE ', '<a ', '<filter ', ' font-family="', 'url(', '<?xml '])(
  'X06: a megabyte of «%s» is read once, not once for each of them',
  async (piece) => {
    const text = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text ${piece.repeat(1e6 / piece.length)}`;
    // The test's own time limit is the measure: what is read again for each piece takes minutes.
    expect((await sanitized(Buffer.from(text), 'a.svg')).kind).toBe('blocked');
  },
);
