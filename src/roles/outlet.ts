/** The process on the LGWAN side: opens sanitized messages only, verifies receipts, and holds the one door's key. */
import { type DeliverDeps, deliverMessage } from '../flow/deliver.ts';
import { type ProbeDeps, probeAddress } from '../flow/probe.ts';
import { openLgwanOutlet } from '../outlet/lgwan.ts';
import { FIXED_TIMEOUTS } from '../outlet/transaction.ts';
import { backoffMs } from '../queue/backoff.ts';
import { expiryOf } from '../queue/expiry.ts';
import type { LeasedJob } from '../queue/queue.ts';
import type { RoleContext, RunningRole } from './context.ts';
import { startWorkers } from './workers.ts';

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
    ...expiryOf(
      settings.outlet.giveUpHours * HOUR_MS,
      retry.maxMs + settings.outlet.timeoutSeconds * FIXED_TIMEOUTS * 1000,
    ),
    ring: () => doorbell.ring('sanitizer'),
    now,
    log,
  };
  const probe: ProbeDeps = { database, queue, audit, outlet, tenant: context.tenant, now };
  const handle = (job: LeasedJob): Promise<void> => deliverMessage(deliver, job);
  const workers = startWorkers(context, { leaseSeconds: settings.outlet.leaseSeconds, retry }, [
    { kinds: ['deliver'], lanes: ['light'], slots: settings.outlet.workers, handle },
    { kinds: ['deliver'], lanes: ['heavy'], slots: 1, handle, gatherMs: HEAVY_GATHER_MS },
    { kinds: ['probe'], lanes: ['light', 'heavy'], slots: PROBE_SLOTS, handle: (job) => probeAddress(probe, job) },
  ]);
  return {
    port: 0,
    async stop() {
      await workers.stop();
      await outlet.close();
    },
  };
}
