/**
 * The notice on top of a forwarded message: what came, what was changed, what was held and how to ask. One screen at most.
 * Ordinary words only; whoever reads it works at a counter, not in a computer room.
 */
import type { TrustedFacts } from '../message/jobs.ts';
import type { Removal } from '../message/outcome.ts';
import type { AttachmentReport, Report } from '../message/report.ts';
import {
  BLOCK_SENTENCES,
  fill,
  HOLD_SENTENCES,
  type Language,
  NOTICE_SENTENCES as N,
  OUTCOME_SENTENCES,
  REMOVAL_SENTENCES,
} from '../message/texts.ts';
import { cleanLine } from './body/characters.ts';
import { MAX_REPORTED_LINKS } from './body/links.ts';
import { safeText } from './body/safe-text.ts';
import { readableDate } from './dates.ts';
import type { HeaderFacts } from './header-facts.ts';
import { addrSpec, type UntrustedMailbox } from './header-fields.ts';
import { senderWarnings } from './sender.ts';

export interface NoticeInput {
  readonly facts: TrustedFacts;
  readonly header: HeaderFacts;
  readonly report: Pick<Report, 'verdict' | 'body' | 'attachments' | 'defects'>;
  /** Final names of all outputs, in the order of the report's attachments and their outputs. */
  readonly names: readonly string[];
  /** Name of the file that holds the rest of a long body, '' when there is none. */
  readonly continuedIn: string;
  /** Name of the file that lists all held files, '' when they are few enough for the notice. */
  readonly heldListedIn: string;
  readonly dateReadable: boolean;
  readonly language: Language;
}

/** Files listed by name; a screen has about 24 lines and the rest of the notice needs a dozen. */
const MAX_FILES = 8;

/** Lines ended by LF, no line end behind the last. */
export function renderNotice(input: NoticeInput): string {
  const { facts, language, report } = input;
  const say = (sentence: Parameters<typeof fill>[0], values?: Readonly<Record<string, string | number>>): string =>
    fill(sentence, language, values);
  const changes = report.verdict.kind === 'held' ? [] : changeLines(input);
  const lines = [say(N.heading, { tenant: cleanLine(facts.tenant.name, 40) })];
  if (report.verdict.kind === 'held') {
    lines.push(
      say(N.held),
      say(N.reason, { reason: say(HOLD_SENTENCES[report.verdict.reason]) }),
      ...aboutLines(input),
    );
  } else {
    lines.push(say(changes.length > 0 ? N.changed : N.unchanged));
  }
  lines.push(...senderWarnings(facts, input.header, language), ...changes);
  lines.push(say(N.reference, { id: facts.messageId }));
  // Offline there is no one to ask, and nothing is kept.
  if (facts.contact !== '') lines.push(say(N.ask, { contact: cleanLine(facts.contact, 200) }));
  // File names and addresses come from the sender and stand in a text: the text rules are for them as well.
  return safeText(lines.join('\n'), 'defang', language).text;
}

/** Of a held message the reader sees nothing else: who sent it, when, about what. */
function aboutLines({ facts, header, language }: NoticeInput): string[] {
  return [
    fill(N.sender, language, { from: shownMailbox(header.from[0]) }),
    fill(N.envelope, language, { address: facts.reversePath || fill(N.noEnvelope, language) }),
    fill(N.subject, language, { subject: cleanLine(header.subject, 100) }),
    fill(N.received, language, { time: readableDate(facts.receivedAtMs, language) }),
  ];
}

const shownMailbox = (mailbox: UntrustedMailbox | undefined): string =>
  mailbox === undefined ? '' : cleanLine(`${mailbox.name} <${addrSpec(mailbox.address) ?? mailbox.address}>`, 120);

function changeLines(input: NoticeInput): string[] {
  const { report, language } = input;
  const lines = fileLines(input);
  const removed = removedLine(
    [...report.body.removed, ...report.attachments.flatMap((part) => (isEmptyFile(part) ? [] : part.removed))],
    language,
  );
  if (removed !== '') lines.push(removed);
  lines.push(...signatureLines(report.attachments, language));
  lines.push(...linkLines(report, language));
  lines.push(...defectLines(report, language));
  if (input.header.date !== '' && !input.dateReadable) lines.push(fill(N.badDate, language));
  if (input.continuedIn !== '') lines.push(fill(N.bodyContinued, language, { name: input.continuedIn }));
  return lines;
}

/**
 * Deviations that change nothing of what a reader sees: everyday habits of mail programs and lists. They stand in the
 * report for administrators. What is not named here is told, also a word that the MIME reader learns one day.
 */
const OF_NO_MATTER: ReadonlySet<string> = new Set([
  'base64-padding',
  'base64-url-alphabet',
  'blank-fold',
  'boundary-white-space',
  'charset-guessed',
  'comment-in-content-type',
  'comment-in-transfer-encoding',
  'duplicate-mime-version',
  'epilogue-text',
  'folded-field',
  'header-without-colon',
  'leading-blank-line',
  'leading-space',
  'lf-line-ends',
  'mbox-from',
  'missing-blank-line',
  'missing-close',
  'only-first-reader',
  'parameter-without-value-in-content-type',
  'preamble-text',
  'quoted-printable-malformed',
  'space-around-equals-in-content-type',
  'space-before-colon',
]);

function defectLines({ defects }: NoticeInput['report'], language: Language): string[] {
  const unreadable = defects.find(({ what }) => what === 'unreadable-characters')?.count ?? 0;
  const matters = defects.some(({ what }) => what !== 'unreadable-characters' && !OF_NO_MATTER.has(what));
  return [
    ...(unreadable > 0 ? [fill(N.unreadable, language, { count: unreadable })] : []),
    ...(matters ? [fill(N.defects, language)] : []),
  ];
}

/** Every held file with the reason, one a line, when they are more than the notice has room for; '' otherwise. */
export function heldList(all: readonly AttachmentReport[], language: Language): string {
  const held = all.filter(isHeld);
  return held.length <= MAX_FILES ? '' : held.map((part) => heldLine(part, all, language)).join('\n');
}

/** A container of which nothing goes on is not named beside the files in it: once is enough. */
const isHeld = ({ outcome, members }: AttachmentReport): boolean =>
  (outcome === 'blocked' || outcome === 'waiting-for-password') && (members ?? 0) === 0;

function fileLines({ report: { attachments }, names, heldListedIn, language }: NoticeInput): string[] {
  let next = 0;
  const held = attachments.filter(isHeld).map((part) => heldLine(part, attachments, language));
  const passed: string[] = [];
  for (const part of attachments) {
    const attached = part.outputs.filter(({ archivePath }) => archivePath === undefined).length;
    const outputs = names.slice(next, next + attached);
    next += attached;
    const isEnd = part.outcome !== 'blocked' && part.outcome !== 'waiting-for-password';
    const isShown = part.outputs.length > 0 || (part.members ?? 1) > 0 || isEmptyFile(part);
    if (isEnd && isShown && !isInBundle(part, attachments))
      passed.push(passedLine(part, attachments, outputs, language));
  }
  // What was held is what the reader must know; it comes first and is cut last.
  const lines = [...held, ...passed];
  const more = lines.length - MAX_FILES;
  if (more > 1) lines.splice(MAX_FILES, more, fill(N.more, language, { count: more }));
  return heldListedIn === ''
    ? lines
    : [...lines, fill(N.allHeld, language, { count: held.length, name: heldListedIn })];
}

/** An attachment with nothing in it is named (INV-15); in archives, where there may be hundreds, they are counted. */
const isEmptyFile = ({ path, removed }: AttachmentReport): boolean =>
  !path.includes('/') && removed.some(({ what }) => what === 'empty-file');

/** What went on inside an archive of ours is told by the archive's own line. */
const isInBundle = ({ path }: AttachmentReport, all: readonly AttachmentReport[]): boolean =>
  path.includes('/') && all.find((part) => part.path === path.split('/')[0])?.outputs.some(isBundle) === true;

const isBundle = ({ type, archivePath }: AttachmentReport['outputs'][number]): boolean =>
  type === 'zip' && archivePath === undefined;

/** `名前`, or `資料.zip > 名前` for a file in another. */
function shownName(
  { path, untrustedName }: AttachmentReport,
  all: readonly AttachmentReport[],
  language: Language,
): string {
  const name = shownEnd(untrustedName) || fill(N.unnamed, language);
  const [top, ...inside] = path.split('/');
  if (inside.length === 0) return name;
  const outermost = shownEnd(all.find((part) => part.path === top)?.untrustedName ?? '') || fill(N.unnamed, language);
  return `${outermost} > ${inside.length > 1 ? '… > ' : ''}${name}`;
}

const MAX_NAME = 60;

/** A long name's end: in an archive it begins with folders, and what a file is stands last. */
function shownEnd(untrustedName: string): string {
  // Macs send names decomposed (UAX #15: プ as フ and a mark); outputs are composed, and a reader sees no difference.
  const points = [...cleanLine(untrustedName.normalize('NFC'), 1000)];
  return points.length <= MAX_NAME ? points.join('') : cleanLine(`…${points.slice(1 - MAX_NAME).join('')}`, MAX_NAME);
}

function heldLine(part: AttachmentReport, all: readonly AttachmentReport[], language: Language): string {
  const name = shownName(part, all, language);
  if (part.outcome === 'waiting-for-password') return fill(N.waiting, language, { name });
  const reason = fill(BLOCK_SENTENCES[part.reason ?? 'sanitizer-failed'], language);
  return fill(N.blocked, language, { name, reason });
}

function passedLine(
  part: AttachmentReport,
  all: readonly AttachmentReport[],
  outputs: readonly string[],
  language: Language,
): string {
  const name = shownName(part, all, language);
  const output = cleanLine(outputs.length > 1 ? `${outputs[0]} …` : (outputs[0] ?? ''), 60);
  const count = part.members ?? 0;
  if (isEmptyFile(part)) return fill(N.emptyFile, language, { name });
  if (part.outputs.some(isBundle)) return fill(N.packed, language, { name, output, count });
  if (part.members !== undefined && output === '') return fill(N.unpacked, language, { name, count });
  const end = fill(OUTCOME_SENTENCES[part.outcome], language);
  return output === name || output === ''
    ? fill(N.file, language, { name, end })
    : fill(N.fileRenamed, language, { name, output, end });
}

function removedLine(removals: readonly Removal[], language: Language): string {
  const sums = new Map<Removal['what'], number>();
  for (const { what, count } of removals) sums.set(what, (sums.get(what) ?? 0) + count);
  if (sums.size === 0) return '';
  const items = [...sums].map(([what, count]) => fill(REMOVAL_SENTENCES[what], language, { count }));
  return fill(N.removed, language, { list: items.join(language === 'ja' ? '、' : ', ') });
}

function linkLines(report: NoticeInput['report'], language: Language): string[] {
  const fileLinks = report.attachments.flatMap(({ links = [] }) => links);
  const links = report.body.links.filter((link) => /^(?:hxxps?|fxp):/.test(link.target)).length;
  const suspicious = [...report.body.links, ...fileLinks].filter((link) => link.suspicion.length > 0).length;
  return [
    ...(suspicious > 0 ? [fill(N.suspiciousLinks, language, { count: suspicious })] : []),
    ...(links > 0 ? [fill(links < MAX_REPORTED_LINKS ? N.links : N.manyLinks, language, { count: links })] : []),
    ...(fileLinks.length > 0 ? [fill(N.fileLinks, language, { count: fileLinks.length })] : []),
  ];
}

/** A signature is what some files are sent for: that it is gone needs a line of its own. */
function signatureLines(attachments: readonly AttachmentReport[], language: Language): string[] {
  const count = attachments
    .flatMap(({ removed }) => removed)
    .reduce((sum, removal) => sum + (removal.what === 'signature' ? removal.count : 0), 0);
  return count > 0 ? [fill(N.fileSignatures, language, { count })] : [];
}
