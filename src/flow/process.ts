/**
 * Use case 2 of 3: an accepted message is rebuilt. Every step may be repeated: nothing is visible before the one
 * transaction at the end, and what a crash leaves in the vault is an orphan.
 */
import type { AuditEvent, AuditLog } from '../audit/audit.ts';
import type { TenantSettings } from '../config/schema.ts';
import type { Database, Tx } from '../database/database.ts';
import { GatewayError } from '../message/errors.ts';
import { newId } from '../message/ids.ts';
import type { NoticeJob, TrustedFacts } from '../message/jobs.ts';
import type { HoldReason } from '../message/outcome.ts';
import type { LinkReport, Report } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import type { LeasedJob, Queue } from '../queue/queue.ts';
import type { StoredObject, Vault } from '../vault/vault.ts';
import { insertObjects } from './accept.ts';
import { type KnownMessage, loadMessage, loadObject, trustedFacts } from './facts.ts';
import { readNotice } from './payload.ts';
import { type Passed, type RebuildDeps, rebuildMessage, writeNotice } from './rebuild.ts';

export interface ProcessDeps extends RebuildDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly audit: AuditLog;
  readonly vault: Vault;
  readonly gatewayHost: string;
  tenant(id: string): TenantSettings;
  policy(name: string): Policy;
  /** Tells the outlet that a message is ready. */
  readonly ring: () => void;
}

/** Rebuilds the message of a `process` job and queues its delivery. */
export async function processMessage(deps: ProcessDeps, job: LeasedJob): Promise<void> {
  const message = await loadMessage(deps.database, job.messageId ?? '');
  const original = await openOriginal(deps, message);
  if (original === undefined) {
    await store(deps, job, message, await heldNotice(deps, message, 'original-lost', []));
    return;
  }
  const facts = factsOf(deps, message);
  const policy = deps.policy(message.row.policy);
  const rebuilt = await rebuildMessage(deps, { facts, policy, passwords: [], lineEnds: 'crlf' }, original);
  const passed =
    rebuilt.kind === 'passed' ? rebuilt : await heldNotice(deps, message, rebuilt.reason, rebuilt.problems);
  await store(deps, job, message, passed);
}

/** Writes the message of a `notice` job: something for a tenant's administrators. */
export async function processNotice(deps: ProcessDeps, job: LeasedJob): Promise<void> {
  const message = await loadMessage(deps.database, job.messageId ?? '');
  await store(deps, job, message, await composed(deps, message, readNotice(job)));
}

/** The original's clear bytes; undefined when too many shares are lost or tampered. */
async function openOriginal(deps: ProcessDeps, { row }: KnownMessage): Promise<Uint8Array | undefined> {
  try {
    const object = await loadObject(deps.database, row.tenant, 'original', row.original_object);
    return await deps.vault.read({ ...object, sha256: row.sha256 });
  } catch (error) {
    const lost = error instanceof GatewayError && ['E_OBJECT_TAMPERED', 'E_OBJECT_MISSING'].includes(error.code);
    if (!lost) throw error;
    deps.log.warn('original-unreadable', { tenant: row.tenant, messageId: row.id, code: error.code });
    return undefined;
  }
}

/** The message is held; its recipients get a notice, written by a fresh child from what we know ourselves. */
async function heldNotice(
  deps: ProcessDeps,
  message: KnownMessage,
  reason: HoldReason,
  problems: readonly string[],
): Promise<Passed> {
  const { row } = message;
  const event: AuditEvent = reason === 'gate-refused' || reason === 'original-lost' ? reason : 'jail-failed';
  deps.log.error(event, { tenant: row.tenant, messageId: row.id, reason, problems: problems.slice(0, 5).join('; ') });
  await deps.database.write((tx) =>
    deps.audit.append(tx, {
      tenant: row.tenant,
      event,
      messageId: row.id,
      at: deps.now(),
      facts: { reason, problems: problems.slice(0, 20).map((problem) => problem.slice(0, 200)) },
    }),
  );
  return composed(deps, message, { kind: 'message-held', reason });
}

const composed = (deps: ProcessDeps, message: KnownMessage, notice: NoticeJob['notice']): Promise<Passed> =>
  writeNotice(deps, {
    facts: factsOf(deps, message),
    notice,
    to: message.recipients.map(({ address }) => address),
    from: `sekisho@${deps.gatewayHost}`,
    policyVersion: deps.policy(message.row.policy).version,
  });

const factsOf = (deps: ProcessDeps, message: KnownMessage): TrustedFacts =>
  trustedFacts(message, deps.tenant(message.row.tenant), deps.gatewayHost);

/** Vault first, then facts, audit and the delivery job in one transaction. */
async function store(deps: ProcessDeps, job: LeasedJob, message: KnownMessage, passed: Passed): Promise<void> {
  const { row } = message;
  const nowMs = deps.now();
  const secret = Buffer.from(JSON.stringify({ preview: passed.preview, report: passed.report }));
  const [output, preview] = await Promise.all([
    deps.vault.put({ objectId: newId(nowMs), tenant: row.tenant, kind: 'sanitized' }, 'outlet-lgwan', passed.bytes),
    deps.vault.put({ objectId: newId(nowMs), tenant: row.tenant, kind: 'preview' }, 'admin', secret),
  ]);
  await deps.database.write(async (tx) => {
    await deps.queue.done(tx, job);
    await insertObjects(tx, [output, preview], nowMs);
    await markReady(tx, message, passed, { output, preview, nowMs });
    await deps.audit.append(tx, {
      tenant: row.tenant,
      event: passed.report.verdict.kind === 'held' ? 'held' : 'sanitized',
      messageId: row.id,
      at: nowMs,
      facts: summary(passed, output),
    });
    await deps.queue.put(tx, [{ ...job, id: `deliver-${row.id}`, kind: 'deliver', payload: '{}' }], nowMs);
  });
  deps.ring();
  deps.log.info('sanitized', { tenant: row.tenant, messageId: row.id, verdict: passed.report.verdict.kind });
}

interface Stored {
  readonly output: StoredObject;
  readonly preview: StoredObject;
  readonly nowMs: number;
}

async function markReady(tx: Tx, { row }: KnownMessage, passed: Passed, stored: Stored): Promise<void> {
  const { report } = passed;
  const { verdict } = report;
  await tx
    .updateTable('message')
    .set({
      sanitized_object: stored.output.objectId,
      preview_object: stored.preview.objectId,
      recipient_salt: passed.recipientSalt,
      policy_version: passed.policyVersion,
      ends_as: verdict.kind === 'held' ? 'held' : verdict.kind === 'sanitized' ? 'delivered' : 'delivered-with-hold',
      hold_reason: verdict.kind === 'held' ? verdict.reason : null,
      untrusted_subject: report.header.subject,
      untrusted_from: report.header.from,
      untrusted_message_id: report.header.messageId,
      report: JSON.stringify(withoutTexts(report)),
      updated_at: stored.nowMs,
    })
    .where('id', '=', row.id)
    .execute();
  await tx
    .updateTable('recipient')
    .set({ state: 'ready', updated_at: stored.nowMs })
    .where('message_id', '=', row.id)
    .execute();
  if (report.attachments.length > 0) await insertParts(tx, row.id, report);
}

/** SQLite takes 32,766 parameters a statement; a message may have 5,000 parts of eight columns. */
const ROWS_A_STATEMENT = 1000;

async function insertParts(tx: Tx, messageId: string, report: Report): Promise<void> {
  const rows = report.attachments.map((part) => ({
    message_id: messageId,
    path: part.path,
    untrusted_name: part.untrustedName,
    detected_type: part.detectedType,
    bytes: part.bytes,
    sha256: part.sha256,
    outcome: part.outcome,
    reason: part.reason ?? null,
  }));
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    await tx
      .insertInto('part')
      .values(rows.slice(from, from + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.columns(['message_id', 'path']).doNothing())
      .execute();
  }
}

/** The database is searchable and may be stolen: nothing of the texts of body and files stands in it. */
const withoutTexts = (report: Report): Report => ({
  ...report,
  body: { ...report.body, hiddenText: '', links: report.body.links.map(withoutText) },
  attachments: report.attachments.map(({ links, ...part }) =>
    links === undefined ? part : { ...part, links: links.map(withoutText) },
  ),
});

const withoutText = (link: LinkReport): LinkReport => ({ ...link, untrustedText: '' });

function summary(passed: Passed, output: StoredObject): Record<string, string | number | readonly string[]> {
  const outcomes = new Map<string, number>();
  for (const { outcome } of passed.report.attachments) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const { verdict } = passed.report;
  return {
    object: output.objectId,
    sha256: output.sha256,
    bytes: output.bytes,
    verdict: verdict.kind === 'held' ? `held:${verdict.reason}` : verdict.kind,
    outcomes: [...outcomes].map(([outcome, count]) => `${count} ${outcome}`),
    policyVersion: passed.policyVersion,
  };
}
