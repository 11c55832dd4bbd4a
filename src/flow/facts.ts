/** What the flow knows of a message by itself: rows of the database joined with the tenant's settings. */
import type { TenantSettings } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import type { MessageTable, ObjectTable, RecipientTable } from '../database/schema.ts';
import { GatewayError } from '../message/errors.ts';
import type { TrustedFacts } from '../message/jobs.ts';
import type { StoredObject } from '../vault/vault.ts';

export interface KnownMessage {
  readonly row: MessageTable;
  readonly recipients: readonly RecipientTable[];
}

/** A message with its recipients. @throws GatewayError E_OBJECT_MISSING when there is no such message. */
export async function loadMessage(database: Database, messageId: string): Promise<KnownMessage> {
  const row = await database.read.selectFrom('message').selectAll().where('id', '=', messageId).executeTakeFirst();
  if (row === undefined) throw new GatewayError('E_OBJECT_MISSING', 'a job names an unknown message', { messageId });
  const recipients = await database.read
    .selectFrom('recipient')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('address')
    .execute();
  return { row, recipients };
}

/** A message's vault object. @throws GatewayError E_OBJECT_MISSING */
export async function loadObject(
  database: Database,
  tenant: string,
  kind: StoredObject['kind'],
  objectId: string | null,
): Promise<StoredObject> {
  const row =
    objectId === null
      ? undefined
      : await database.read
          .selectFrom('object')
          .selectAll()
          .where('id', '=', objectId)
          .where('kind', '=', kind)
          .where('tenant', '=', tenant)
          .executeTakeFirst();
  if (row === undefined)
    throw new GatewayError('E_OBJECT_MISSING', 'a message names an unknown object', { object: `${objectId}` });
  return storedObject(row);
}

/** A row of the objects table as the vault speaks of it. */
export const storedObject = (row: ObjectTable): StoredObject => ({
  objectId: row.id,
  tenant: row.tenant,
  kind: row.kind,
  sealedTo: row.sealed_to,
  bytes: row.bytes,
  sha256: row.sha256,
});

/** Facts for the jail. */
export function trustedFacts(message: KnownMessage, tenant: TenantSettings, gatewayHost: string): TrustedFacts {
  const { row, recipients } = message;
  return {
    messageId: row.id,
    tenant: { id: tenant.id, name: tenant.name, domains: tenant.domains },
    gatewayHost,
    reversePath: row.reverse_path,
    recipients: recipients.map(({ address }) => address),
    peerAddress: row.peer_address,
    receivedAtMs: row.received_at,
    originalBytes: row.bytes,
    contact: tenant.contact,
  };
}
