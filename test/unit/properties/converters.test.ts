/** Every converter there is, by the registry's own list: any bytes under any type it takes end as a value; outputs fit the inspector. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seedsByConverter } from '../../../bench/fuzz/all-seeds.ts';
import { damaged } from '../../../bench/fuzz/mutate/bytes.ts';
import { seeded } from '../../../bench/fuzz/random.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Policy } from '../../../src/policy/policy.ts';
import type { ConvertContext, SafeFile } from '../../../src/sanitize/converter.ts';
import { converters } from '../../../src/sanitize/formats/index.ts';
import { createRegistry } from '../../../src/sanitize/registry.ts';
import { sanitizeDocument } from '../../../src/sanitize/sanitize.ts';

const policy: Policy = {
  ...DEFAULT_POLICY,
  version: '0123456789abcdef',
  pdfDpi: 72,
  limits: { ...DEFAULT_LIMITS, maxMegapixels: 1, maxPages: 3 },
};
const context = (): ConvertContext => ({
  policy,
  passwords: [],
  left: { files: 20, bytes: 1_000_000, depth: 5 },
  deadline: performance.now() + 60_000,
});
const registry = createRegistry(converters);
const SEEDS = seedsByConverter();
const DEAR = /^(?:pdf|image|heic|tiff|svg|7z|rar|cab|archive)/;

async function honest(file: SafeFile): Promise<void> {
  expect(await inspectFile(file.type, file.bytes)).toEqual([]);
  const job = { kind: 'document', untrustedName: `a.${file.type}`, policy, passwords: [] } as const;
  const { files, report } = await sanitizeDocument(job, file.bytes, () => undefined);
  expect(report.attachments.map(({ outcome, reason }) => reason ?? outcome)).not.toContain('blocked');
  expect(files.map(({ type }) => type)).toContain(file.type === 'zip' ? (files[0]?.type ?? '') : file.type);
}

for (const converter of converters) {
  test(`${converter.name}: any bytes end as a value, outputs are honest, twice is as once`, {
    timeout: 300_000,
  }, async () => {
    const whole = SEEDS.get(converter.name) ?? [];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      ...(whole.length === 0
        ? []
        : [
            fc.constantFrom(...whole),
            fc.tuple(fc.constantFrom(...whole), fc.integer()).map(([file, seed]) => damaged(seeded(seed), file, file)),
          ]),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...converter.accepts), bytes, async (type, content) => {
        const file = { type, untrustedName: `a.${type}`, untrustedCharset: '', bytes: content };
        const conversion = await registry.convertFile(file, context());
        expect(['converted', 'container', 'blocked', 'waiting-for-password']).toContain(conversion.kind);
        if (conversion.kind === 'blocked')
          expect(`${conversion.reason}: ${conversion.detail}`).not.toMatch(
            /^sanitizer-failed: \S+: (?:Type|Reference|Syntax)Error/,
          );
        if (conversion.kind !== 'converted' && conversion.kind !== 'container') return;
        for (const each of conversion.files) await honest(each);
      }),
      { numRuns: Number(process.env['SEKISHO_RUNS'] ?? (DEAR.test(converter.name) ? 12 : 150)) },
    );
  });
}
