/** Pictures with everything planted in them that a picture can carry, and the benign twins of odd files. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { FileType } from '../../../src/message/file-type.ts';
import { DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { image } from '../../../src/sanitize/formats/image/image.ts';
import { type Aviary, openAviary, sightings } from '../../kit/canary.ts';
import { bmpFile, gifFile, jpegFile, pngFile, webpFile } from '../../kit/canary-files.ts';

const convert = (type: FileType, bytes: Uint8Array) =>
  image.convert(
    { type, untrustedName: `a.${type}`, untrustedCharset: '', bytes },
    { policy: { ...DEFAULT_POLICY, version: '0' }, passwords: [], deadline: performance.now() + 20_000 },
  );

const FILES: readonly (readonly [FileType, (aviary: Aviary) => Buffer | Promise<Buffer>])[] = [
  ['jpeg', jpegFile],
  ['png', pngFile],
  ['gif', gifFile],
  ['webp', webpFile],
  ['bmp', bmpFile],
];

test.each(FILES)('%s: metadata, comments and trailing data die, the picture lives', async (type, write) => {
  const aviary = openAviary();
  const result = await convert(type, await write(aviary));
  if (result.kind !== 'converted') throw new Error(JSON.stringify(result));
  const [file] = result.files;
  expect(await inspectFile(file?.type ?? 'text', file?.bytes ?? Buffer.alloc(0))).toEqual([]);
  expect(sightings(file?.bytes ?? Buffer.alloc(0), aviary.canaries)).toEqual([]);
});

test.each([0, 1000, 4702])('a BMP whose header says that it has %i bytes is read', async (length) => {
  const bytes = bmpFile(openAviary());
  bytes.writeUInt32LE(length, 2);
  expect(await convert('bmp', bytes)).toMatchObject({ kind: 'converted', outcome: 'image' });
});
