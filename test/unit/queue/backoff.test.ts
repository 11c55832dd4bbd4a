import { expect, test } from 'vitest';
import { backoffMs } from '../../../src/queue/backoff.ts';

const backoff = { firstMs: 30_000, maxMs: 3_600_000 };

test.each([
  ['after the first failure: up to firstMs', 1, 0.999999, 30_000],
  ['doubles', 2, 0.999999, 60_000],
  ['doubles again', 4, 0.999999, 240_000],
  ['never above maxMs', 9, 0.999999, 3_600_000],
  ['many attempts do not overflow', 1_000_000, 0.999999, 3_600_000],
  ['half of the range', 1, 0.5, 15_000],
  ['never 0, which would be a busy loop', 1, 0, 1],
  ['an attempt count of 0 counts as 1', 0, 0.5, 15_000],
] as const)('%s', (_, attempts, random, expected) => {
  const ms = backoffMs(attempts, backoff, random);
  expect(Math.abs(ms - expected)).toBeLessThanOrEqual(4);
  expect(Number.isInteger(ms)).toBe(true);
});
