/** What a message's header says about it: decoded, the first of duplicates, nothing believed. The composer cleans it. */
import { decodeHeaderLatin1 } from '../charset/header.ts';
import type { HeaderFacts } from '../header-facts.ts';
import { MAX_MAILBOXES, type UntrustedMailbox } from '../header-fields.ts';
import { parseAddresses } from './addresses.ts';
import type { Defect, HeaderField } from './tree.ts';

export interface ReadHeader {
  readonly facts: HeaderFacts;
  readonly defects: readonly Defect[];
}

/** RFC 5322 §3.6: each at most once. Which one a mail program shows differs, so we show the first and say so (M66). */
const SINGLETONS = [
  'from',
  'sender',
  'to',
  'cc',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
];
/** Two header lines of text; a reader sees less. */
const MAX_SUBJECT_BYTES = 8192;
/** About 1,000 addresses with names. */
const MAX_LIST_BYTES = 512 * 1024;
/** The composer writes 50 at most. */
const MAX_REFERENCES = 50;

export function headerFacts(fields: readonly HeaderField[]): ReadHeader {
  const defects: Defect[] = [];
  for (const name of SINGLETONS) {
    const count = fields.filter((field) => field.name === name).length;
    if (count > 1) defects.push({ what: `duplicate-${name}`, count: count - 1 });
  }
  const first = (name: string): string => fields.find((field) => field.name === name)?.value ?? '';
  const list = (name: string): readonly UntrustedMailbox[] => {
    const value = first(name);
    const { mailboxes, cut } = parseAddresses(value.slice(0, MAX_LIST_BYTES));
    if (cut || value.length > MAX_LIST_BYTES) defects.push({ what: 'too-many-addresses', count: 1 });
    return mailboxes;
  };
  const [to, cc, replyTo] = [list('to'), list('cc'), list('reply-to')];
  const surplus = to.length + cc.length + replyTo.length - MAX_MAILBOXES;
  if (surplus > 0) defects.push({ what: 'too-many-addresses', count: surplus });
  const facts = {
    subject: decodeHeaderLatin1(first('subject').slice(0, MAX_SUBJECT_BYTES)),
    from: list('from'),
    to,
    cc,
    replyTo,
    date: first('date').slice(0, 200),
    messageId: messageIds(first('message-id'))[0] ?? '',
    inReplyTo: messageIds(first('in-reply-to'))[0] ?? '',
    references: shortened(messageIds(first('references'))),
  };
  return { facts, defects };
}

/** `<…>` tokens of a value. Bounded before it is searched. */
const messageIds = (value: string): string[] => value.slice(0, 64 * 1024).match(/<[^<>\s]{1,998}>/g) ?? [];

/** RFC 5322 §3.6.4 keeps a thread together by its root and the latest ancestors. */
const shortened = (ids: readonly string[]): readonly string[] =>
  ids.length <= MAX_REFERENCES ? ids : [...ids.slice(0, 1), ...ids.slice(1 - MAX_REFERENCES)];
