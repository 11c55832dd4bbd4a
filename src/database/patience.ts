/** Waiting for another process's lock without blocking the event loop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asGatewayError, isBusy } from './failures.ts';

/** Longer than any transaction of ours takes on a slow disk; after it the peer gets 451 and keeps the mail. */
const GIVE_UP_MS = 10_000;

/** A commit with its sync takes 0.2 to 10 ms on the disks we know: the first looks come that soon. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 10;

/** Counts of waiting, shared by all who wait in this process. */
export interface Contention {
  waits: number;
  failures: number;
}

/**
 * Runs `attempt` until the database is not busy. Waits grow and are random, so that two processes do not meet again
 * and again at the same moment.
 * @throws GatewayError E_DATABASE_BUSY after `giveUpMs`; other failures at once.
 */
export async function patiently<T>(
  attempt: () => T,
  doing: string,
  contention: Contention,
  giveUpMs: number = GIVE_UP_MS,
): Promise<T> {
  const deadline = performance.now() + giveUpMs;
  let longest = FIRST_WAIT_MS;
  for (let first = true; ; first = false) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw asGatewayError(error, doing);
      if (performance.now() > deadline) {
        contention.failures++;
        throw asGatewayError(error, doing);
      }
      if (first) contention.waits++;
    }
    await sleep(Math.ceil(Math.random() * longest));
    longest = Math.min(longest * 2, LONGEST_WAIT_MS);
  }
}
