/** Use case 1 of 3: a message has arrived. Once this resolves it is our responsibility (RFC 5321 §6.1). */
import type { AuditLog } from '../audit/audit.ts';
import type { Database, Tx } from '../database/database.ts';
import type { Route } from '../message/envelope.ts';
import { GatewayError } from '../message/errors.ts';
import { newId } from '../message/ids.ts';
import type { NewJob, Queue } from '../queue/queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { StoredObject } from '../vault/vault.ts';
import { earlierCopy } from './duplicate.ts';
import type { Incoming } from './incoming.ts';

export interface AcceptDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly audit: AuditLog;
  /** From this size on a message waits in the heavy lane. */
  readonly heavyBytes: number;
  /** Tells the sanitizer that work is there. Losing a ring only costs time. */
  readonly ring: () => void;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Makes one message per (tenant, policy). The bytes are in the vault already, synced: a crash before the commit leaves
 * an orphan for the sweeper, never a job without a message. Message rows, jobs and audit entries commit together.
 *
 * @returns the new messages' ids, in the order of `incoming.routes`.
 */
export async function acceptMessage(deps: AcceptDeps, incoming: Incoming): Promise<readonly string[]> {
  const nowMs = deps.now();
  const planned = incoming.routes.map((route) => ({
    id: newId(nowMs),
    route,
    original: originalOf(incoming, route.tenant),
  }));
  const duplicates = new Map<string, string>();
  await deps.database.write(async (tx) => {
    await insertObjects(tx, [...incoming.originals.values()], nowMs);
    for (const { id, route, original } of planned) {
      const duplicateOf = await earlierCopy(tx, route, incoming.envelope.reversePath, original.sha256, nowMs);
      if (duplicateOf !== undefined) duplicates.set(id, duplicateOf);
      await insertMessage(tx, incoming, { id, route, original, nowMs });
      await deps.audit.append(tx, {
        tenant: route.tenant,
        event: 'accepted',
        messageId: id,
        at: nowMs,
        facts: {
          object: original.objectId,
          sha256: original.sha256,
          bytes: original.bytes,
          peer: incoming.origin.peerAddress,
          recipients: route.recipients.length,
          policy: route.policy,
          bareLineEndsFixed: incoming.bareLineEndsFixed,
          ...(duplicateOf === undefined ? {} : { duplicateOf }),
        },
      });
    }
    await deps.queue.put(
      tx,
      planned.map(({ id, original }) => processJob(id, original, deps.heavyBytes)),
      nowMs,
    );
  });
  deps.ring();
  for (const { id, original } of planned) {
    const duplicateOf = duplicates.get(id);
    deps.log.info('accepted', { tenant: original.tenant, messageId: id, bytes: original.bytes, duplicateOf });
  }
  return planned.map(({ id }) => id);
}

function originalOf(incoming: Incoming, tenant: string): StoredObject {
  const original = incoming.originals.get(tenant);
  if (original === undefined) throw new GatewayError('E_OBJECT_MISSING', 'no sealed original for a tenant', { tenant });
  return original;
}

const processJob = (messageId: string, original: StoredObject, heavyBytes: number): NewJob => ({
  id: `process-${messageId}`,
  kind: 'process',
  tenant: original.tenant,
  messageId,
  lane: original.bytes >= heavyBytes ? 'heavy' : 'light',
  payload: '{}',
});

/** Rows of the objects table for sealed objects. Repeating an id is harmless. */
export async function insertObjects(tx: Tx, objects: readonly StoredObject[], nowMs: number): Promise<void> {
  await tx
    .insertInto('object')
    .values(
      objects.map((object) => ({
        id: object.objectId,
        tenant: object.tenant,
        kind: object.kind,
        sealed_to: object.sealedTo,
        bytes: object.bytes,
        sha256: object.sha256,
        created_at: nowMs,
      })),
    )
    .onConflict((conflict) => conflict.columns(['id', 'kind', 'tenant']).doNothing())
    .execute();
}

interface PlannedMessage {
  readonly id: string;
  readonly route: Route;
  readonly original: StoredObject;
  readonly nowMs: number;
}

async function insertMessage(tx: Tx, incoming: Incoming, planned: PlannedMessage): Promise<void> {
  const { id, route, original, nowMs } = planned;
  await tx
    .insertInto('message')
    .values({
      ...EMPTY_MESSAGE,
      id,
      tenant: route.tenant,
      policy: route.policy,
      kind: 'mail',
      reverse_path: incoming.envelope.reversePath,
      peer_address: incoming.origin.peerAddress,
      untrusted_helo: incoming.origin.untrustedHelo,
      tls: incoming.origin.tls,
      received_at: incoming.origin.receivedAtMs,
      bytes: original.bytes,
      sha256: original.sha256,
      original_object: original.objectId,
      updated_at: nowMs,
    })
    .execute();
  await insertRecipients(tx, id, route.recipients, nowMs);
}

/** Recipient rows in state «accepted». */
export async function insertRecipients(
  tx: Tx,
  messageId: string,
  recipients: readonly string[],
  nowMs: number,
): Promise<void> {
  await tx
    .insertInto('recipient')
    .values(
      recipients.map((address) => ({
        message_id: messageId,
        address,
        state: 'accepted' as const,
        last_reply: '',
        attempts: 0,
        updated_at: nowMs,
      })),
    )
    .execute();
}

/** Columns of a message that are filled later on the way. */
export const EMPTY_MESSAGE = {
  sanitized_object: null,
  preview_object: null,
  recipient_salt: null,
  policy_version: null,
  ends_as: null,
  hold_reason: null,
  untrusted_subject: null,
  untrusted_from: null,
  untrusted_message_id: null,
  report: null,
  about_message: null,
} as const;
