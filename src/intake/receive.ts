/**
 * DATA of one transaction: checked, sealed chunk by chunk with back-pressure, handed to `accept`. The 250 is earned only
 * when `accept` has resolved; whatever fails before that removes what was written and leaves the mail with the peer.
 */
import type { Readable } from 'node:stream';
import type { Accept } from '../flow/incoming.ts';
import type { Origin } from '../message/envelope.ts';
import { GatewayError } from '../message/errors.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { Vault } from '../vault/vault.ts';
import { DataChecker, type DataLimits } from './data.ts';
import { Originals } from './originals.ts';
import { Refusal } from './reply.ts';
import type { Transaction } from './transaction.ts';

export interface ReceiveDeps {
  readonly tenants: Pick<Tenants, 'routesOf'>;
  readonly vault: Pick<Vault, 'create'>;
  readonly accept: Accept;
  /** Ids of the keys that sign this gateway's receipts. */
  readonly ownReceiptKeyIds: readonly string[];
}

export interface ReceiveLimits extends DataLimits {
  /** Octets read after a refusal before the connection is closed. */
  readonly maxDrainBytes: number;
}

/**
 * Reads `data` to its end, also after a refusal, so that the peer hears the reply.
 *
 * @param data octets of the message, dots removed.
 * @returns id of the first message made of it.
 * @throws Refusal or GatewayError with the reply for the message.
 */
export async function receive(
  data: Readable,
  deps: ReceiveDeps,
  limits: ReceiveLimits,
  transaction: Transaction,
  origin: Origin,
): Promise<string> {
  const { recipients, reversePath } = transaction;
  const routes = deps.tenants.routesOf(recipients);
  const checker = new DataChecker(limits, deps.ownReceiptKeyIds);
  let originals: Originals | undefined;
  let handedOver = false;
  try {
    originals = await Originals.create(deps.vault, new Set(routes.map(({ tenant }) => tenant)));
    await seal(data, checker, originals);
    const stored = await originals.finish();
    handedOver = true;
    const { bareLineEndsFixed } = checker;
    const envelope = { reversePath, recipients };
    const [id] = await deps.accept({ envelope, origin, routes, originals: stored, bareLineEndsFixed });
    if (id === undefined) throw new GatewayError('E_DATABASE_FAILED', 'accept answered without an id');
    return id;
  } catch (error) {
    if (!handedOver || isUncommitted(error)) await originals?.abort();
    await drain(data, limits.maxDrainBytes);
    throw error;
  }
}

async function seal(data: Readable, checker: DataChecker, originals: Originals): Promise<void> {
  for await (const chunk of data.iterator({ destroyOnReturn: false })) {
    await originals.write(checker.push(chunk));
  }
  await originals.write(checker.finish());
}

/**
 * Whether `accept` has surely left nothing that points at the sealed originals. Otherwise a commit may have survived
 * although its caller saw an error (a disk that failed while syncing); the sweeper decides with the database in view.
 */
const isUncommitted = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'E_DATABASE_BUSY' || error.code === 'E_SHUTTING_DOWN');

/** Reads and drops the rest. @throws Refusal that closes the connection when the peer does not stop. */
async function drain(data: Readable, maxBytes: number): Promise<void> {
  if (data.readableEnded || data.destroyed) return;
  let bytes = 0;
  for await (const chunk of data.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes <= maxBytes) continue;
    // The library replies before the end of the message only when its stream is gone.
    data.destroy();
    throw new Refusal([552, '5.3.4', 'Message too large'], true);
  }
}
