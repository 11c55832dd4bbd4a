/** What became of a load: every mail exactly once at the sink, and for ours what is inside. */
import type { Database } from '../../src/database/database.ts';
import { verifyForwarded } from '../../src/gate/forwarded.ts';
import type { PublicKey } from '../../src/keys/keys.ts';
import { type LoadMail, letterLine } from './mails.ts';

const MESSAGE_ID = /^Message-ID: (<[^>]+>)\r?$/im;

/** @returns a sentence for each kind of trouble; empty when every mail arrived once and nothing else did. */
export function arrivalProblems(mails: readonly LoadMail[], received: readonly Buffer[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const bytes of received) {
    const id = messageIdOf(bytes);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const lost = mails.filter(({ messageId }) => !counts.has(messageId)).length;
  const twice = [...counts.values()].filter((count) => count > 1).length;
  const sent = new Set(mails.map(({ messageId }) => messageId));
  const strange = [...counts.keys()].filter((id) => !sent.has(id)).length;
  return [
    ...(lost > 0 ? [`${lost} mails did not arrive`] : []),
    ...(twice > 0 ? [`${twice} mails arrived more than once`] : []),
    ...(strange > 0 ? [`${strange} mails arrived that nobody sent`] : []),
  ];
}

const messageIdOf = (bytes: Buffer): string => MESSAGE_ID.exec(bytes.toString('latin1', 0, 8192))?.[1] ?? '';

/** Receipt, tenant, grammar, the whole letter, and the attachment made anew: for each mail that our gateway delivered. */
export function contentProblems(
  mails: readonly LoadMail[],
  received: readonly Buffer[],
  verifiers: readonly PublicKey[],
): readonly string[] {
  const byId = new Map(mails.map((mail) => [mail.messageId, mail]));
  const problems = received.flatMap((bytes) => {
    const mail = byId.get(messageIdOf(bytes));
    const problem = mail === undefined ? 'unknown mail' : contentProblem(mail, bytes, verifiers);
    return problem === undefined ? [] : [problem];
  });
  return [...new Set(problems)];
}

function contentProblem(mail: LoadMail, bytes: Buffer, verifiers: readonly PublicKey[]): string | undefined {
  const verdict = verifyForwarded(bytes, verifiers);
  if (verdict.kind !== 'verified') return verdict.problems.join('; ');
  if (verdict.repairs.length > 0) return 'other bytes on the wire than were signed';
  if (`${verdict.receipt.tenant}.example` !== mail.domain) return 'receipt of another tenant';
  const { bodyText, leaves } = verdict.draft;
  // A letter that is longer than a body may be goes on in a text file of ours.
  const texts = [bodyText, ...leaves.filter(({ type }) => type === 'text').map(({ bytes }) => bytes)];
  const lines = new Set(
    texts.flatMap((bytes) =>
      Buffer.from(bytes)
        .toString()
        .split(/\uFEFF|\r?\n/),
    ),
  );
  const missing = Array.from({ length: mail.letter.lines }, (_, line) => line).filter(
    (line) => !lines.has(letterLine(mail.letter.number, line)),
  );
  if (missing.length > 0) return `${missing.length} of ${mail.letter.lines} lines of a letter are missing`;
  const expected = mail.kind === 'text' ? [] : [mail.kind === 'pdf' ? 'pdf' : 'jpeg'];
  const files = leaves.map(({ type }) => type).filter((type) => type !== 'text');
  return files.join() === expected.join() ? undefined : `${mail.kind}: another attachment`;
}

/** Rows of the database: every recipient `delivered`, no job left, parts as expected. */
export async function outcomeProblems(database: Database, mails: readonly LoadMail[]): Promise<readonly string[]> {
  const ids = new Set(mails.map(({ messageId }) => messageId));
  const messages = await database.read.selectFrom('message').select(['id', 'untrusted_message_id']).execute();
  const ours = new Set(messages.filter(({ untrusted_message_id: id }) => ids.has(id ?? '')).map(({ id }) => id));
  const states = await database.read.selectFrom('recipient').select(['message_id', 'state']).execute();
  const parts = await database.read.selectFrom('part').select(['message_id', 'outcome', 'detected_type']).execute();
  const undelivered = states.filter(({ message_id: id, state }) => ours.has(id) && state !== 'delivered').length;
  const made = parts.filter(({ message_id: id }) => ours.has(id));
  const wrong = made.filter(({ outcome, detected_type: type }) => !(OUTCOMES[type] ?? []).includes(outcome)).length;
  const expected = mails.filter(({ kind }) => kind !== 'text').length;
  return [
    ...(ours.size === mails.length ? [] : [`${ours.size} of ${mails.length} messages in the database`]),
    ...(undelivered > 0 ? [`${undelivered} not «delivered»`] : []),
    ...(wrong > 0 ? [`${wrong} attachments with another outcome`] : []),
    ...(made.length === expected ? [] : [`${made.length} attachments, expected ${expected}`]),
  ];
}

/** Outcomes of the load's two kinds of attachment. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = { pdf: ['rebuilt', 'pdf'], jpeg: ['rebuilt'] };
