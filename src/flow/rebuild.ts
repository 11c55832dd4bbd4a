/**
 * From a stranger's bytes to bytes that may cross: jail, then gate. No database and no vault: the mail path and the
 * offline command are the same here.
 */
import { createHash, randomBytes } from 'node:crypto';
import { parsePreview, parseReport } from '../config/report-schema.ts';
import type { GateDeps, Pass } from '../gate/gate.ts';
import type { ReceiptFacts } from '../gate/receipt.ts';
import type { Jail, JailAnswer } from '../jail/jail.ts';
import { GatewayError } from '../message/errors.ts';
import type {
  ChildAnswer,
  DocumentJob,
  DraftFile,
  MessageJob,
  NoticeJob,
  Preview,
  TrustedFacts,
} from '../message/jobs.ts';
import type { BlockReason, HoldReason } from '../message/outcome.ts';
import type { AttachmentReport, Report } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import type { Log } from '../telemetry/log.ts';

export interface RebuildDeps {
  readonly jail: Jail;
  readonly gate: GateDeps;
  readonly pass: Pass;
  readonly now: () => number;
  readonly log: Log;
}

export interface Subject {
  readonly facts: TrustedFacts;
  readonly policy: Policy;
  readonly passwords: readonly string[];
  readonly lineEnds: MessageJob['lineEnds'];
}

/** A message with its receipt, and what is known of it. The report is untrusted still: checked in form, not in truth. */
export interface Passed {
  readonly kind: 'passed';
  readonly bytes: Uint8Array;
  readonly report: Report;
  readonly preview: Preview;
  readonly recipientSalt: string;
  readonly policyVersion: string;
}

export type Rebuilt =
  | Passed
  | { readonly kind: 'held'; readonly reason: HoldReason; readonly problems: readonly string[] };

/** Attachments that may kill a child, one after the other, before the whole message is held. */
const MAX_CULPRITS = 5;

/** The gate's and a notice's own wall clock: both look at text and finished files only. */
const GATE_MS = 60_000;

/** Never rejects for what a mail or a child is; @throws GatewayError E_JAIL_UNAVAILABLE when no process can be started. */
export async function rebuildMessage(deps: RebuildDeps, subject: Subject, original: Uint8Array): Promise<Rebuilt> {
  const answer = await sanitizeInJail(deps, subject, original);
  if (answer.kind === 'failed') {
    const reason = answer.why === 'timeout' ? 'timeout' : 'sanitizer-failed';
    return { kind: 'held', reason, problems: [`${answer.why}: ${answer.detail}`] };
  }
  return throughGate(deps, subject.facts, answer.value, subject.policy.version);
}

/**
 * Runs the job; when an attachment kills its child, runs it again in a fresh one with that attachment held, so that the
 * mail goes on. A child may only add to what is held.
 */
async function sanitizeInJail(
  deps: RebuildDeps,
  { facts, policy, passwords, lineEnds }: Subject,
  original: Uint8Array,
): Promise<JailAnswer<ChildAnswer>> {
  const holdParts: Record<string, BlockReason> = {};
  for (let round = 0; ; round++) {
    const job: MessageJob = { kind: 'message', facts, policy, holdParts: { ...holdParts }, passwords, lineEnds };
    const options = { tenant: facts.tenant.id, deadlineMs: policy.limits.messageMs, fresh: round > 0 };
    const answer = await deps.jail.run(job, original, options);
    if (answer.kind === 'done') return answer;
    const { why, detail, part } = answer;
    deps.log.warn('jail-failed', { tenant: facts.tenant.id, messageId: facts.messageId, why, detail, part });
    if (part === undefined || Object.hasOwn(holdParts, part) || round >= MAX_CULPRITS) return answer;
    holdParts[part] = HELD_FOR[why];
  }
}

const HELD_FOR: Readonly<Record<Extract<JailAnswer<never>, { kind: 'failed' }>['why'], BlockReason>> = {
  timeout: 'timeout',
  limit: 'limit-exceeded',
  crashed: 'sanitizer-failed',
  lied: 'sanitizer-failed',
};

async function throughGate(
  deps: RebuildDeps,
  facts: TrustedFacts,
  answer: ChildAnswer,
  policyVersion: string,
): Promise<Rebuilt> {
  const refused = (problems: readonly string[]): Rebuilt => ({ kind: 'held', reason: 'gate-refused', problems });
  if (answer.kind !== 'message') return refused(['the child answered another question']);
  const report = parseReport(answer.report);
  const preview = parsePreview(answer.preview);
  if (report === undefined || preview === undefined) return refused(['the report does not fit its schema']);
  const receipt: ReceiptFacts = {
    tenant: facts.tenant.id,
    messageId: facts.messageId,
    policyVersion,
    atMs: deps.now(),
    recipients: facts.recipients,
    recipientSalt: randomBytes(16).toString('hex'),
  };
  const verdict = await deps.pass(deps.gate, answer.bytes, receipt, GATE_MS);
  if (verdict.kind === 'refused') return refused([verdict.by, ...verdict.problems]);
  return { kind: 'passed', bytes: verdict.bytes, report, preview, recipientSalt: receipt.recipientSalt, policyVersion };
}

/** One document rebuilt without a message around it. */
export type RebuiltDocument =
  | { readonly kind: 'passed'; readonly files: readonly DraftFile[]; readonly report: Report }
  /** Nothing of it is passed on; the report is our own. */
  | { readonly kind: 'held'; readonly report: Report; readonly problems: readonly string[] };

/**
 * A document through the jail; every file that comes out is judged by the inspector. There is no receipt without a
 * message. Rejects as `rebuildMessage` does.
 */
export async function rebuildDocument(
  jail: Jail,
  job: Omit<DocumentJob, 'kind'>,
  tenant: string,
  original: Uint8Array,
): Promise<RebuiltDocument> {
  const answer = await jail.run({ kind: 'document', ...job }, original, {
    tenant,
    deadlineMs: job.policy.limits.messageMs,
  });
  const held = (reason: HoldReason, problems: readonly string[]): RebuiltDocument => {
    return { kind: 'held', report: heldReport(job, original, reason), problems };
  };
  const refused = (problems: readonly string[]): RebuiltDocument => held('gate-refused', problems);
  if (answer.kind === 'failed') {
    const reason = answer.why === 'timeout' ? 'timeout' : 'sanitizer-failed';
    return held(reason, [`${answer.why}: ${answer.detail}`]);
  }
  if (answer.value.kind !== 'document') return refused(['the child answered another question']);
  const report = parseReport(answer.value.report);
  if (report === undefined) return refused(['the report does not fit its schema']);
  const { files } = answer.value;
  const inspected = await jail.inspect(files, { tenant, deadlineMs: GATE_MS });
  if (inspected.kind === 'failed') return refused([`inspector: ${inspected.why}: ${inspected.detail}`]);
  return inspected.value.length === 0 ? { kind: 'passed', files, report } : refused(inspected.value);
}

/** What we know ourselves of a document from which no child could tell us anything. */
function heldReport(job: Omit<DocumentJob, 'kind'>, original: Uint8Array, reason: HoldReason): Report {
  const part: AttachmentReport = {
    path: '1',
    untrustedName: job.untrustedName.slice(0, 1000),
    declaredType: '',
    detectedType: 'unknown',
    bytes: original.length,
    sha256: createHash('sha256').update(original).digest('hex'),
    outcome: 'blocked',
    reason: reason === 'timeout' ? 'timeout' : 'sanitizer-failed',
    outputs: [],
    removed: [],
  };
  return {
    version: 1,
    verdict: { kind: 'held', reason },
    header: { subject: '', from: '', to: '', cc: '', date: '', messageId: '' },
    body: { declaredCharset: '', charset: '', source: 'none', links: [], hiddenText: '', removed: [] },
    attachments: [part],
    defects: [],
    limits: [],
    versions: { gateway: '', policy: job.policy.version, engines: {} },
    timings: {},
  };
}

/** How a message ends whose place a notice takes: we know that ourselves and believe no child about it. */
const verdictOf = (notice: NoticeJob['notice']): Report['verdict'] =>
  notice.kind === 'message-held' ? { kind: 'held', reason: notice.reason } : { kind: 'sanitized' };

/**
 * A message from trusted facts alone, written by a fresh child and passed by the same gate.
 * @throws GatewayError E_JAIL_UNAVAILABLE: the job is tried again later; E_GATE_REFUSED: a person must look.
 */
export async function writeNotice(deps: RebuildDeps, job: Omit<NoticeJob, 'kind'>): Promise<Passed> {
  const options = { tenant: job.facts.tenant.id, deadlineMs: GATE_MS, fresh: true };
  const answer = await deps.jail.run({ kind: 'notice', ...job }, new Uint8Array(), options);
  if (answer.kind === 'failed') {
    throw new GatewayError('E_JAIL_UNAVAILABLE', 'a fresh child could not write a notice', { detail: answer.detail });
  }
  const result = await throughGate(deps, job.facts, answer.value, job.policyVersion);
  if (result.kind === 'passed') return { ...result, report: { ...result.report, verdict: verdictOf(job.notice) } };
  throw new GatewayError('E_GATE_REFUSED', 'the gate refused a notice', { problems: result.problems.join('; ') });
}
