/** HEIC and AVIF: turned as their boxes say, nothing else kept, sizes believed for refusing only. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext } from '../../../src/sanitize/converter.ts';
import { detect } from '../../../src/sanitize/detect/detect.ts';
import { readHeif } from '../../../src/sanitize/formats/heic/boxes.ts';
import { heic } from '../../../src/sanitize/formats/heic/heic.ts';

const folder = fileURLToPath(new URL('../../../fixtures/heic/', import.meta.url));
const load = (name: string): Buffer => readFileSync(folder + name);

function convert(bytes: Uint8Array): Promise<Conversion> {
  const policy = { ...DEFAULT_POLICY, version: '', limits: DEFAULT_LIMITS };
  const context = { policy, passwords: [], deadline: performance.now() + 20_000 } as unknown as ConvertContext;
  return heic.convert({ type: 'heic', untrustedName: 'IMG_0001.HEIC', untrustedCharset: '', bytes }, context);
}

/** Width, height and RGB of what a fixture became; it stands in our grammar and holds no canary. */
async function pictureOf(name: string) {
  const conversion = await convert(load(name));
  if (conversion.kind !== 'converted') throw new Error(`${name}: ${JSON.stringify(conversion)}`);
  const [file] = conversion.files;
  const bytes = Buffer.from(file?.bytes ?? []);
  expect(file).toMatchObject({ type: 'jpeg', untrustedStem: 'IMG_0001' });
  expect(await inspectFile('jpeg', bytes)).toEqual([]);
  expect(bytes.includes('canary')).toBe(false);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, removed: conversion.removed };
}

function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += Math.abs(value - (b[i] ?? 255));
  return sum / a.length;
}

test.each(['heic', 'avif'])('I01 I06: %s is turned as irot and imir say, in all eight ways', async (extension) => {
  for (let n = 1; n <= 8; n++) {
    const ours = await pictureOf(`orientation-${n}.${extension}`);
    const turned = readFileSync(`${folder}../image/orientation-${n}.jpg`);
    const { data, info } = await sharp(turned).rotate().raw().toBuffer({ resolveWithObject: true });
    expect([ours.width, ours.height]).toEqual([info.width, info.height]);
    // A picture not turned, or turned otherwise, differs by 80.
    expect(difference(ours.data, data)).toBeLessThan(4);
  }
});

test('I01: EXIF and XMP are gone and said so; the orientation in EXIF is not applied a second time', async () => {
  expect((await pictureOf('metadata.heic')).removed).toEqual([{ what: 'metadata', count: 2 }]);
});

test('a thumbnail is no second picture, a second picture is said', async () => {
  expect((await pictureOf('thumbnail.heic')).removed).toEqual([]);
  expect((await pictureOf('transparent.heic')).removed).toEqual([]);
  expect((await pictureOf('two-pictures.heic')).removed).toEqual([{ what: 'animation', count: 1 }]);
});

test('I03 I06 I11: bombs, lies and halves are held; the whole picture beside them goes', async () => {
  expect(await convert(load('bomb.heic'))).toMatchObject({ kind: 'blocked', reason: 'limit-exceeded' });
  for (const name of ['lying-size.heic', 'truncated.heic', 'no-size.heic'])
    expect(await convert(load(name))).toMatchObject({ kind: 'blocked', reason: 'malformed' });
  expect(await pictureOf('orientation-1.heic')).toMatchObject({ width: 48, height: 32 });
});

test('I06: the box reader ends on every prefix and every changed byte', () => {
  const whole = load('two-pictures.heic');
  for (let at = 0; at < whole.length; at++) {
    const mutant = Buffer.from(whole);
    mutant[at] = (mutant[at] ?? 0) ^ 0xff;
    for (const bytes of [whole.subarray(0, at), mutant]) {
      const facts = readHeif(bytes);
      if (facts !== undefined) expect(facts.pictures).toBeGreaterThan(0);
    }
  }
});

test('I06: boxes without end, boxes in millions and doubled ones are refused', () => {
  const empty = Buffer.from('0000000866726565', 'hex');
  expect(readHeif(Buffer.concat([load('orientation-1.heic'), ...Array(30_000).fill(empty)]))).toBeUndefined();
  expect(readHeif(Buffer.concat([load('orientation-1.heic'), empty]))).toBeDefined();
  expect(readHeif(Buffer.concat([load('orientation-1.heic'), load('orientation-1.heic')]))).toBeUndefined();
});

test('all of them are pictures by their bytes, whatever they are called', async () => {
  for (const name of readdirSync(folder).filter((each) => /\.(?:heic|avif)$/.test(each)))
    expect(await detect(load(name), { declaredType: 'text/plain', untrustedName: 'a.txt' })).toBe('heic');
});
