/**
 * Writes the message that goes on: headers from an allow-list, a notice, the text, the rebuilt files.
 * The exact grammar is docs/output-grammar.md; the gate reads it with a parser of its own.
 *
 * Danger: whatever is copied from the original (a header, a boundary, an encoding) may mean something else to the next
 * reader. Method: nothing is copied; values are decoded, cleaned, and spelled again in the one way the grammar has.
 */
import { randomBytes } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { SAFE_TYPES, type SafeType } from '../message/file-type.ts';
import type { TrustedFacts } from '../message/jobs.ts';
import type { Report } from '../message/report.ts';
import { fill, type Language, NOTICE_SENTENCES, type Sentence } from '../message/texts.ts';
import { heldList, renderNotice } from './banner.ts';
import { crlf, safeText } from './body/safe-text.ts';
import type { SafeFile } from './converter.ts';
import { mailDate, parseDate } from './dates.ts';
import { textFile } from './formats/text/write.ts';
import type { HeaderFacts } from './header-facts.ts';
import {
  addrSpec,
  field,
  MAX_MAILBOXES,
  mailboxTokens,
  messageId,
  subjectTokens,
  type Token,
  type UntrustedMailbox,
  words,
} from './header-fields.ts';
import { outputNames } from './names.ts';

export interface ComposeInput {
  readonly facts: TrustedFacts;
  readonly header: HeaderFacts;
  /** Text of the body as renderBody answered it (LF line ends). Not used when the verdict is 'held'. */
  readonly body: string;
  /** All files that go on, in order; their final names are `outputNames(files)`. */
  readonly files: readonly SafeFile[];
  readonly report: Pick<Report, 'verdict' | 'body' | 'attachments' | 'defects'>;
  /** policy.limits.maxBodyChars: a longer body continues in an attached text file. */
  readonly maxBodyChars: number;
  readonly language?: Language;
}

/** docs/output-grammar.md §2 */
const MAX_REFERENCES = 50;
/** grammar §4 */
const MAX_ATTACHMENTS = 500;
const RULE = '─'.repeat(30);

/** The forwarded message in CRLF form, without receipt. @throws RangeError on more than 500 files: the caller's limits forbid that. */
export function composeMessage(input: ComposeInput): Uint8Array {
  const { facts, header, language = 'ja' } = input;
  const { body, rest } = splitBody(input.body, input.maxBodyChars);
  const held = input.report.verdict.kind === 'held';
  const continued = rest !== '' && !held ? [ownText(rest, NOTICE_SENTENCES.bodyFile, language)] : [];
  const list = held ? '' : heldList(input.report.attachments, language);
  const listed = list === '' ? [] : [ownText(list, NOTICE_SENTENCES.heldFile, language)];
  const files = held ? [] : [...input.files, ...listed, ...continued];
  const names = outputNames(files);
  const notice = renderNotice({
    facts,
    header,
    report: input.report,
    names,
    continuedIn: continued.length > 0 ? (names.at(-1) ?? '') : '',
    heldListedIn: listed.length > 0 ? (names[input.files.length] ?? '') : '',
    dateReadable: parseDate(header.date, facts.receivedAtMs) !== undefined,
    language,
  });
  const text = held ? `${notice}\n` : `${notice}\n${RULE}\n\n${shownBody(body, continued.length > 0, language)}\n`;
  return assemble(
    headerOf(facts, header),
    text,
    files.map((file, i) => ({ file, name: names[i] ?? '' })),
  );
}

function shownBody(body: string, continues: boolean, language: Language): string {
  const text = body.trim() === '' ? fill(NOTICE_SENTENCES.noBody, language) : body.replace(/^\n+/, '').trimEnd();
  return continues ? `${text}\n\n${fill(NOTICE_SENTENCES.continues, language)}` : text;
}

/** Cuts at a line end near the limit, or, when there is none, between two characters. */
function splitBody(text: string, maxChars: number): { readonly body: string; readonly rest: string } {
  if (text.length <= maxChars) return { body: text, rest: '' };
  const lineEnd = text.lastIndexOf('\n', maxChars);
  let cut = lineEnd > maxChars / 2 ? lineEnd + 1 : maxChars;
  if (/[\uDC00-\uDFFF]/.test(text.charAt(cut))) cut -= 1;
  return { body: text.slice(0, cut), rest: text.slice(cut) };
}

function ownText(text: string, name: Sentence, language: Language): SafeFile {
  // Safe text cut in two need not be safe: `hxxps://` becomes `xps://`, a line's middle its start.
  return textFile(safeText(text, 'defang', language).text, fill(name, language));
}

function headerOf(facts: TrustedFacts, header: HeaderFacts): string {
  const dateMs = parseDate(header.date, facts.receivedAtMs) ?? facts.receivedAtMs;
  const own = `<${facts.messageId}@${facts.gatewayHost}>`;
  const references = header.references.flatMap((id) => messageId(id) ?? []);
  const answered = header.inReplyTo.slice(0, 10_000).match(/<[^<>\s]{3,248}>/g) ?? [];
  const inReplyTo = answered.flatMap((id) => messageId(id) ?? [])[0];
  const from = shownSender(header.from);
  const to = header.to.slice(0, MAX_MAILBOXES);
  const cc = header.cc.slice(0, MAX_MAILBOXES - to.length);
  const replyTo = header.replyTo.slice(0, MAX_MAILBOXES - to.length - cc.length);
  return [
    receivedField(facts),
    field('Message-ID', [{ text: messageId(header.messageId) ?? own }]),
    field('Date', words(mailDate(dateMs))),
    field('From', mailboxTokens([from ?? { name: '', address: facts.reversePath }], 'From: '.length)),
    listField('To', to),
    listField('Cc', cc),
    listField('Reply-To', replyTo),
    optional('Subject', subjectTokens(header.subject)),
    optional('In-Reply-To', inReplyTo === undefined ? [] : [{ text: inReplyTo }]),
    optional(
      'References',
      trimReferences(references).map((text) => ({ text })),
    ),
  ].join('');
}

/** Everything below the header fields that differ from mail to mail; shared with notice.ts. */
export function assemble(
  fields: string,
  text: string,
  attachments: readonly {
    readonly file: { readonly type: SafeType; readonly bytes: Uint8Array };
    readonly name: string;
  }[],
): Uint8Array {
  if (attachments.length > MAX_ATTACHMENTS) throw new RangeError(`${attachments.length} attachments`);
  const head = `${fields}MIME-Version: 1.0\r\n`;
  const textLeaf = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
  const textBytes = base64Lines(Buffer.from(crlf(text), 'utf8'));
  if (attachments.length === 0) return Buffer.concat([Buffer.from(head + textLeaf, 'latin1'), textBytes]);
  const boundary = `=_sekisho_${randomBytes(16).toString('hex')}`;
  const parts: Buffer[] = [
    Buffer.from(
      `${head}Content-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n--${boundary}\r\n${textLeaf}`,
      'latin1',
    ),
    textBytes,
  ];
  for (const { file, name } of attachments) {
    parts.push(
      Buffer.from(`--${boundary}\r\n${attachmentHead(file.type, name)}\r\n`, 'latin1'),
      base64Lines(file.bytes),
    );
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`, 'latin1'));
  return Buffer.concat(parts);
}

function attachmentHead(type: SafeType, name: string): string {
  const media = SAFE_TYPES[type].mediaType;
  const charset = media.startsWith('text/') ? '; charset=utf-8' : '';
  return (
    `Content-Type: ${media}${charset}\r\nContent-Transfer-Encoding: base64\r\n` +
    `Content-Disposition: attachment;\r\n${fileNameLines(name)}\r\n`
  );
}

/** RFC 2231 §3, §4: one parameter, or numbered pieces that each hold whole characters. */
function fileNameLines(name: string): string {
  const characters = [...name].map(percentEncoded);
  const whole = ` filename*=UTF-8''${characters.join('')}`;
  if (whole.length <= 76) return whole;
  const lines: string[] = [];
  let line = ` filename*0*=UTF-8''`;
  characters.forEach((character, i) => {
    const last = line.length + characters.slice(i).join('').length <= 76;
    if (!last && line.length + character.length + 1 > 76) {
      lines.push(`${line};`);
      line = ` filename*${lines.length}*=`;
    }
    line += character;
  });
  return [...lines, line].join('\r\n');
}

function percentEncoded(character: string): string {
  if (/^[A-Za-z0-9._-]$/.test(character)) return character;
  let encoded = '';
  for (const byte of Buffer.from(character, 'utf8')) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}

/** Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 §6.8). Written into one buffer: attachments are large. */
export function base64Lines(bytes: Uint8Array): Buffer {
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const lines = Math.ceil(encoded.length / 76);
  const out = Buffer.allocUnsafe(encoded.length + lines * 2);
  let at = 0;
  for (let i = 0; i < encoded.length; i += 76) {
    at += out.write(encoded.slice(i, i + 76), at, 'latin1');
    out[at++] = 0x0d;
    out[at++] = 0x0a;
  }
  return out;
}

export function receivedField(facts: TrustedFacts): string {
  const literal = addressLiteral(facts.peerAddress);
  const from: Token[] = literal === undefined ? [] : [{ text: 'from' }, { text: literal }];
  const by = words(`by ${facts.gatewayHost} with SMTP id ${facts.messageId}; ${mailDate(facts.receivedAtMs)}`);
  return field('Received', [...from, ...by]);
}

/** RFC 5321 §4.1.3; undefined when we do not know the peer (offline runs). */
function addressLiteral(peerAddress: string): string | undefined {
  const address = peerAddress.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (isIPv4(address)) return `[${address}]`;
  return isIPv6(address) && !address.includes('%') ? `[IPv6:${address}]` : undefined;
}

const optional = (name: string, tokens: readonly Token[]): string => (tokens.length === 0 ? '' : field(name, tokens));

const listField = (name: string, mailboxes: readonly UntrustedMailbox[]): string =>
  optional(name, mailboxTokens(mailboxes, name.length + 2));

/** One From only (B09): the first that has a usable address, or the first at all. */
export const shownSender = (from: readonly UntrustedMailbox[]): UntrustedMailbox | undefined =>
  from.find((mailbox) => addrSpec(mailbox.address) !== undefined) ?? from[0];

/** The thread's root and its latest ids: what mail programs sort by. */
function trimReferences(ids: readonly string[]): readonly string[] {
  const unique = [...new Set(ids)];
  return unique.length <= MAX_REFERENCES ? unique : [...unique.slice(0, 1), ...unique.slice(1 - MAX_REFERENCES)];
}
