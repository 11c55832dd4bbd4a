/** A `probe` job: the outlet asks the next hop about an address; intake reads the answer from the database. */
import type { AuditLog } from '../audit/audit.ts';
import type { TenantSettings } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import type { Outlet } from '../outlet/outlet.ts';
import type { LeasedJob, Queue } from '../queue/queue.ts';
import { readProbe } from './payload.ts';

export interface ProbeDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly audit: AuditLog;
  readonly outlet: Outlet;
  tenant(id: string): TenantSettings;
  readonly now: () => number;
}

/** An undecided answer is asked again by the next RCPT after this long. */
const UNDECIDED_MS = 5_000;
const MINUTE_MS = 60_000;

export async function probeAddress(deps: ProbeDeps, job: LeasedJob): Promise<void> {
  const { address } = readProbe(job);
  const verdict = await deps.outlet.probe(job.tenant, address);
  const nowMs = deps.now();
  const row = {
    address,
    tenant: job.tenant,
    verdict,
    checked_at: nowMs,
    valid_until: nowMs + validMs(deps.tenant(job.tenant), verdict),
  };
  await deps.database.write(async (tx) => {
    await deps.queue.done(tx, job);
    await tx
      .insertInto('address_check')
      .values(row)
      .onConflict((conflict) => conflict.columns(['address', 'tenant']).doUpdateSet(row))
      .execute();
    await deps.audit.append(tx, {
      tenant: job.tenant,
      event: 'address-probed',
      messageId: null,
      at: nowMs,
      facts: { address, verdict },
    });
  });
}

function validMs({ recipients }: TenantSettings, verdict: 'exists' | 'unknown' | 'undecided'): number {
  if (recipients.kind !== 'probe' || verdict === 'undecided') return UNDECIDED_MS;
  return (verdict === 'exists' ? recipients.existsMinutes : recipients.unknownMinutes) * MINUTE_MS;
}
