/** The process of the inner zone: opens originals, has them rebuilt in the jail, passes the gate, signs. */
import { policiesOf } from '../config/policies.ts';
import { type ProcessDeps, processMessage, processNotice } from '../flow/process.ts';
import { openSweeper } from '../flow/sweep.ts';
import { passGate } from '../gate/pass.ts';
import { openJail } from '../jail/open.ts';
import { GatewayError } from '../message/errors.ts';
import type { Backoff } from '../queue/backoff.ts';
import type { LeasedJob } from '../queue/queue.ts';
import type { RoleContext, RunningRole } from './context.ts';
import { writeJailState } from './jail-state.ts';
import { startWorkers } from './workers.ts';

/** Our own failures (no process could be started, a store away) are tried again soon, then ever more slowly. */
const RETRY: Backoff = { firstMs: 1_000, maxMs: 300_000 };

/** Orphans cost room only: a look an hour is enough. */
const SWEEP_MS = 3_600_000;

/** A large mail takes seconds: it may wait a moment, so that the rings of small ones cost its lane few looks. */
const HEAVY_GATHER_MS = 100;

export async function startSanitizer(context: RoleContext): Promise<RunningRole> {
  const { settings, database, queue, audit, vault, stores, keys, log, now, doorbell } = context;
  const policies = policiesOf(settings);
  const jail = await openJail({ settings, log });
  await jail.warm();
  await writeJailState(settings.dataDir, jail.layers);
  const deps: ProcessDeps = {
    database,
    queue,
    audit,
    vault,
    jail,
    gate: { jail, keys },
    pass: passGate,
    gatewayHost: settings.host,
    tenant: context.tenant,
    policy(name) {
      const found = policies.get(name);
      if (found === undefined)
        throw new GatewayError('E_CONFIG_INVALID', `no policy ${name} in the configuration`, { policy: name });
      return found;
    },
    ring: () => doorbell.ring('outlet'),
    now,
    log,
  };
  const handle = (job: LeasedJob): Promise<void> =>
    job.kind === 'notice' ? processNotice(deps, job) : processMessage(deps, job);
  const { leaseSeconds, workers: slots, heavyWorkers } = settings.sanitizer;
  // Two lanes: a few huge mails never stand before the many small ones, nor fill the memory together.
  const workers = startWorkers(context, { leaseSeconds, retry: RETRY }, [
    { kinds: ['process', 'notice'], lanes: ['light'], slots, handle },
    { kinds: ['process'], lanes: ['heavy'], slots: heavyWorkers, handle, gatherMs: HEAVY_GATHER_MS },
  ]);
  const runningMs = (): number => performance.now();
  const sweeper = openSweeper({ database, audit, vault, stores, now, runningMs, log });
  const sweeping = setInterval(() => void sweeper.sweep(), SWEEP_MS);
  return {
    port: 0,
    async stop() {
      clearInterval(sweeping);
      await workers.stop();
      await jail.close();
    },
  };
}
