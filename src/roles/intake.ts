/** The process that stands in the internet zone: it can seal originals, not open them. */
import { acceptMessage } from '../flow/accept.ts';
import { openIntake } from '../intake/intake.ts';
import { postmasterOf } from '../intake/postmaster.ts';
import { openTenants } from '../tenants/open.ts';
import type { RoleContext, RunningRole } from './context.ts';

const MIB = 1024 * 1024;

export async function startIntake(context: RoleContext): Promise<RunningRole> {
  const { settings, database, queue, audit, vault, log, now, doorbell } = context;
  const tenants = await openTenants(settings, { database, queue, log, now, ring: () => doorbell.ring('outlet') });
  const accept = {
    database,
    queue,
    audit,
    heavyBytes: settings.sanitizer.heavyMiB * MIB,
    ring: () => doorbell.ring('sanitizer'),
    now,
    log,
  };
  const intake = await openIntake(settings, {
    tenants,
    postmaster: postmasterOf(settings),
    vault,
    log,
    now,
    ownReceiptKeyIds: context.keys.receiptVerifiers().map(({ keyId }) => keyId),
    accept: (incoming) => acceptMessage(accept, incoming),
  });
  return {
    port: intake.port,
    async stop() {
      await intake.close();
      tenants.close();
    },
  };
}
