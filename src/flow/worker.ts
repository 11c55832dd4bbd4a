/**
 * A worker takes jobs, renews their leases while it works, and turns what breaks into a retry. The one loop of the
 * sanitizer and outlet roles.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { GatewayError } from '../message/errors.ts';
import type { JobKind, Lane, LeasedJob, Queue } from '../queue/queue.ts';
import type { Log } from '../telemetry/log.ts';

export interface WorkerOptions {
  readonly database: Database;
  readonly queue: Queue;
  readonly log: Log;
  readonly kinds: readonly JobKind[];
  readonly lanes: readonly Lane[];
  /** Jobs in work at once. */
  readonly slots: number;
  readonly leaseMs: number;
  /** Rings and free slots of this long are answered by one look, in milliseconds. Default 3. */
  readonly gatherMs?: number;
  /** Name in `queue list`. */
  readonly owner: string;
  handle(job: LeasedJob): Promise<void>;
  /** Wait before the next try of a job whose handler threw, in milliseconds. */
  backoffMs(attempts: number): number;
  /** Longest answer of `backoffMs`. */
  readonly longestWaitMs: number;
  readonly now: () => number;
}

export interface Worker {
  /** Work is there. */
  ring(): void;
  /** Takes nothing more and resolves when the jobs in work are finished. */
  stop(): Promise<void>;
}

/** A ring may get lost (a dying supervisor, another machine): look for oneself this often. */
const POLL_MS = 2_000;

/** How often it is checked that nothing waits for a time that lies too far ahead. */
const CLOCK_WATCH_MS = 60_000;

/** A look into the queue costs as much as a small write: under load one answers several rings and free slots. */
const GATHER_MS = 3;

/**
 * A job whose handler failed in a way nobody foresaw this often in a row needs a person: it is parked, with an alarm.
 * What is known to pass by itself (a store away, a busy database) is never counted: mail waits as long as it lasts.
 */
const MAX_UNFORESEEN = 12;

export function startWorker(options: WorkerOptions): Worker {
  const running = new Set<Promise<void>>();
  let stopping = false;
  let rung = false;
  let wake: () => void = () => {};
  const unforeseen = new Map<string, number>();

  async function loop(): Promise<void> {
    while (!stopping) {
      rung = false;
      const asked = options.slots - running.size;
      const taken = await takeSafely(options, asked);
      for (const job of taken) {
        const work = perform(options, job, unforeseen).finally(() => {
          running.delete(work);
          wake();
        });
        running.add(work);
      }
      const full = running.size >= options.slots;
      // Fewer than asked for: the queue is empty until somebody rings.
      const more = rung || taken.length === asked;
      if (!stopping && (full || !more)) await sleepUntilWoken();
      await sleep(options.gatherMs ?? GATHER_MS);
    }
  }

  /** Until a ring, a free slot, or the poll. While all slots are busy a ring changes nothing. */
  async function sleepUntilWoken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, POLL_MS);
    wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  const looping = loop();
  void advanceSafely(options);
  const clockWatch = setInterval(() => void advanceSafely(options), CLOCK_WATCH_MS);
  return {
    ring() {
      rung = true;
      wake();
    },
    async stop() {
      stopping = true;
      clearInterval(clockWatch);
      wake();
      await looping;
      await Promise.all(running);
    },
  };
}

async function takeSafely(options: WorkerOptions, free: number): Promise<readonly LeasedJob[]> {
  if (free <= 0) return [];
  const { kinds, lanes, leaseMs, owner } = options;
  try {
    return await options.queue.take({ kinds, lanes, limit: free, leaseMs, owner }, options.now());
  } catch (error) {
    options.log.error('queue-unavailable', { owner }, error);
    return [];
  }
}

/** A machine whose clock ran ahead must not keep its mail until that time comes. */
async function advanceSafely({
  database,
  queue,
  log,
  kinds,
  longestWaitMs,
  leaseMs,
  now,
  owner,
}: WorkerOptions): Promise<void> {
  try {
    const nowMs = now();
    const latestMs = nowMs + Math.max(longestWaitMs, leaseMs) + CLOCK_WATCH_MS;
    const advanced = await database.write((tx) => queue.advance(tx, kinds, latestMs, nowMs));
    if (advanced > 0) log.warn('clock-set-back', { owner, jobs: advanced });
  } catch (error) {
    log.warn('clock-watch-failed', { owner, error: `${error}` });
  }
}

/** @param unforeseen failures in a row, by job; a restart gives each a fresh chance. */
async function perform(options: WorkerOptions, job: LeasedJob, unforeseen: Map<string, number>): Promise<void> {
  const { log } = options;
  const fields = { tenant: job.tenant, messageId: job.messageId ?? undefined, job: job.id, attempt: job.attempts };
  const renewal = setInterval(() => renew(options, job), options.leaseMs / 3);
  try {
    await options.handle(job);
    unforeseen.delete(job.id);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'E_LEASE_LOST') {
      unforeseen.delete(job.id);
      log.warn('lease-lost', fields);
      return;
    }
    log.error('job-failed', fields, error);
    const failures = error instanceof GatewayError ? 0 : (unforeseen.get(job.id) ?? 0) + 1;
    const parked = error instanceof GatewayError ? !error.retryable : failures >= MAX_UNFORESEEN;
    if (parked || failures === 0) unforeseen.delete(job.id);
    else unforeseen.set(job.id, failures);
    await putBack(options, job, error, parked);
  } finally {
    clearInterval(renewal);
  }
}

function renew({ queue, leaseMs, now, log }: WorkerOptions, job: LeasedJob): void {
  queue
    .renew(job, leaseMs, now())
    .catch((error: unknown) => log.warn('renew-failed', { job: job.id, error: `${error}` }));
}

/** Later again, or parked for a person. When even that fails the lease runs out and another worker takes the job. */
async function putBack(options: WorkerOptions, job: LeasedJob, error: unknown, parked: boolean): Promise<void> {
  const { database, queue, log } = options;
  const reason = error instanceof GatewayError ? error.code : 'unexpected';
  try {
    await database.write((tx) =>
      parked
        ? queue.hold(tx, job, reason)
        : queue.retry(tx, job, options.now() + options.backoffMs(job.attempts), reason),
    );
    if (parked)
      log.error('job-parked', { tenant: job.tenant, messageId: job.messageId ?? undefined, job: job.id, reason });
  } catch (second) {
    log.error('put-back-failed', { job: job.id }, second);
  }
}
