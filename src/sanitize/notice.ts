/**
 * Messages that stand alone, written from trusted facts only: nothing of the original is opened or named, so they can be
 * written after a child died of it. They pass the same gate as any other message.
 */
import type { NoticeJob, TrustedFacts } from '../message/jobs.ts';
import { fill, HOLD_SENTENCES, type Language, NOTICE_SENTENCES as N } from '../message/texts.ts';
import { cleanLine } from './body/characters.ts';
import { safeText } from './body/safe-text.ts';
import { assemble, receivedField } from './compose.ts';
import { mailDate, readableDate } from './dates.ts';
import { field, mailboxTokens, subjectTokens, words } from './header-fields.ts';

/** One screen; an undeliverable mail to more recipients is named by the first ones. */
const MAX_RECIPIENTS = 10;

/** The notice in CRLF form, without receipt. */
export function composeNotice(job: NoticeJob, language: Language = 'ja'): Uint8Array {
  const { facts, notice } = job;
  const subject = notice.kind === 'undeliverable' ? N.undeliverableSubject : N.heldSubject;
  // Whoever asks about a mail names that mail's number, not the notice's.
  const { messageId: id } = notice.kind === 'message-held' ? facts : notice.about;
  const sender = `${cleanLine(facts.tenant.name, 40)} ${fill(N.gateway, language)}`.trim();
  const to = job.to.map((address) => ({ name: '', address }));
  const fields = [
    receivedField(facts),
    // Its own id: the original's, or one made from its id for the recipients, belong to the message itself.
    field('Message-ID', [{ text: `<${facts.messageId}.${notice.kind}@${facts.gatewayHost}>` }]),
    field('Date', words(mailDate(facts.receivedAtMs))),
    field('From', mailboxTokens([{ name: sender, address: job.from }], 'From: '.length)),
    to.length > 0 ? field('To', mailboxTokens(to.slice(0, 500), 'To: '.length)) : '',
    field('Subject', subjectTokens(fill(subject, language, { id }))),
  ];
  const text = [fill(N.heading, language, { tenant: cleanLine(facts.tenant.name, 40) }), ...lines(job, language)];
  text.push(fill(N.reference, language, { id }));
  if (facts.contact !== '') text.push(fill(N.ask, language, { contact: cleanLine(facts.contact, 200) }));
  return assemble(fields.join(''), safeText(text.join('\n'), 'defang', language).text, []);
}

function lines({ facts, notice }: NoticeJob, language: Language): string[] {
  if (notice.kind === 'message-held') {
    const reason = fill(HOLD_SENTENCES[notice.reason], language);
    const to = fill(N.to, language, { to: cleanLine(facts.recipients.slice(0, MAX_RECIPIENTS).join(', '), 500) });
    const [envelope, received] = envelopeLines(facts, language);
    return [fill(N.held, language), fill(N.reason, language, { reason }), envelope, to, received];
  }
  if (notice.kind === 'too-large') return [fill(N.tooLarge, language), ...envelopeLines(notice.about, language)];
  const failed = notice.failed
    .slice(0, MAX_RECIPIENTS)
    .map(({ recipient, reply }) =>
      fill(N.failed, language, { recipient: cleanLine(recipient, 254), reply: cleanLine(reply, 200) }),
    );
  const more = notice.failed.length - failed.length;
  if (more > 0) failed.push(fill(N.more, language, { count: more }));
  return [fill(N.undeliverable, language), ...failed, ...envelopeLines(notice.about, language)];
}

type Envelope = Pick<TrustedFacts, 'reversePath' | 'receivedAtMs'>;

/** Who sent it, and when it came. */
function envelopeLines({ reversePath, receivedAtMs }: Envelope, language: Language): readonly [string, string] {
  return [
    fill(N.envelope, language, { address: cleanLine(reversePath, 254) || fill(N.noEnvelope, language) }),
    fill(N.received, language, { time: readableDate(receivedAtMs, language) }),
  ];
}
