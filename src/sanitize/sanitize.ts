/**
 * What the jailed child does: a message or a document in, files and a message that we wrote ourselves out.
 *
 * The story of one message: both readers (mime/), the plan (text, files, signatures), text rendered, files converted,
 * a new message composed. Nothing here looks at a format. Whatever a mail is ends as a value; what throws is a bug, and
 * the parent then holds the message.
 */
import type { ChildAnswer, DocumentJob, MessageJob, NoticeJob, Preview } from '../message/jobs.ts';
import type { BodyReport, Report, Verdict } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import { cleanLine } from './body/characters.ts';
import { addRemovals } from './body/safe-text.ts';
import { composeMessage } from './compose.ts';
import { blocked, type Helper } from './converter.ts';
import type { HeaderFacts } from './header-facts.ts';
import type { UntrustedMailbox } from './header-fields.ts';
import { headerFacts } from './mime/facts.ts';
import type { Defect, Leaf } from './mime/tree.ts';
import { readMessage } from './mime/union.ts';
import { outputNames } from './names.ts';
import { composeNotice as writeNotice } from './notice.ts';
import { budgetOf, type ConvertedPart, convertPart, limitsOf, type Part, partReport } from './parts.ts';
import { droppedBy, type Plan, planOf } from './plan.ts';
import { type MessageText, messageText } from './text.ts';
import { ENGINE_VERSIONS, GATEWAY_VERSION } from './versions.ts';

export type MessageAnswer = Omit<Extract<ChildAnswer, { kind: 'message' }>, 'kind'>;
export type DocumentAnswer = Omit<Extract<ChildAnswer, { kind: 'document' }>, 'kind'>;

const NO_BODY: BodyReport = {
  declaredCharset: '',
  charset: '',
  source: 'none',
  links: [],
  hiddenText: '',
  removed: [],
};

/**
 * @param bytes the original, as received
 * @param onPart called with the path of each part right before it is opened
 */
export async function sanitizeMessage(
  job: MessageJob,
  bytes: Uint8Array,
  onPart: (path: string) => void,
  helper?: Helper,
): Promise<MessageAnswer> {
  const clock = stopwatch();
  const { policy } = job;
  const deadline = performance.now() + policy.limits.messageMs;
  const message = await readMessage(bytes, { limits: policy.limits, lineEnds: job.lineEnds });
  const header = headerFacts(message.header);
  const defects = [...message.defects, ...header.defects];
  clock.lap('mime');
  if (message.hold !== undefined) {
    const verdict: Verdict = { kind: 'held', reason: message.hold };
    const report = reportOf({
      verdict,
      header: header.facts,
      body: NO_BODY,
      parts: [],
      defects,
      limits: message.limits,
      policy,
    });
    return compose(job, header.facts, '', report, [], preview('', '', ''), clock);
  }

  const plan = planOf(message);
  const text = messageText(plan.body, policy, job.holdParts, onPart);
  clock.lap('text');
  const budget = budgetOf(job, job.holdParts, deadline, message.leaves.length, helper);
  const parts: ConvertedPart[] = [];
  for (const part of partsOf(plan, text)) parts.push(...(await convertPart(part, budget, onPart)));
  clock.lap('files');

  const report = reportOf({
    verdict: verdictOf(parts),
    header: header.facts,
    body: { ...text.report, removed: addRemovals(text.report.removed, droppedBy(plan)) },
    parts,
    defects: [...defects, ...text.defects],
    limits: [...limitsOf(parts), ...(text.text.length > policy.limits.maxBodyChars ? ['maxBodyChars'] : [])],
    policy,
  });
  return compose(
    job,
    header.facts,
    text.text,
    report,
    parts,
    preview(text.before, text.text, text.report.hiddenText),
    clock,
  );
}

/**
 * Reads a small mail of our own, so that a spare process has compiled and loaded what every mail needs (80 ms) before
 * its first one comes. Formats load their engines themselves.
 */
export async function warm(): Promise<void> {
  const html = '<p>見本 <a href="https://example.jp/">x</a></p>';
  const mail = `Subject: =?UTF-8?B?6KaL5pys?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`;
  const message = await readMessage(Buffer.from(mail), { limits: { maxParts: 10, maxDepth: 2 }, lineEnds: 'crlf' });
  headerFacts(message.header);
  messageText(planOf(message).body, { links: 'defang' }, {}, () => {});
}

/** One document, offline: its files, named, and the report. */
export async function sanitizeDocument(
  job: DocumentJob,
  bytes: Uint8Array,
  onPart: (path: string) => void,
  helper?: Helper,
): Promise<DocumentAnswer> {
  const clock = stopwatch();
  const { policy } = job;
  // An archive may hold as much as a message; each document has its own, shorter time.
  const budget = budgetOf(job, {}, performance.now() + policy.limits.messageMs, 1, helper);
  const { untrustedName } = job;
  const unsaid = { otherUntrustedNames: [], untrustedCharset: '', declaredType: '' };
  const part: Part = { path: '1', untrustedName, ...unsaid, bytes, depth: 0 };
  const parts = await convertPart(part, budget, onPart);
  clock.lap('files');
  const header: HeaderFacts = NO_HEADER;
  const report = reportOf({
    verdict: verdictOf(parts),
    header,
    body: NO_BODY,
    parts,
    defects: [],
    limits: limitsOf(parts),
    policy,
  });
  const files = parts.flatMap(({ files }) => files);
  const names = outputNames(files);
  return {
    files: files.map(({ type, bytes: written }, i) => ({ name: names[i] ?? '', type, bytes: written })),
    report: { ...report, timings: clock.laps() },
  };
}

/** A message from trusted facts alone. */
export async function composeNotice(job: NoticeJob): Promise<MessageAnswer> {
  const { notice, policyVersion } = job;
  const verdict: Verdict =
    notice.kind === 'message-held' ? { kind: 'held', reason: notice.reason } : { kind: 'sanitized' };
  const report = reportOf({
    verdict,
    header: NO_HEADER,
    body: NO_BODY,
    parts: [],
    defects: [],
    limits: [],
    policy: { version: policyVersion },
  });
  return { bytes: writeNotice(job), report, preview: preview('', '', '') };
}

const NO_HEADER: HeaderFacts = {
  subject: '',
  from: [],
  to: [],
  cc: [],
  replyTo: [],
  date: '',
  messageId: '',
  inReplyTo: '',
  references: [],
};

/** Files of the plan, and texts that could not be shown, in the order in which they stand in the message. */
function partsOf(plan: Plan, text: MessageText): Part[] {
  const held = text.held.map(({ leaf, reason, detail }) => ({ ...partOf(leaf), heldFor: blocked(reason, detail) }));
  return [...held, ...plan.files.map(partOf)];
}

const partOf = (leaf: Leaf): Part => ({
  path: leaf.path,
  untrustedName: leaf.untrustedNames[0] ?? '',
  otherUntrustedNames: leaf.untrustedNames.slice(1),
  untrustedCharset: leaf.charset,
  declaredType: leaf.contentType.type,
  bytes: leaf.bytes,
  depth: leaf.within.length,
  ...(leaf.encoding.startsWith('unknown:')
    ? { heldFor: blocked('encoding-unknown', `Content-Transfer-Encoding ${leaf.encoding.slice(8)}`) }
    : {}),
});

const verdictOf = (parts: readonly ConvertedPart[]): Verdict =>
  parts.every(({ conversion }) => conversion.kind === 'converted')
    ? { kind: 'sanitized' }
    : { kind: 'sanitized-with-hold' };

/** Characters of each text that the administrators' page gets. */
const MAX_PREVIEW = 1_000_000;

const preview = (before: string, after: string, hidden: string): Preview => ({
  version: 1,
  textBefore: before.slice(0, MAX_PREVIEW),
  textAfter: after.slice(0, MAX_PREVIEW),
  hiddenText: hidden.slice(0, MAX_PREVIEW),
});

interface Findings {
  readonly verdict: Verdict;
  readonly header: HeaderFacts;
  readonly body: BodyReport;
  readonly parts: readonly ConvertedPart[];
  readonly defects: readonly Defect[];
  readonly limits: readonly string[];
  readonly policy: Pick<Policy, 'version'>;
}

function reportOf({ verdict, header, body, parts, defects, limits, policy }: Findings): Report {
  const names = [...outputNames(parts.flatMap(({ files }) => files))];
  return {
    version: 1,
    verdict,
    header: {
      subject: cleanLine(header.subject, 1000),
      from: shownList(header.from),
      to: shownList(header.to),
      cc: shownList(header.cc),
      // RFC 5322 §3.3: what stands in brackets is a comment, free text of the sender's that the database need not hold.
      date: cleanLine(header.date.replace(/\(.*$/s, ''), 200),
      messageId: cleanLine(header.messageId, 1000),
    },
    body,
    attachments: parts.map((part) => partReport(part, names.splice(0, part.files.length))),
    defects,
    limits: [...new Set(limits)],
    versions: { gateway: GATEWAY_VERSION, policy: policy.version, engines: ENGINE_VERSIONS },
    timings: {},
  };
}

/** A list of a thousand names is cut before it is joined: the report holds 1,000 characters. */
const shownList = (mailboxes: readonly UntrustedMailbox[]): string =>
  cleanLine(
    mailboxes
      .slice(0, 100)
      .map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))
      .join(', '),
    1000,
  );

function compose(
  job: MessageJob,
  header: HeaderFacts,
  body: string,
  report: Report,
  parts: readonly ConvertedPart[],
  shown: Preview,
  clock: Stopwatch,
): MessageAnswer {
  const bytes = composeMessage({
    facts: job.facts,
    header,
    body,
    files: parts.flatMap(({ files }) => files),
    report,
    maxBodyChars: job.policy.limits.maxBodyChars,
  });
  clock.lap('compose');
  return { bytes, report: { ...report, timings: clock.laps() }, preview: shown };
}

interface Stopwatch {
  lap(name: string): void;
  laps(): Readonly<Record<string, number>>;
}

/** Milliseconds between laps, to a hundredth. */
function stopwatch(): Stopwatch {
  let last = performance.now();
  const laps: Record<string, number> = {};
  return {
    lap(name) {
      const now = performance.now();
      laps[name] = Math.round((now - last) * 100) / 100;
      last = now;
    },
    laps: () => laps,
  };
}
