/**
 * Structured header values: `type; name=value; name*0*=…` (RFC 2045 §5.1, RFC 2231), and every way people get them wrong.
 *
 * Danger: readers disagree on comments, quotes, duplicates and continuations, so one sees a file where another sees none
 * (threats.tsv M04–M13, M50–M53). Method: one tolerant scan which keeps all candidates and names each oddity; who
 * decides between candidates is reader.ts. Values are latin1 strings, one byte a char.
 */
import { charsetOf, decodeText } from '../charset/decode.ts';
import { decodeHeaderLatin1 } from '../charset/header.ts';

export interface RawParameter {
  /** Lower case, without RFC 2231's marks. */
  readonly name: string;
  /** RFC 2231 §3 section number, -1 when there is none. */
  readonly section: number;
  /** RFC 2231 §4: percent-encoded, perhaps with charset and language. */
  readonly extended: boolean;
  readonly value: string;
}

export interface StructuredValue {
  /** What stands before the first semicolon, comments removed, trimmed, lower case. */
  readonly value: string;
  readonly parameters: readonly RawParameter[];
  /** Stable words of what was odd. */
  readonly oddities: readonly string[];
}

/** More parameters than any mail has; RFC 2231 continuations of long names need about 20. */
const MAX_PARAMETERS = 200;

/** Scans one value. Never fails; linear. */
export function parseStructured(raw: string): StructuredValue {
  const oddities = new Set<string>();
  if (raw.includes('\0')) oddities.add('nul-in-header');
  const pieces = splitAtSemicolons(raw.replaceAll('\0', ''), oddities);
  const value = (pieces[0] ?? '').trim().toLowerCase();
  const parameters: RawParameter[] = [];
  for (const piece of pieces.slice(1, MAX_PARAMETERS + 1)) {
    const parameter = parseParameter(piece, oddities);
    if (parameter !== undefined) parameters.push(parameter);
  }
  if (pieces.length > MAX_PARAMETERS + 1) oddities.add('too-many-parameters');
  return { value, parameters, oddities: [...oddities] };
}

/**
 * Inside an unquoted file name a bracket is part of it, against RFC 822: `filename*=UTF-8''%E6%A1%88(1).pdf` is what
 * JavaScript's encodeURIComponent makes, and mail programs show it so. Behind a blank it is a comment as ever.
 */
const IN_NAME = /^\s{0,20}(?:file)?name[*\d]{0,6}\s{0,20}=\s{0,20}[^\s"]/i;
/** What the expression can need of a piece. */
const IN_NAME_CHARS = 100;

/** Cuts at semicolons outside quotes; removes comments outside quotes; keeps the quotes. */
function splitAtSemicolons(raw: string, oddities: Set<string>): string[] {
  const pieces: string[] = [];
  let piece = '';
  let quoted = false;
  let depth = 0;
  let kanji = false;
  let beforeComment = '';
  let last = '';
  // A piece that grows by characters is put together anew at each look: of a long one only the head was looked at, once.
  let longInName: boolean | undefined;
  const isInName = (): boolean => {
    if (piece.length < IN_NAME_CHARS) return IN_NAME.test(piece);
    longInName ??= IN_NAME.test(piece.slice(0, IN_NAME_CHARS));
    return longInName;
  };
  const add = (text: string): void => {
    piece += text;
    last = text;
  };
  for (let i = 0; i < raw.length; i++) {
    const char = raw.charAt(i);
    // Raw ISO-2022-JP holds quotes and backslashes as halves of kanji: nothing counts until the escape back.
    if (char === '\x1b') kanji = raw.startsWith('$', i + 1);
    if (kanji) {
      add(char);
    } else if (char === '\\' && !isShiftJisTrail(raw, i) && (quoted || depth > 0) && i + 1 < raw.length) {
      if (depth === 0) {
        add(char);
        add(raw.charAt(i + 1));
      }
      i++;
    } else if (depth > 0) {
      if (char === '(') depth++;
      else if (char === ')') depth--;
    } else if (char === '"') {
      quoted = !quoted;
      add(char);
    } else if (char === '(' && !quoted && isInName() && !/\s/.test(last)) {
      add(char);
    } else if (char === '(' && !quoted) {
      oddities.add('comment');
      depth = 1;
      beforeComment = raw.slice(i);
    } else if (char === ';' && !quoted) {
      pieces.push(piece);
      piece = '';
      last = '';
      longInName = undefined;
    } else add(char);
  }
  if (quoted) {
    oddities.add('unclosed-quote');
    // A quote that is never closed swallowed the rest: cut it where the writer meant to.
    const parts = piece.split(';');
    pieces.push(...parts);
    return pieces;
  }
  if (depth > 0) {
    oddities.add('unclosed-comment');
    piece += beforeComment;
    pieces.push(...piece.split(';'));
    return pieces;
  }
  pieces.push(piece);
  return pieces;
}

/** Raw Shift_JIS: 0x5C may be the second half of a kanji (表, ソ, 能), and then escapes nothing (threats.tsv M53). */
export function isShiftJisTrail(raw: string, at: number): boolean {
  let leads = 0;
  for (let i = at - 1; i >= 0; i--) {
    const code = raw.charCodeAt(i);
    if ((code >= 0x81 && code <= 0x9f) || (code >= 0xe0 && code <= 0xfc)) leads++;
    else break;
  }
  return leads % 2 === 1;
}

function parseParameter(piece: string, oddities: Set<string>): RawParameter | undefined {
  const equals = piece.indexOf('=');
  if (equals < 0) {
    if (piece.trim() !== '') oddities.add('parameter-without-value');
    return undefined;
  }
  const rawName = piece.slice(0, equals);
  const rawValue = piece.slice(equals + 1);
  if (/\s$/.test(rawName) || /^[ \t]/.test(rawValue)) oddities.add('space-around-equals');
  const match = /^([^*]*)(?:\*(\d{1,4}))?(\*)?$/.exec(rawName.trim().toLowerCase());
  if (match === null)
    return { name: rawName.trim().toLowerCase(), section: -1, extended: false, value: unquote(rawValue, oddities) };
  return {
    name: (match[1] ?? '').trim(),
    section: match[2] === undefined ? -1 : Number(match[2]),
    extended: match[3] !== undefined,
    value: unquote(rawValue, oddities),
  };
}

function unquote(raw: string, oddities: Set<string>): string {
  const trimmed = raw.trim();
  if (!trimmed.startsWith('"')) {
    if (/["\\]/.test(trimmed)) oddities.add('quote-inside-token');
    return trimmed;
  }
  let value = '';
  let kanji = false;
  for (let i = 1; i < trimmed.length; i++) {
    const char = trimmed.charAt(i);
    if (char === '\x1b') kanji = trimmed.startsWith('$', i + 1);
    if (kanji) value += char;
    else if (char === '\\' && i + 1 < trimmed.length && !isShiftJisTrail(trimmed, i)) value += trimmed.charAt(++i);
    else if (char === '"') {
      if (trimmed.slice(i + 1).trim() !== '') oddities.add('text-after-quote');
      return value;
    } else value += char;
  }
  return value;
}

/**
 * All values that readers give this parameter, undecoded, likeliest first, without duplicates: the first of plain
 * duplicates, the last, RFC 2231 pieces joined in the order of their numbers and in the order in which they stand.
 */
export function candidatesOf(structured: StructuredValue, name: string): string[] {
  const own = structured.parameters.filter((parameter) => parameter.name === name);
  const plain = own.filter((parameter) => parameter.section < 0 && !parameter.extended).map(({ value }) => value);
  const extended = own
    .filter((parameter) => parameter.section < 0 && parameter.extended)
    .map(({ value }) => percentDecode(stripCharset(value)));
  const sections = own.filter((parameter) => parameter.section >= 0);
  const joined =
    sections.length === 0
      ? []
      : [joinSections(firstOfEach(sections)), joinSections(firstOfEach(sections.toReversed())), joinSections(sections)];
  return [...new Set([...plain, ...extended, ...joined])];
}

/** Decoded values, best first: RFC 2231 forms before plain ones, encoded-words undone (invalid in parameters, but everyday). */
export function decodedCandidatesOf(structured: StructuredValue, name: string): string[] {
  const own = structured.parameters.filter((parameter) => parameter.name === name);
  const decoded: string[] = [];
  for (const parameter of own) {
    if (parameter.section < 0 && parameter.extended) decoded.push(decodeExtended(parameter.value));
  }
  const sections = own.filter((parameter) => parameter.section >= 0);
  if (sections.length > 0) {
    const ordered = firstOfEach(sections);
    decoded.push(
      ordered.some(({ extended }) => extended) ? decodeSections(ordered) : decodeHeaderLatin1(joinSections(ordered)),
    );
  }
  for (const parameter of own) {
    if (parameter.section < 0 && !parameter.extended) decoded.push(decodeHeaderLatin1(parameter.value));
  }
  return [...new Set(decoded.filter((value) => value !== ''))];
}

/** Sections in the order of their numbers, the first of duplicates; what follows a hole still counts (the name would be cut). */
function firstOfEach(sections: readonly RawParameter[]): RawParameter[] {
  const byNumber = new Map<number, RawParameter>();
  for (const section of sections) if (!byNumber.has(section.section)) byNumber.set(section.section, section);
  return [...byNumber.values()].sort((a, b) => a.section - b.section);
}

const joinSections = (sections: readonly RawParameter[]): string =>
  sections
    .map(({ value, extended }, i) => (extended ? percentDecode(i === 0 ? stripCharset(value) : value) : value))
    .join('');

function decodeSections(sections: readonly RawParameter[]): string {
  const label = charsetLabel(sections[0]?.value ?? '');
  return decodeText(Buffer.from(joinSections(sections), 'latin1'), charsetOf(label)).text;
}

/** `charset'language'percent-encoded` (RFC 2231 §4). Without the two apostrophes all of it is the value. */
function decodeExtended(value: string): string {
  const plain = percentDecode(stripCharset(value));
  // Some writers percent-encode encoded-words.
  if (plain.includes('=?')) return decodeHeaderLatin1(plain);
  return decodeText(Buffer.from(plain, 'latin1'), charsetOf(charsetLabel(value))).text;
}

const EXTENDED = /^([^']*)'[^']*'/;

const charsetLabel = (value: string): string => EXTENDED.exec(value)?.[1] ?? '';

const stripCharset = (value: string): string => value.replace(EXTENDED, '');

const percentDecode = (value: string): string =>
  value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
