/** How many pixels a page has: what fits below its size, and never more than a limit allows. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { pictureSize } from '../../../src/sanitize/formats/pdf/page-size.ts';
import { sanitizeDocument } from '../../../src/sanitize/sanitize.ts';

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

test('INV-08: a page of ours that comes back is the same picture again, byte for byte', async () => {
  const policy = { ...DEFAULT_POLICY, version: 'test' };
  const rebuilt = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const job = { kind: 'document', untrustedName: 'a.pdf', policy, passwords: [] } as const;
    return (await sanitizeDocument(job, bytes, () => undefined)).files[0]?.bytes ?? new Uint8Array();
  };
  const once = await rebuilt(readFileSync(new URL('../../../fixtures/pdf-output/grey-japanese.pdf', import.meta.url)));
  expect(Buffer.from(await rebuilt(once)).equals(once)).toBe(true);
});
