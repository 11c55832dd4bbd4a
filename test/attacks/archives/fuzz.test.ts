/** ZIPs with random damage: never an exception, never more than the limits, whatever goes on passes the inspector. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rawZip } from '../../kit/zip-raw.ts';
import { opened } from './opened.ts';

const entry = fc.record({
  name: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((name) => `${name}.txt`),
    fc.constantFrom('a.txt', 'a/b.csv', 'a/', '../x.txt', 'a.exe', 'b.zip', 'm.eml'),
  ),
  content: fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constant('From: a\r\nSubject: b\r\nMIME-Version: 1.0\r\n\r\nx\r\n'),
  ),
  method: fc.constantFrom(0, 8, 8, 12),
  flags: fc.constantFrom(0, 0x800, 0x800, 1, 8),
});
const archive = fc.array(entry, { maxLength: 5 }).map((entries) => rawZip(entries));
const nested = fc
  .tuple(archive, fc.array(entry, { maxLength: 3 }))
  .map(([inner, entries]) => rawZip([...entries, { name: 'in.zip', content: inner, method: 8 }]));
const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });

test('A22–A28: any damage to any archive ends as a report', { timeout: 120_000 }, async () => {
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(archive, nested), damage, fc.nat(), async (bytes, changes, cut) => {
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const input = cut % 5 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      const { rows } = await opened(input, { maxParts: 30 }, 'a.zip', { maxLooseFiles: cut % 3 });
      if (rows[0]?.members !== undefined) whole += 1;
      expect(rows.length).toBeLessThanOrEqual(30);
    }),
    { numRuns: Number(process.env['SEKISHO_RUNS'] ?? 400) },
  );
  expect(whole).toBeGreaterThan(50);
});
