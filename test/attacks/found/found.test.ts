/** What the fuzzer has found: every input of fixtures/fuzz ends as a declared value, and every oracle is satisfied. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { executed } from '../../../bench/fuzz/loop.ts';
import { targets } from '../../../bench/fuzz/targets.ts';

const ROOT = fileURLToPath(new URL('../../../fixtures/fuzz', import.meta.url));

const folders = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();

const cases = folders(ROOT).flatMap((target) => folders(join(ROOT, target)).map((name) => [target, name] as const));

test.each(cases)('%s: %s', async (name, folder) => {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  expect(existsSync(join(ROOT, name, folder, 'readme.txt'))).toBe(true);
  const input = readFileSync(join(ROOT, name, folder, 'input.bin'));
  const startedAt = process.cpuUsage();
  expect((await executed(target, input, 'full')).problems).toEqual([]);
  const { user, system } = process.cpuUsage(startedAt);
  // Generous: a bound of CPU, not of time, and for the first input of a process.
  expect((user + system) / 1000).toBeLessThan(10 * target.slowMs);
});
