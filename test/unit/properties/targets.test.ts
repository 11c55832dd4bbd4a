/**
 * Every fuzz target in short: mutated inputs end as declared values, and what comes out passes gate, inspector and an
 * independent judge (INV-01…INV-05); fed in again it passes again (INV-08); planted words die (INV-06). Hours: `npm run fuzz`.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executed } from '../../../bench/fuzz/loop.ts';
import { seeded } from '../../../bench/fuzz/random.ts';
import { targets } from '../../../bench/fuzz/targets.ts';

/** Engines in WebAssembly cost a hundred times what text does. */
const RUNS: Readonly<Record<string, number>> = { images: 25, pdf: 8 };

for (const target of targets) {
  test(`${target.name}: whatever the damage, every end is a declared one`, { timeout: 300_000 }, async () => {
    const seeds = await target.seeds('/nowhere');
    expect(seeds.length).toBeGreaterThan(0);
    const depths = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seeded(seed);
        const input = target.mutate(random, random.pick(seeds), random.pick(seeds));
        const { depth, problems } = await executed(target, input, random.oneIn(6) ? 'full' : 'plain');
        depths.add(depth);
        expect(problems).toEqual([]);
      }),
      { numRuns: Number(process.env['SEKISHO_RUNS'] ?? RUNS[target.name] ?? 80) },
    );
    expect([...depths]).toContain('written');
  });
}
