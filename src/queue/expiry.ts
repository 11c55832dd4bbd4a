/**
 * When a message that nobody takes is given up. Pure.
 *
 * Age alone is read off a clock that others set: one jump forward by a day would end every waiting mail at its next
 * failure. So it must have been tried as often as honest waiting of that length makes at the very least; a mail that is
 * old only because this machine was off is tried so often too before it is given up.
 */
import type { LeasedJob } from './queue.ts';

export interface Expiry {
  readonly giveUpMs: number;
  readonly giveUpTries: number;
}

/** @param longestRoundMs the longest wait between two tries and the longest try together. */
export const expiryOf = (giveUpMs: number, longestRoundMs: number): Expiry => ({
  giveUpMs,
  giveUpTries: Math.ceil(giveUpMs / longestRoundMs),
});

export const isExpired = (
  { createdAtMs, attempts }: Pick<LeasedJob, 'createdAtMs' | 'attempts'>,
  { giveUpMs, giveUpTries }: Expiry,
  nowMs: number,
): boolean => nowMs - createdAtMs >= giveUpMs && attempts >= giveUpTries;
