/** When to try again. Pure. */

export interface Backoff {
  /** Longest wait after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** Longest wait ever, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Exponential with full jitter: uniform between 1 ms and min(maxMs, firstMs · 2^(attempts−1)), so that mails which
 * failed together do not come back together.
 * @param attempts tries so far, at least 1.
 * @param random a number in [0, 1).
 * @returns a whole number of milliseconds, at least 1.
 */
export function backoffMs(attempts: number, { firstMs, maxMs }: Backoff, random: number): number {
  // 2^40 ms is 35 years: more doublings only lose precision.
  const doublings = Math.min(Math.max(attempts, 1) - 1, 40);
  const ceiling = Math.min(maxMs, firstMs * 2 ** doublings);
  return Math.max(1, Math.ceil(random * ceiling));
}
