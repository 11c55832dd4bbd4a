/** F01–F04, INV-05, INV-11: a hijacked converter in the whole mail path; the full list of lies is `npm run evidence -- 1 lying-child`. */
import { expect, test } from 'vitest';
import { tellLies } from '../kit/lies.ts';

test('whatever it answers, the recipient gets a notice and the next mail passes', { timeout: 120_000 }, async () => {
  const told = await tellLies(() => undefined, 9);
  expect(told.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(told.filter(({ heldFor }) => heldFor !== '').length).toBeGreaterThan(4);
});
