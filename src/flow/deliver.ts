/**
 * Use case 3 of 3: a sanitized message crosses. Receipt and hash are verified on the very bytes that go over the wire;
 * the intent is in the audit log before the socket opens; each recipient's answer is kept.
 *
 * A kill between the next hop's 250 and our commit makes a second delivery under the same Message-ID (RFC 1047): mail is
 * never lost for it.
 */
import type { AuditEvent, AuditLog } from '../audit/audit.ts';
import type { TenantSettings } from '../config/schema.ts';
import type { Database, Tx } from '../database/database.ts';
import type { RecipientTable } from '../database/schema.ts';
import { type CheckedMessage, verifyForDelivery } from '../gate/receipt.ts';
import type { RoleKeys } from '../keys/keys.ts';
import { GatewayError } from '../message/errors.ts';
import { newId } from '../message/ids.ts';
import type { NoticeJob } from '../message/jobs.ts';
import { END_STATES, type RecipientState } from '../message/states.ts';
import type { Outlet, RecipientResult } from '../outlet/outlet.ts';
import { isTooLarge } from '../outlet/reply.ts';
import { isExpired } from '../queue/expiry.ts';
import type { LeasedJob, Queue } from '../queue/queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { Vault } from '../vault/vault.ts';
import { EMPTY_MESSAGE, insertRecipients } from './accept.ts';
import { type KnownMessage, loadMessage, loadObject } from './facts.ts';

export interface DeliverDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly audit: AuditLog;
  readonly vault: Vault;
  readonly outlet: Outlet;
  readonly keys: Pick<RoleKeys, 'receiptVerifiers'>;
  readonly gatewayHost: string;
  tenant(id: string): TenantSettings;
  /** Wait before the next try, in milliseconds. */
  backoffMs(attempts: number): number;
  /** A lease is made whole again before the socket opens, so that two holders never send at once. */
  readonly leaseMs: number;
  /** Age at which a message is undeliverable, if it was tried often enough (queue/expiry.ts). */
  readonly giveUpMs: number;
  /** Tries that so many hours of waiting make at the very least. */
  readonly giveUpTries: number;
  /** Tells the sanitizer that a notice is to be written. */
  readonly ring: () => void;
  readonly now: () => number;
  readonly log: Log;
}

/** Delivers the message of a `deliver` job to the recipients that have no final answer yet. */
export async function deliverMessage(deps: DeliverDeps, job: LeasedJob): Promise<void> {
  const message = await loadMessage(deps.database, job.messageId ?? '');
  const pending = message.recipients.filter(({ state }) => !END_STATES.has(state));
  if (pending.length === 0) {
    await deps.database.write((tx) => deps.queue.done(tx, job));
    return;
  }
  const checked = await openChecked(deps, message).catch((error: unknown) => refuseAtDoor(deps, message, error));
  await recordIntent(deps, job, message, pending, checked);
  const addresses = pending.map(({ address }) => address);
  const results = await deps.outlet.deliver(message.row.tenant, checked, addresses);
  await recordResults(deps, job, message, answersFor(addresses, results));
}

/** @throws GatewayError E_RECEIPT_INVALID, E_OBJECT_TAMPERED …: the worker parks the job and raises an alarm. */
async function openChecked(deps: DeliverDeps, { row, recipients }: KnownMessage): Promise<CheckedMessage> {
  const bytes = await deps.vault.read(await loadObject(deps.database, row.tenant, 'sanitized', row.sanitized_object));
  return verifyForDelivery(bytes, {
    verifiers: deps.keys.receiptVerifiers(),
    tenant: row.tenant,
    messageId: row.id,
    policyVersion: row.policy_version ?? '',
    recipients: recipients.map(({ address }) => address),
    recipientSalt: row.recipient_salt ?? '',
  });
}

/** What cannot be proved to be ours does not leave. A person will look at the parked job, and finds why in the audit log. */
async function refuseAtDoor(deps: DeliverDeps, { row }: KnownMessage, error: unknown): Promise<never> {
  if (error instanceof GatewayError && !error.retryable) {
    const fact = { tenant: row.tenant, messageId: row.id, at: deps.now(), facts: { reason: error.code } };
    await deps.database.write((tx) => deps.audit.append(tx, { ...fact, event: 'door-refused' }));
  }
  throw error;
}

/** One answer a recipient, whatever the outlet gave: nobody may be left without a next step. */
const answersFor = (addresses: readonly string[], results: readonly RecipientResult[]): readonly RecipientResult[] =>
  addresses.map(
    (recipient) =>
      results.find((result) => result.recipient === recipient) ?? { kind: 'later', recipient, reply: 'no answer' },
  );

/** @throws GatewayError E_LEASE_LOST: another worker is at it, nothing may be sent. */
async function recordIntent(
  deps: DeliverDeps,
  job: LeasedJob,
  { row }: KnownMessage,
  pending: readonly RecipientTable[],
  checked: CheckedMessage,
): Promise<void> {
  const nowMs = deps.now();
  const hop = deps.outlet.hopOf(row.tenant);
  await deps.database.write(async (tx) => {
    await deps.queue.confirm(tx, job, deps.leaseMs, nowMs);
    await tx
      .updateTable('recipient')
      .set((eb) => ({ state: 'delivering', attempts: eb('attempts', '+', 1), updated_at: nowMs }))
      .where('message_id', '=', row.id)
      .where(
        'address',
        'in',
        pending.map(({ address }) => address),
      )
      .execute();
    await deps.audit.append(tx, {
      tenant: row.tenant,
      event: 'delivery-intended',
      messageId: row.id,
      at: nowMs,
      facts: { sha256: checked.sha256, hop: `${hop.host}:${hop.port}`, recipients: pending.length },
    });
  });
}

/** What one answer means for its recipient. */
interface Settled {
  readonly result: RecipientResult;
  readonly state: RecipientState;
}

async function recordResults(
  deps: DeliverDeps,
  job: LeasedJob,
  message: KnownMessage,
  results: readonly RecipientResult[],
): Promise<void> {
  const nowMs = deps.now();
  const tooOld = isExpired(job, deps, nowMs);
  const settled = results.map((result): Settled => ({ result, state: stateAfter(result, message, tooOld) }));
  const failed = settled.filter(({ state }) => state === 'undeliverable').map(({ result }) => result);
  const later = settled.filter(({ state }) => state === 'ready').map(({ result }) => result);
  // A notice about a notice would go in circles (RFC 5321 §6.1): the audit log and the alarm have it.
  const noticed = failed.length > 0 && message.row.kind !== 'notice';
  await deps.database.write(async (tx) => {
    if (later.length === 0) await deps.queue.done(tx, job);
    else await deps.queue.retry(tx, job, nowMs + deps.backoffMs(job.attempts), later[0]?.reply ?? '');
    for (const one of settled) await updateRecipient(tx, message.row.id, one, nowMs);
    for (const event of EVENTS) await appendEvent(deps, tx, message, event, settled, nowMs);
    if (noticed) await queueNotices(deps, tx, message, failed, nowMs);
  });
  if (noticed) deps.ring();
  else if (failed.length > 0)
    deps.log.error('notice-undeliverable', { tenant: message.row.tenant, messageId: message.row.id });
  const counts = { taken: settled.length - failed.length - later.length, later: later.length, failed: failed.length };
  deps.log.info('delivery-attempted', { tenant: message.row.tenant, messageId: message.row.id, ...counts });
}

function stateAfter(result: RecipientResult, { row }: KnownMessage, tooOld: boolean): RecipientState {
  switch (result.kind) {
    case 'taken':
      return row.ends_as ?? 'delivered';
    case 'refused':
      return 'undeliverable';
    case 'later':
      return tooOld ? 'undeliverable' : 'ready';
  }
}

async function updateRecipient(tx: Tx, messageId: string, { result, state }: Settled, nowMs: number): Promise<void> {
  await tx
    .updateTable('recipient')
    .set({ state, last_reply: result.reply, updated_at: nowMs })
    .where('message_id', '=', messageId)
    .where('address', '=', result.recipient)
    .execute();
}

/** One audit entry for each way an attempt went, naming the next hop's answers. */
const EVENTS: readonly { readonly event: AuditEvent; matches(one: Settled): boolean }[] = [
  { event: 'delivered', matches: ({ result }) => result.kind === 'taken' },
  { event: 'deferred', matches: ({ state }) => state === 'ready' },
  { event: 'refused', matches: ({ result }) => result.kind === 'refused' },
  { event: 'undeliverable', matches: ({ result, state }) => result.kind === 'later' && state === 'undeliverable' },
];

async function appendEvent(
  deps: DeliverDeps,
  tx: Tx,
  { row }: KnownMessage,
  { event, matches }: (typeof EVENTS)[number],
  settled: readonly Settled[],
  at: number,
): Promise<void> {
  const these = settled.filter(matches);
  if (these.length === 0) return;
  await deps.audit.append(tx, {
    tenant: row.tenant,
    event,
    messageId: row.id,
    at,
    facts: {
      recipients: these.map(({ result }) => result.recipient),
      replies: [...new Set(these.map(({ result }) => result.reply.slice(0, 200)))],
    },
  });
}

/** Administrators hear of every failure; recipients of one that they can do something about: asking for a smaller mail. */
async function queueNotices(
  deps: DeliverDeps,
  tx: Tx,
  message: KnownMessage,
  failed: readonly RecipientResult[],
  nowMs: number,
): Promise<void> {
  const { row } = message;
  const about = { messageId: row.id, reversePath: row.reverse_path, receivedAtMs: row.received_at };
  const replies = failed.map(({ recipient, reply }) => ({ recipient, reply }));
  const toAdministrators = { kind: 'undeliverable', about, failed: replies } as const;
  await queueNotice(deps, tx, message, toAdministrators, deps.tenant(row.tenant).administrators, nowMs);
  const tooLarge = failed.filter(({ reply }) => isTooLarge(reply)).map(({ recipient }) => recipient);
  if (tooLarge.length > 0) await queueNotice(deps, tx, message, { kind: 'too-large', about }, tooLarge, nowMs);
}

/** Written by the sanitizer, through the same gate as any message. */
async function queueNotice(
  deps: DeliverDeps,
  tx: Tx,
  { row }: KnownMessage,
  notice: NoticeJob['notice'],
  to: readonly string[],
  nowMs: number,
): Promise<void> {
  const id = newId(nowMs);
  await tx
    .insertInto('message')
    .values({
      ...EMPTY_MESSAGE,
      id,
      tenant: row.tenant,
      policy: row.policy,
      kind: 'notice',
      reverse_path: '',
      peer_address: '',
      untrusted_helo: '',
      tls: '',
      received_at: nowMs,
      bytes: 0,
      sha256: '',
      original_object: null,
      about_message: row.id,
      updated_at: nowMs,
    })
    .execute();
  await insertRecipients(tx, id, to, nowMs);
  const job = { kind: 'notice' as const, tenant: row.tenant, messageId: id, lane: 'light' as const };
  await deps.queue.put(tx, [{ ...job, id: `notice-${id}`, payload: JSON.stringify(notice) }], nowMs);
  await deps.audit.append(tx, {
    tenant: row.tenant,
    event: 'notice-queued',
    messageId: id,
    at: nowMs,
    facts: { about: row.id, kind: notice.kind, recipients: to.length },
  });
}
