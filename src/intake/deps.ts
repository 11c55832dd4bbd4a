/** What intake asks of the other rooms. */
import type { Accept } from '../flow/incoming.ts';
import type { Log } from '../telemetry/log.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { Vault } from '../vault/vault.ts';
import type { IntakeLimits } from './limits.ts';
import type { PostmasterOf } from './postmaster.ts';

export interface IntakeDeps {
  readonly tenants: Tenants;
  readonly postmaster: PostmasterOf;
  readonly accept: Accept;
  readonly vault: Pick<Vault, 'create'>;
  readonly log: Log;
  /** Ids of the keys that sign this gateway's receipts: a message that bears one is a loop. */
  readonly ownReceiptKeyIds: readonly string[];
  /** Unix ms. */
  readonly now: () => number;
  /** For tests: other limits than INTAKE_LIMITS. */
  readonly limits?: Partial<IntakeLimits>;
}

export interface TlsFiles {
  readonly key: Buffer;
  readonly cert: Buffer;
}
