/**
 * A mail in a mail (message/rfc822, .eml) → its text as a text file, and its attachments, each for itself.
 *
 * Danger: everything a mail can hold, one level deeper, where filters stop looking (threats.tsv M34, A39).
 * Method: the same two readers, plan and text rules as for the outer mail; what they find goes round again.
 * Kept: sender, recipients, date and subject as text, the body, attachments. Lost: every other header field, HTML's looks,
 * signatures, the mail as a file that a mail program opens.
 */
import { fill, NESTED_SENTENCES as N, type Sentence } from '../../../message/texts.ts';
import { cleanLine } from '../../body/characters.ts';
import { addRemovals, safeText } from '../../body/safe-text.ts';
import { blocked, type Converter, type InnerFile } from '../../converter.ts';
import { parseDate, readableDate } from '../../dates.ts';
import type { HeaderFacts } from '../../header-facts.ts';
import type { UntrustedMailbox } from '../../header-fields.ts';
import { headerFacts } from '../../mime/facts.ts';
import type { Leaf, MimeMessage } from '../../mime/tree.ts';
import { readMessage } from '../../mime/union.ts';
import { stemOf } from '../../names.ts';
import { droppedBy, planOf } from '../../plan.ts';
import { type MessageText, messageText } from '../../text.ts';
import { textFile } from '../text/write.ts';

export const eml: Converter = {
  name: 'eml',
  accepts: ['eml'],
  documentation: {
    danger: 'everything a mail can hold, where filters stop looking; mails in mails without end',
    method:
      'read by the same two readers as the outer mail, its text written anew, each attachment made safe for itself',
    kept: 'sender, recipients, date, subject and text (as .txt), attachments',
    lost: 'other header fields, layout, signatures, the form of a mail that can be opened and answered',
  },

  async convert({ bytes, untrustedName }, { policy, left }) {
    const limits = { maxParts: Math.max(1, left.files), maxDepth: Math.max(1, left.depth) };
    const message = await readMessage(bytes, { limits, lineEnds: 'any' });
    if (message.hold !== undefined) return blocked(BLOCKED_FOR[message.hold], `mail: ${message.hold}`);
    const { facts } = headerFacts(message.header);
    const plan = planOf(message);
    const body = messageText(plan.body, policy, {}, () => undefined);
    const shown = safeText(`${headerLines(facts).join('\n')}\n\n${body.text}`, policy.links);
    const stem = untrustedName === '' ? facts.subject.replace(/[\\/]/g, '_') : stemOf(untrustedName);
    const detail = message.defects.map(({ what, count }) => `${what} ${count}`).join(', ');
    return {
      kind: 'container',
      entries: [...heldTexts(body), ...plan.files.map(innerFile)],
      files: [textFile(shown.text, stem)],
      outcome: 'text',
      untrustedStem: stem,
      removed: addRemovals(body.report.removed, droppedBy(plan)),
      ...(detail === '' ? {} : { detail }),
    };
  },
};

const BLOCKED_FOR = {
  fragment: 'fragment',
  'remote-content': 'remote-content',
  'limit-exceeded': 'limit-exceeded',
  'unexplained-bytes': 'malformed',
} as const satisfies Record<NonNullable<MimeMessage['hold']>, string>;

const innerFile = (leaf: Leaf): InnerFile => ({
  untrustedName: leaf.untrustedNames[0] ?? '',
  otherUntrustedNames: leaf.untrustedNames.slice(1),
  untrustedCharset: leaf.charset,
  declaredType: leaf.contentType.type,
  levels: 1 + leaf.within.length,
  open: () =>
    leaf.encoding.startsWith('unknown:')
      ? blocked('encoding-unknown', `Content-Transfer-Encoding ${leaf.encoding.slice(8)}`)
      : leaf.bytes,
});

const heldTexts = ({ held }: MessageText): readonly InnerFile[] =>
  held.map(({ leaf, reason, detail }) => ({ ...innerFile(leaf), open: () => blocked(reason, detail) }));

/** Mailboxes shown of one list; a mail to hundreds is no better understood by all of them. */
const MAX_SHOWN = 50;

/** What a reader needs to know of the mail, above its text. */
function headerLines({ from, to, cc, date, subject }: HeaderFacts): readonly string[] {
  // The clock is not ours to read here: any date from 1990 on is shown.
  const atMs = parseDate(date, Number.MAX_SAFE_INTEGER);
  const sent = atMs === undefined || atMs > LAST_DATE_MS ? cleanLine(date, 100) : readableDate(atMs, 'ja');
  const line = (sentence: Sentence, value: string): readonly string[] =>
    value === '' ? [] : [fill(sentence, 'ja', { value })];
  return [
    ...line(N.from, shownList(from)),
    ...line(N.to, shownList(to)),
    ...line(N.cc, shownList(cc)),
    ...line(N.date, sent),
    ...line(N.subject, cleanLine(subject, 500)),
  ];
}

const LAST_DATE_MS = Date.UTC(2100, 0, 1);

function shownList(mailboxes: readonly UntrustedMailbox[]): string {
  const shown = mailboxes
    .slice(0, MAX_SHOWN)
    .map(({ name, address }) => cleanLine(name === '' ? address : `${name} <${address}>`, 300));
  const more = mailboxes.length - shown.length;
  return more > 0 ? `${shown.join(', ')} ${fill(N.more, 'ja', { count: more })}` : shown.join(', ');
}
