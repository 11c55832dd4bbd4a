/** The inspector: any bytes end as a list of problems, never as an exception; honest files have none; noise always has. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { damaged } from '../../../bench/fuzz/mutate/bytes.ts';
import { changedImage } from '../../../bench/fuzz/mutate/image.ts';
import { changedPdf } from '../../../bench/fuzz/mutate/pdf.ts';
import { changedZip } from '../../../bench/fuzz/mutate/zip.ts';
import { type Random, seeded } from '../../../bench/fuzz/random.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { SAFE_TYPES, type SafeType } from '../../../src/message/file-type.ts';
import { honestFiles } from '../../judges/specimens.ts';

const TYPES = Object.keys(SAFE_TYPES) as SafeType[];
const RUNS = Number(process.env['SEKISHO_RUNS'] ?? 300);

/** What inspect.ts says when one of its readers threw. */
const THREW = /reader failed/;

test('any bytes under any type end as problems, and noise never fits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 400 }), async (type, bytes) => {
      const problems = await inspectFile(type, bytes);
      expect(problems.join()).not.toMatch(THREW);
      expect(problems).not.toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

const CHANGES: Readonly<Partial<Record<SafeType, (random: Random, bytes: Buffer) => Buffer>>> = {
  png: (random, bytes) => changedImage(random, bytes, bytes),
  jpeg: (random, bytes) => changedImage(random, bytes, bytes),
  pdf: (random, bytes) => changedPdf(random, bytes, bytes),
  zip: (random, bytes) => changedZip(random, bytes, bytes),
};

test('our own files fit; changed by bytes or by structure no reader throws', { timeout: 120_000 }, async () => {
  const files = await honestFiles();
  for (const { type, bytes } of files) expect(await inspectFile(type, bytes)).toEqual([]);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.integer(), async ({ type, bytes }, seed) => {
      const random = seeded(seed);
      const whole = Buffer.from(bytes);
      const change = random.oneIn(2) ? CHANGES[type] : undefined;
      const problems = await inspectFile(type, change?.(random, whole) ?? damaged(random, whole, whole));
      expect(problems.join()).not.toMatch(THREW);
      if (problems.length > 0) refused++;
    }),
    { numRuns: RUNS },
  );
  // A changed letter in a text is still a text of ours; most other damage is not.
  expect(refused).toBeGreaterThan(RUNS / 2);
});
