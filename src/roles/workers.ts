/** The workers of one role: what they share is said once, rung together and stopped together. */
import { startWorker, type WorkerOptions } from '../flow/worker.ts';
import { type Backoff, backoffMs } from '../queue/backoff.ts';
import type { RoleContext } from './context.ts';

/** What sets one worker of a role apart. */
export type Workplace = Pick<WorkerOptions, 'kinds' | 'lanes' | 'slots' | 'handle' | 'gatherMs'>;

export interface Workers {
  /** Takes nothing more and resolves when the jobs in work are finished. */
  stop(): Promise<void>;
}

export function startWorkers(
  { role, settings, database, queue, log, now, doorbell }: RoleContext,
  { leaseSeconds, retry }: { readonly leaseSeconds: number; readonly retry: Backoff },
  workplaces: readonly Workplace[],
): Workers {
  const workers = workplaces.map((workplace) =>
    startWorker({
      ...workplace,
      database,
      queue,
      log,
      now,
      leaseMs: leaseSeconds * 1000,
      owner: `${role}@${settings.instance}/${process.pid}`,
      backoffMs: (attempts) => backoffMs(attempts, retry, Math.random()),
      longestWaitMs: retry.maxMs,
    }),
  );
  doorbell.onRing(() => {
    for (const worker of workers) worker.ring();
  });
  return {
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}
