/**
 * Whether bytes are text, and what kind of text. Names and labels can only make the answer stricter (a text called `.js`
 * is a script) or tell a table from prose; they never make anything of what is not text.
 */
import type { FileType } from '../../message/file-type.ts';
import { latin1 } from './magic.ts';
import { hasStatements, isScript } from './script.ts';

/** threats.tsv M59: more than one control byte in a hundred is not text. */
const MAX_CONTROLS = 0.01;
/** Start of a text that is looked at for what it is. */
const HEAD = 8192;

const HTML_START =
  /^(?:<!--[\s\S]{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|script|meta|title|iframe|table|div|p|a|style|base|form|center|font)\b/i;
const SVG_START =
  /^(?:<!--[\s\S]{0,2000}?-->\s*|<\?[^>]{0,500}>\s*|<!doctype\s+svg[^>[]{0,500}(?:\[[^\]]{0,6000}\]\s*)?>\s*)*<(?:svg:)?svg\b/i;
const HTML_NAMES = new Set(['html', 'htm', 'xhtml', 'xht', 'shtml', 'shtm', 'asp', 'aspx', 'jsp']);
const MAIL_NAMES = new Set(['eml', 'mht', 'mhtml', 'mbox']);
/** What is named or declared a mail is one when it begins with a field, or a mailbox's separator, and has one of these. */
const FIELD_START = /^(?:>?From [^\n]{1,200}\r?\n)?[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:/;
const MAIL_FIELD =
  /^(?:from|to|subject|date|mime-version|content-type|received|message-id|return-path|delivered-to)[ \t]*:/im;

export interface TextHints {
  /** Of the name: lower case, '' when there is none. */
  readonly extensions: readonly string[];
  /** Lower case, without parameters. */
  readonly declaredType: string;
}

/** undefined: these bytes are not text. */
export function textType(bytes: Uint8Array, hints: TextHints): FileType | undefined {
  if (!isText(bytes)) return undefined;
  // UTF-16 has its ASCII letters at every other byte; without its NULs the patterns below read it.
  const raw = latin1(bytes, 0, HEAD);
  const head = (
    /^(?:\xff\xfe|\xfe\xff)/.test(raw) ? raw.slice(2).replaceAll('\0', '') : raw.replace(/^\xef\xbb\xbf/, '')
  ).trimStart();
  if (isScript(head, hints.extensions)) return 'script';
  const kind = kindOf(head, hints);
  // A page holds statements in its script elements, which the converter drops; a text that holds them is a program.
  return (kind === 'text' || kind === 'csv') && hasStatements(head) ? 'script' : kind;
}

function kindOf(head: string, { extensions, declaredType }: TextHints): FileType {
  const extension = extensions.at(-1) ?? '';
  if (SVG_START.test(head) || extension === 'svg') return 'svg';
  const mail = MAIL_NAMES.has(extension) || declaredType === 'message/rfc822' || declaredType === 'message/global';
  if (mail && FIELD_START.test(head) && MAIL_FIELD.test(head.split(/\r?\n\r?\n/, 1)[0] ?? '')) return 'eml';
  if (HTML_START.test(head)) return 'html';
  if (HTML_NAMES.has(extension) || /^(?:text\/html|application\/xhtml\+xml)$/.test(declaredType)) {
    if (/<[a-z!/]/i.test(head)) return 'html';
  }
  if (/^begin:vcalendar/i.test(head)) return 'calendar';
  if (/^begin:vcard/i.test(head)) return 'vcard';
  if (/^<\?xml\b/i.test(head)) return /<(?:x?html)[\s>]/i.test(head) ? 'html' : 'xml';
  if (extension === 'csv' || extension === 'tsv' || extension === 'tab') return 'csv';
  return /^text\/(?:csv|tab-separated-values|comma-separated-values)$/.test(declaredType) ? 'csv' : 'text';
}

/** UTF-16 with its mark, or bytes that hold no NUL, hardly any control, and read as one of the charsets in use. */
function isText(bytes: Uint8Array): boolean {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return isUtf16(bytes);
  let controls = 0;
  let high = 0;
  for (const byte of bytes) {
    if (byte === 0) return false;
    // ESC belongs to ISO-2022-JP; BS to FF and line ends to old printers.
    if (byte < 0x20 && byte !== 0x1b && (byte < 0x08 || byte > 0x0d) && byte !== 0x1a) controls += 1;
    else if (byte >= 0x80) high += 1;
  }
  if (controls > bytes.length * MAX_CONTROLS) return false;
  return high === 0 || isReadable(bytes, high);
}

function isUtf16(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be');
  const text = decoder.decode(bytes.subarray(0, HEAD * 8));
  const bad = text.match(/[\x00-\x08\x0e-\x1f\uFFFD\uE000-\uF8FF]/g)?.length ?? 0;
  return bad <= text.length * MAX_CONTROLS;
}

/** Sample for charsets: enough to tell them from compressed data, where nearly every third byte pair is wrong. */
const SAMPLE = 256 * 1024;

function isReadable(bytes: Uint8Array, high: number): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  // Western text has few high bytes, and no charset of which it could be an error.
  if (high <= bytes.length * 0.1) return true;
  // U+FFFD in well-formed UTF-8 is what another reader could not read: a character here, not an error.
  const whole = wellFormed(sample);
  if (whole !== undefined) return (whole.match(/[\x80-\x9f]/g)?.length ?? 0) <= whole.length * MAX_CONTROLS + 1;
  return ['utf-8', 'shift_jis', 'euc-jp'].some((charset) => {
    const text = new TextDecoder(charset).decode(sample);
    const bad = text.match(/[\uFFFD\x80-\x9f]/g)?.length ?? 0;
    return bad <= text.length * MAX_CONTROLS + 1;
  });
}

/** The text of well-formed UTF-8, a character cut at its end left out; undefined for anything else. */
function wellFormed(sample: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
  } catch {
    return undefined;
  }
}
