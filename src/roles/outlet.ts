/** The process on the LGWAN side: opens sanitized messages only, verifies receipts, and holds the one door's key. */
import { type DeliverDeps, deliverMessage } from '../flow/deliver.ts';
import { type ProbeDeps, probeAddress } from '../flow/probe.ts';
import { startWorker } from '../flow/worker.ts';
import { openLgwanOutlet } from '../outlet/lgwan.ts';
import { backoffMs } from '../queue/backoff.ts';
import type { JobKind, Lane, LeasedJob } from '../queue/queue.ts';
import type { RoleContext, RunningRole } from './context.ts';

const HOUR_MS = 3_600_000;

/** Probes wait for no delivery: a person's RCPT is waiting for them. */
const PROBE_SLOTS = 4;

/** A large mail may wait a moment, so that the rings of small ones cost its lane few looks. */
const HEAVY_GATHER_MS = 100;

export async function startOutlet(context: RoleContext): Promise<RunningRole> {
  const { settings, database, queue, audit, vault, keys, log, now, doorbell } = context;
  const outlet = openLgwanOutlet(settings, { log });
  const retry = {
    firstMs: settings.outlet.firstRetrySeconds * 1000,
    maxMs: settings.outlet.maxRetrySeconds * 1000,
  };
  const backoff = (attempts: number): number => backoffMs(attempts, retry, Math.random());
  const deliver: DeliverDeps = {
    database,
    queue,
    audit,
    vault,
    outlet,
    keys,
    gatewayHost: settings.host,
    tenant: context.tenant,
    backoffMs: backoff,
    leaseMs: settings.outlet.leaseSeconds * 1000,
    giveUpMs: settings.outlet.giveUpHours * HOUR_MS,
    ring: () => doorbell.ring('sanitizer'),
    now,
    log,
  };
  const probe: ProbeDeps = { database, queue, audit, outlet, tenant: context.tenant, now };
  const worker = (
    kinds: readonly JobKind[],
    lanes: readonly Lane[],
    slots: number,
    handle: (job: LeasedJob) => Promise<void>,
    gatherMs?: number,
  ) =>
    startWorker({
      database,
      queue,
      log,
      kinds,
      lanes,
      slots,
      ...(gatherMs === undefined ? {} : { gatherMs }),
      leaseMs: settings.outlet.leaseSeconds * 1000,
      owner: `outlet@${settings.instance}/${process.pid}`,
      handle,
      backoffMs: backoff,
      longestWaitMs: retry.maxMs,
      now,
    });
  const workers = [
    worker(['deliver'], ['light'], settings.outlet.workers, (job) => deliverMessage(deliver, job)),
    worker(['deliver'], ['heavy'], 1, (job) => deliverMessage(deliver, job), HEAVY_GATHER_MS),
    worker(['probe'], ['light', 'heavy'], PROBE_SLOTS, (job) => probeAddress(probe, job)),
  ];
  doorbell.onRing(() => {
    for (const each of workers) each.ring();
  });
  return {
    port: 0,
    async stop() {
      await Promise.all(workers.map((each) => each.stop()));
      await outlet.close();
    },
  };
}
