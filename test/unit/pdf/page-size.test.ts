/** How many pixels a page has: what fits below its size, and never more than a limit allows. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { pictureSize } from '../../../src/sanitize/formats/pdf/page-size.ts';
import { sanitizeDocument } from '../../../src/sanitize/sanitize.ts';
import { onePage } from './documents.ts';

const A4 = { widthPt: 595.276, heightPt: 841.89 };

test('a page has the whole pixels that fit into it', () => {
  expect(pictureSize(A4, 150, DEFAULT_LIMITS)).toMatchObject({ width: 1240, height: 1753, coarser: false });
  expect(pictureSize({ widthPt: 0.1, heightPt: 0.1 }, 150, DEFAULT_LIMITS)).toMatchObject({ width: 1, height: 1 });
});

test('a limit is never exceeded', () => {
  for (const maxMegapixels of [2.1, 2.174, 2.1753, 2.176, 3]) {
    const { width, height } = pictureSize(A4, 150, { ...DEFAULT_LIMITS, maxMegapixels });
    expect(width * height).toBeLessThanOrEqual(maxMegapixels * 1e6);
  }
});

const policy = { ...DEFAULT_POLICY, version: 'test' };

async function rebuilt(bytes: Uint8Array): Promise<Uint8Array> {
  const job = { kind: 'document', untrustedName: 'a.pdf', policy, passwords: [] } as const;
  return (await sanitizeDocument(job, bytes, () => undefined)).files[0]?.bytes ?? new Uint8Array();
}

test('INV-08: a page of ours that comes back is the same picture again, byte for byte', async () => {
  const once = await rebuilt(readFileSync(new URL('../../../fixtures/pdf-output/grey-japanese.pdf', import.meta.url)));
  expect(Buffer.from(await rebuilt(once)).equals(once)).toBe(true);
});

/** Page sizes as programs write them: in some, single precision makes the picture a hair larger than its pixels. */
const SIZES: readonly (readonly [string, string])[] = [
  ['A4 of TeX', '595.276 841.89'],
  ['A4 of Word', '595.32 841.92'],
  ['A4 of Google', '595.3 841.89'],
  ['A4 of LibreOffice', '595.30393700787 841.889763779528'],
  ['A3', '841.89 1190.55'],
  ['A5', '419.528 595.276'],
  ['B5', '515.91 728.504'],
  ['B4', '728.504 1031.81'],
  ['Letter', '612 792'],
];

test.each(SIZES)('INV-08: a page of %s that comes back is the same picture again', async (_, size) => {
  const content = Array.from(
    { length: 30 },
    (_unused, i) => `BT /F1 11 Tf 60 ${i * 12 + 30} Td (Line ${i} of text) Tj ET`,
  );
  const page = onePage(content.join('\n'))
    .toString('latin1')
    .replace('/MediaBox [0 0 595 842]', `/MediaBox [0 0 ${size}]`);
  const once = await rebuilt(Buffer.from(page, 'latin1'));
  expect(Buffer.from(await rebuilt(once)).equals(once)).toBe(true);
});
