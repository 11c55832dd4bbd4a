/**
 * What must hold of every message that the child wrote, whatever went in: the gate and the inspector take it, a grammar
 * judge that shares nothing with them does, the report fits its schema and names each file, no converter threw.
 */
import { createHash } from 'node:crypto';
import { parsePreview, parseReport } from '../../src/config/report-schema.ts';
import { type Draft, readDraft } from '../../src/gate/grammar.ts';
import type { MessageJob } from '../../src/message/jobs.ts';
import type { AttachmentReport, Report } from '../../src/message/report.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type MessageAnswer, sanitizeMessage } from '../../src/sanitize/sanitize.ts';
import { JOB, judge as throughGate } from '../../test/attacks/gate/door.ts';
import { textFaults } from '../../test/judges/grammar/characters.ts';
import { messageFaults } from '../../test/judges/grammar/judge.ts';
import { type Canary, openAviary, sightings } from '../../test/kit/canary.ts';
import type { Depth, Execution, Scrutiny } from './target.ts';

type Fitting = Extract<Draft, { kind: 'fits' }>;

/** How a target looks at messages. */
export interface MessageRules {
  readonly policy?: Partial<Policy>;
  depthOf(report: Report): Depth;
  /** Puts a word into a place whose content no reader sees, without changing what the rest means. */
  plant(input: Buffer, word: string): Buffer;
  /** Converters whose engine may trap on hostile bytes: a declared end, counted. */
  readonly mayFail?: RegExp;
}

/** INV-08; a second notice takes up to 6,000 bytes of text. */
const GROWTH = 1.05;
const NOTICE_BYTES = 6_000;
const SLACK_BYTES = 256;

/** One mail through the child's function and the gate, in this process. */
export async function throughMessage(input: Buffer, scrutiny: Scrutiny, rules: MessageRules): Promise<Execution> {
  const job = jobOf(rules);
  const { bytes, canaries } =
    scrutiny === 'full' ? withWord(input, rules.plant) : { bytes: input, canaries: [] as readonly Canary[] };
  const made = await sanitizeMessage(job, bytes, () => undefined);
  const problems = [...(await problemsOf(made, bytes, rules.mayFail))];
  if (scrutiny === 'full') {
    problems.push(...survivors(made.bytes, canaries));
    if (problems.length === 0) problems.push(...(await againProblems(job, made.bytes)));
  }
  return { depth: rules.depthOf(made.report), problems, tallies: talliesOf(made.report) };
}

/** Everything that is wrong with what the child answered to this mail. */
export async function problemsOf(made: MessageAnswer, original: Buffer, mayFail = NONE): Promise<readonly string[]> {
  const problems = [...reportProblems(made, mayFail)];
  const draft = readDraft(made.bytes);
  if (draft.kind === 'misfit') return [...problems, ...draft.problems.map((problem) => `gate: ${problem}`)];
  problems.push(...fileProblems(draft, made.report), ...bodyFaults(draft));
  const passed = await throughGate(made.bytes);
  return passed.kind === 'refused'
    ? [...problems, ...passed.problems.map((problem) => `${passed.by}: ${problem}`)]
    : [...problems, ...messageFaults(latin1(passed.bytes), latin1(original)).map((fault) => `judge: ${fault}`)];
}

const NONE = /(?!)/;

const jobOf = ({ policy = {} }: MessageRules): MessageJob => ({ ...JOB, policy: { ...JOB.policy, ...policy } });

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

function withWord(input: Buffer, plant: MessageRules['plant']): { bytes: Buffer; canaries: readonly Canary[] } {
  const aviary = openAviary();
  return { bytes: plant(input, aviary.die('a place that nobody sees')), canaries: aviary.canaries };
}

function* reportProblems({ report, preview }: MessageAnswer, mayFail: RegExp): Generator<string> {
  if (parseReport(report) === undefined) yield 'report: not of its schema';
  if (parsePreview(preview) === undefined) yield 'preview: not of its schema';
  for (const { reason, detail = '' } of report.attachments) {
    if (reason === 'sanitizer-failed' && !mayFail.test(detail)) yield `a converter threw: ${detail}`;
  }
}

/** Every file that goes on is one that the report tells of, or one that the composer writes of the text itself. */
function fileProblems({ leaves }: Fitting, report: Report): readonly string[] {
  const told = new Set(report.attachments.flatMap(({ outputs }) => outputs.map(({ sha256 }) => sha256)));
  const untold = leaves.filter(({ bytes }) => !told.has(sha256(bytes)));
  // A list of what is held, and the rest of a long text.
  return untold.length > 2 || untold.some(({ type }) => type !== 'text' && type !== 'zip')
    ? untold.map(({ name }) => `a file that the report does not tell: ${name}`)
    : [];
}

const bodyFaults = ({ bodyText }: Fitting): readonly string[] =>
  textFaults(Buffer.from(bodyText).toString('utf8')).map((fault) => `judge: body: ${fault}`);

const survivors = (bytes: Uint8Array, canaries: readonly Canary[]): readonly string[] =>
  sightings(bytes, canaries, 'message').map(
    ({ spelling, where }) => `a word that must die lives: ${spelling} ${where}`,
  );

/** INV-08: what we wrote is a mail like any other. */
async function againProblems(job: MessageJob, bytes: Uint8Array): Promise<readonly string[]> {
  const once = readDraft(bytes);
  if (once.kind === 'misfit') return once.problems;
  const { bytes: again, report } = await sanitizeMessage(job, bytes, () => undefined);
  if (report.verdict.kind === 'held') return [`twice: held for ${report.verdict.reason}`];
  // A text of ours whose words spell a page is taken for one, by its bytes, and may show nothing as a page.
  const problems = report.attachments
    .filter((each) => isHeld(each) && each.detectedType !== 'html')
    .map(({ reason, detail }) => `twice: blocked ${reason} ${detail}`);
  const twice = readDraft(again);
  if (twice.kind === 'misfit') return [...problems, ...twice.problems.map((problem) => `twice: gate: ${problem}`)];
  const [before, after] = [shapeOf(once), shapeOf(twice)];
  const isPage = report.attachments.some((each) => isHeld(each) && each.detectedType === 'html');
  if (isPage) return problems;
  if (before.join() !== after.slice(0, before.length).join() || after.length > before.length + 1) {
    problems.push(`twice: files ${before.join(' ')} became ${after.join(' ')}`);
  }
  once.leaves.forEach(({ type, name, bytes: first }, i) => {
    const second = twice.leaves[i]?.bytes ?? first;
    // A text that begins like a page is read as one: its words stay, its markup goes.
    const readAs = report.attachments.find((each) => each.sha256 === sha256(first))?.detectedType;
    if ((readAs === 'text' || readAs === 'csv') && !Buffer.from(first).equals(second)) {
      problems.push(`twice: ${type} changed: ${name}`);
    } else if (second.length > first.length * GROWTH + SLACK_BYTES) {
      problems.push(`twice: ${type} grew from ${first.length} to ${second.length} bytes`);
    }
  });
  if (twice.bodyText.length > once.bodyText.length * GROWTH + NOTICE_BYTES) problems.push('twice: the text grew');
  return problems;
}

const shapeOf = ({ leaves }: Fitting): readonly string[] => leaves.map(({ name, type }) => `${name} (${type})`);

const isHeld = ({ outcome }: AttachmentReport): boolean => outcome === 'blocked' || outcome === 'waiting-for-password';

const talliesOf = ({ verdict, attachments }: Report): readonly string[] => [
  ...(verdict.kind === 'held' ? [`held: ${verdict.reason}`] : []),
  ...new Set(attachments.flatMap(({ reason, outcome, detectedType }) => [`${detectedType}: ${reason ?? outcome}`])),
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A field of no standing on top: nothing else changes. Not where the mail begins with something that is no field. */
export function plantField(input: Buffer, word: string): Buffer {
  const isField = /^[A-Za-z][A-Za-z0-9-]*:/.test(input.toString('latin1', 0, 100));
  return isField ? Buffer.concat([Buffer.from(`X-Mailer: ${word}\r\n`), input]) : input;
}

/** How far mails get: held as a whole, or read and written anew. */
export const mailDepth = ({ verdict, attachments, body }: Report): Depth =>
  verdict.kind === 'held'
    ? 'refused'
    : body.source !== 'none' || attachments.some(({ outputs }) => outputs.length > 0)
      ? 'written'
      : 'read';
