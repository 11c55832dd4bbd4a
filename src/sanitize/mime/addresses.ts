/**
 * Address lists (RFC 5322 §3.4) → mailboxes, decoded and otherwise untouched.
 *
 * Danger: 50,000 addresses, nested groups, comments in comments (threats.tsv M73, CVE-2025-14874); a display name that
 * shows another address. Method: one linear scan without recursion, groups flattened, at most MAX_MAILBOXES read.
 */
import { decodeHeaderLatin1 } from '../charset/header.ts';
import type { UntrustedMailbox } from '../header-fields.ts';
import { isShiftJisTrail } from './parameters.ts';

/** More than any list a reader looks at; the composer writes 500. */
export const MAX_MAILBOXES = 1000;

export interface AddressList {
  readonly mailboxes: readonly UntrustedMailbox[];
  /** True when the list goes on behind MAX_MAILBOXES. */
  readonly cut: boolean;
}

/** @param value one byte a char, folds removed */
export function parseAddresses(value: string): AddressList {
  const mailboxes: UntrustedMailbox[] = [];
  let text = '';
  let comment = '';
  let angle: string | undefined;
  let at = 0;

  const finish = (): void => {
    const mailbox = mailboxOf(text, comment, angle);
    if (mailbox !== undefined) mailboxes.push(mailbox);
    text = '';
    comment = '';
    angle = undefined;
  };

  while (at < value.length && mailboxes.length < MAX_MAILBOXES) {
    const char = value.charAt(at);
    if (char === '\x1b' && value.charAt(at + 1) === '$') {
      // Raw ISO-2022-JP: commas and brackets in there are halves of kanji.
      const end = value.indexOf('\x1b(', at);
      const next = end < 0 ? value.length : end + 3;
      text += value.slice(at, next);
      at = next;
    } else if (char === '"') {
      const quoted = readQuoted(value, at);
      text += quoted.text;
      at = quoted.end;
    } else if (char === '(') {
      const read = readComment(value, at);
      comment += read.text;
      at = read.end;
    } else if (char === '<') {
      const close = value.indexOf('>', at);
      const next = close < 0 ? value.length : close;
      angle ??= value.slice(at + 1, next);
      at = next + 1;
    } else if (char === ',' || char === ';') {
      finish();
      at++;
    } else if (char === ':' && angle === undefined && !text.includes('@')) {
      // A group's name, `undisclosed-recipients:`: the names of its members follow.
      text = '';
      at++;
    } else {
      text += char;
      at++;
    }
  }
  const cut = at < value.length;
  if (!cut) finish();
  return { mailboxes: mailboxes.slice(0, MAX_MAILBOXES), cut };
}

function mailboxOf(text: string, comment: string, angle: string | undefined): UntrustedMailbox | undefined {
  const plain = text.replace(/\s+/g, ' ').trim();
  if (angle !== undefined) {
    const name = plain === '' ? comment.trim() : plain;
    return plain === '' && angle.trim() === '' ? undefined : { name: decode(name), address: decode(angle.trim()) };
  }
  if (plain === '') return undefined;
  if (plain.includes('@') && !plain.includes('=?'))
    return { name: decode(comment.trim()), address: decode(plain.replace(/\s/g, '')) };
  return { name: decode(plain), address: '' };
}

const decode = (raw: string): string => decodeHeaderLatin1(raw.slice(0, 4096));

/** A quoted-string's content from the quote at `at`; an unclosed one goes to the end. */
function readQuoted(value: string, at: number): { text: string; end: number } {
  let text = '';
  let i = at + 1;
  for (; i < value.length; i++) {
    const char = value.charAt(i);
    if (char === '\x1b' && value.charAt(i + 1) === '$') {
      const end = value.indexOf('\x1b(', i);
      const next = end < 0 ? value.length : end + 3;
      text += value.slice(i, next);
      i = next - 1;
    } else if (char === '\\' && !isShiftJisTrail(value, i)) text += value.charAt(++i);
    else if (char === '"') return { text, end: i + 1 };
    else text += char;
  }
  return { text, end: i };
}

/** A comment's content from the bracket at `at`, nested ones flattened; an unclosed one goes to the end. */
function readComment(value: string, at: number): { text: string; end: number } {
  let text = '';
  let depth = 0;
  let i = at;
  for (; i < value.length; i++) {
    const char = value.charAt(i);
    if (char === '\\') text += value.charAt(++i);
    else if (char === '(') depth++;
    else if (char === ')') {
      depth--;
      if (depth === 0) return { text, end: i + 1 };
    } else text += char;
  }
  return { text, end: i };
}
