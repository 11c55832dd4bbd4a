/**
 * The text of an SVG file, in a charset that we know, without document type: what the parser gets.
 *
 * Danger: declared charsets that differ from the bytes (threats.tsv X04), entities (X01, X02), style sheets by instruction
 * (X03). Method: bytes are decoded here, strictly; a document type with definitions is refused, one without is cut out.
 */
import type { BlockReason } from '../../../message/outcome.ts';

export type SvgText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: BlockReason; readonly detail: string };

/** What editors write. UTF-7, EBCDIC and the like are only ever lies. */
const CHARSETS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
  shift_jis: 'shift_jis',
  'shift-jis': 'shift_jis',
  'windows-31j': 'shift_jis',
  'euc-jp': 'euc-jp',
};

/** Longer than any declaration, document type and comment that editors put first. */
const PROLOGUE_CHARS = 16_384;

const refused = (reason: BlockReason, detail: string): SvgText => ({ kind: 'refused', reason, detail });

export function svgText(bytes: Uint8Array, maxChars: number): SvgText {
  if (bytes.length > 2 * maxChars) return refused('limit-exceeded', `${bytes.length} bytes`);
  const charset = charsetOf(bytes);
  if (charset === undefined) return refused('malformed', 'a charset that no drawing has');
  let text: string;
  try {
    text = new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return refused('malformed', `not ${charset}`);
  }
  if (text.length > maxChars) return refused('limit-exceeded', `${text.length} characters`);
  // Also inside comments and CDATA, where it would be harmless: nobody misses such drawings.
  if (/<!ENTITY|<!ELEMENT|<!ATTLIST|<!NOTATION/i.test(text))
    return refused('unsupported-image', 'a document type with definitions');
  // What stands before the drawing, and only there: each pattern is tried once on a short text.
  const head = text
    .slice(0, PROLOGUE_CHARS)
    .replace(/^\s*<\?xml\s[^>]{0,200}\?>/, '')
    .replace(/<!DOCTYPE[^>[]{0,2000}(?:\[\s{0,2000}\]\s{0,20})?>/i, '');
  const plain = head + text.slice(PROLOGUE_CHARS);
  return /<!DOCTYPE/i.test(plain)
    ? refused('unsupported-image', 'a document type of another form')
    : { kind: 'text', text: plain.trimStart() };
}

/** Byte order mark first, then what the declaration says; without either it is UTF-8 (XML 1.0 §4.3.3). */
function charsetOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 400)).toString('latin1');
  if (start.startsWith('\xff\xfe')) return 'utf-16le';
  if (start.startsWith('\xfe\xff')) return 'utf-16be';
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w-]{1,40})["']/.exec(start)?.[1];
  return declared === undefined ? 'utf-8' : CHARSETS[declared.toLowerCase()];
}
