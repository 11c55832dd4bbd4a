/**
 * Header fields as docs/output-grammar.md §1–§3 spells them. Danger: header injection (threats.tsv B01–B04), names that
 * show another address. Method: every value is cut into tokens that the grammar knows; nothing is copied through.
 */
import { domainToASCII } from 'node:url';
import { cleanLine } from './body/characters.ts';

const MAX_LINE = 76;
/** Mailboxes of To, Cc and Reply-To together that the header shows: docs/output-grammar.md §2. */
export const MAX_MAILBOXES = 500;

/** A mailbox as read from the original: decoded, otherwise untouched. */
export interface UntrustedMailbox {
  readonly name: string;
  readonly address: string;
}

/** A piece of a field that is never cut; `breakBefore`: it begins a new line whatever room there is. */
export interface Token {
  readonly text: string;
  readonly breakBefore?: boolean;
}

/** A whole field with its CRLF, folded greedily between tokens. */
export function field(name: string, tokens: readonly Token[]): string {
  const lines: string[] = [];
  let line = `${name}:`;
  for (const { text, breakBefore } of tokens) {
    if (breakBefore === true || line.length + 1 + text.length > MAX_LINE) {
      lines.push(line);
      line = '';
    }
    line += ` ${text}`;
  }
  lines.push(line);
  return `${lines.join('\r\n')}\r\n`;
}

export const words = (text: string): Token[] => text.split(' ').map((word) => ({ text: word }));

/** Subject: as it is when plain ASCII words spell it, else in encoded words. Empty for an empty one. */
export function subjectTokens(untrusted: string): readonly Token[] {
  const subject = cleanLine(untrusted, 998);
  if (subject === '') return [];
  if (/^[\x21-\x7e]{1,60}(?: [\x21-\x7e]{1,60})*$/.test(subject) && !subject.includes('=?')) return words(subject);
  return encodedWords(subject, 'Subject: '.length, false);
}

/** The tokens of one or more mailboxes. @param column octets of the line in front of the first, with its space. */
export function mailboxTokens(mailboxes: readonly UntrustedMailbox[], column: number): readonly Token[] {
  return mailboxes.flatMap((mailbox, i) => {
    const address = addrSpec(mailbox.address);
    const shown = cleanLine(address === undefined ? `${mailbox.name} ${mailbox.address}` : mailbox.name, 200);
    const comma = i < mailboxes.length - 1 ? ',' : '';
    const angle = `<${address ?? 'unreadable@invalid'}>${comma}`;
    const later = i > 0;
    if (shown === '') return [{ text: angle, breakBefore: later }];
    return [...phrase(shown, later ? 1 : column, later), { text: angle }];
  });
}

function phrase(text: string, column: number, breakBefore: boolean): readonly Token[] {
  if (!/^[A-Za-z0-9_-]{1,60}(?: [A-Za-z0-9_-]{1,60})*$/.test(text)) return encodedWords(text, column, breakBefore);
  return words(text).map((token, i) => (i === 0 ? { ...token, breakBefore } : token));
}

/** RFC 2047 B encoding in UTF-8, whole characters, each word as full as its line allows. */
function encodedWords(text: string, column: number, breakBefore: boolean): Token[] {
  const tokens: Token[] = [];
  let chunk = '';
  let bytes = 0;
  let room = roomAt(column);
  const flush = (): void => {
    const text = `=?UTF-8?B?${Buffer.from(chunk, 'utf8').toString('base64')}?=`;
    tokens.push({ text, breakBefore: tokens.length > 0 || breakBefore });
    chunk = '';
    bytes = 0;
    room = roomAt(1);
  };
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > room) flush();
    chunk += character;
    bytes += size;
  }
  flush();
  return tokens;
}

/** Octets of text that an encoded word can hold on a line of which `column` octets are used. */
const roomAt = (column: number): number => 3 * Math.floor((MAX_LINE - column - '=?UTF-8?B??='.length) / 4);

const LOCAL = /^[A-Za-z0-9!#$&'*+\-/=?^_`{|}~.]{1,64}$/;
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** The address as ASCII addr-spec with its domain in lower-case A-labels; undefined when it cannot be spelled so. */
export function addrSpec(untrusted: string): string | undefined {
  if (untrusted.length > 1000) return undefined;
  const bare = untrusted.trim().replace(/^<(.*)>$/, '$1');
  const at = bare.lastIndexOf('@');
  if (at <= 0) return undefined;
  // Quotes around a local part that needs none, as mobile carriers' addresses with odd dots have them.
  const local = bare.slice(0, at).replace(/^"([^"\\]*)"$/, '$1');
  const written = bare.slice(at + 1);
  const lower = written.toLowerCase();
  const domain = DOMAIN.test(lower) ? lower : /[^\x00-\x7f]/.test(written) ? domainToASCII(written) : '';
  const address = `${local}@${domain}`;
  return LOCAL.test(local) && domain.length <= 253 && DOMAIN.test(domain) && address.length <= 254
    ? address
    : undefined;
}

const MSG_ID = /^<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+>$/;

/** The msg-id with its brackets; undefined for anything else. */
export function messageId(untrusted: string): string | undefined {
  const id = untrusted.trim();
  return id.length <= 250 && MSG_ID.test(id) ? id : undefined;
}
