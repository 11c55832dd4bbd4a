/**
 * One header block (RFC 5322 §2.2) → fields with offsets, and where the body begins.
 *
 * Danger: readers disagree on where a header ends and what a field is (threats.tsv M14–M19, M64, M65). Method: one line
 * at a time, lenient as everyday mail needs; each leniency is a defect, and those on which readers split are `forks`,
 * which make reader.ts read the message a second time the other way.
 */
import type { HeaderField } from './tree.ts';

/** The choices of one reading, all off in the main one. */
export interface HeaderRules {
  /** A line of only white space ends the header (main: it continues a field). */
  readonly blankFoldEnds: boolean;
  /** A line without colon ends the header (main: it does when no field follows directly). */
  readonly junkEnds: boolean;
  /** A continuation line that reads `Content-…:` is a field of its own. */
  readonly foldedFieldCounts: boolean;
}

export type HeaderFork = keyof HeaderRules;

export interface HeaderSpan {
  readonly kind: 'envelope' | 'header' | 'gap';
  readonly start: number;
  readonly end: number;
}

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where fields, junk and the blank line stand; tiles [start, bodyStart). */
  readonly spans: readonly HeaderSpan[];
  readonly bodyStart: number;
  readonly defects: readonly string[];
  readonly forks: readonly HeaderFork[];
  readonly overLimit: boolean;
}

/** Bytes of one header block; mailsplit's limit too. Beyond it is no header but an attack. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Fields of one block; the corpus' largest has 62. */
const MAX_FIELDS = 2000;

const FIELD_NAME = /^[!-9;-~]+$/;
const LOOKS_LIKE_FIELD = /^[A-Za-z][A-Za-z0-9-]*[ \t]*:/;
const FOLDED_CONTENT_FIELD = /^[ \t]+content-(?:type|transfer-encoding|disposition)[ \t]*:/i;
const MBOX_LINE = /^>?From /;

interface Line {
  readonly start: number;
  /** Behind the line end. */
  readonly end: number;
  /** Without the line end. */
  readonly text: string;
}

/**
 * @param isDelimiter says whether the line at this offset is a delimiter of an open multipart (then the header ends)
 * @param isRoot an mbox line and leading blank lines are looked for at the message's beginning only
 */
export const readHeader = (
  data: Buffer,
  start: number,
  rules: HeaderRules,
  isRoot: boolean,
  isDelimiter: (lineStart: number) => boolean,
): HeaderBlock => new HeaderReader(data, start, rules, isRoot).read(isDelimiter);

/** Line by line; each step takes a line or says that the header has ended before it. */
class HeaderReader {
  readonly #data: Buffer;
  readonly #rules: HeaderRules;
  readonly #isRoot: boolean;
  readonly #start: number;
  readonly #fields: HeaderField[] = [];
  readonly #spans: { kind: HeaderSpan['kind']; start: number; end: number }[] = [];
  readonly #defects: string[] = [];
  readonly #forks = new Set<HeaderFork>();
  #at: number;
  /** Where the first line that is not blank stands. */
  #first: number;
  /** The field being read: its lines are joined when the next one begins. */
  #open: { lines: string[]; start: number; end: number } | undefined;

  constructor(data: Buffer, start: number, rules: HeaderRules, isRoot: boolean) {
    this.#data = data;
    this.#rules = rules;
    this.#isRoot = isRoot;
    this.#start = start;
    this.#at = start;
    this.#first = start;
  }

  read(isDelimiter: (lineStart: number) => boolean): HeaderBlock {
    if (this.#isRoot) this.#skipBlankLines();
    let overLimit = false;
    for (let goesOn = true; goesOn && this.#at < this.#data.length; ) {
      overLimit = this.#at - this.#start > MAX_HEADER_BYTES || this.#fields.length > MAX_FIELDS;
      if (overLimit) break;
      if (this.#data[this.#at] === 0x2d && isDelimiter(this.#at)) {
        this.#defects.push('missing-blank-line');
        break;
      }
      goesOn = this.#step(lineAt(this.#data, this.#at));
    }
    this.#close();
    const [fields, spans, defects] = [this.#fields, this.#spans, this.#defects];
    return { fields, spans, bodyStart: this.#at, defects, forks: [...this.#forks], overLimit };
  }

  #skipBlankLines(): void {
    const skipped = leadingBlankLines(this.#data, this.#start);
    if (skipped === this.#start) return;
    this.#defects.push('leading-blank-line');
    this.#spans.push({ kind: 'gap', start: this.#start, end: skipped });
    this.#at = skipped;
    this.#first = skipped;
  }

  /** False when the header ends with this line, or before it. */
  #step(line: Line): boolean {
    if (line.text === '') {
      this.#take('header', line);
      return false;
    }
    if (line.text.startsWith(' ') || line.text.startsWith('\t')) return this.#continuation(line);
    if (isFieldStart(line.text) || foldedBeforeColon(this.#data, line)) {
      this.#begin(line, line.text);
      return true;
    }
    if (this.#isRoot && this.#at === this.#first && MBOX_LINE.test(line.text)) {
      this.#defects.push('mbox-from');
      this.#take('envelope', line);
      return true;
    }
    return this.#junk(line);
  }

  /** A line that begins with white space: the rest of a field, unless readers disagree (M16, M64). */
  #continuation(line: Line): boolean {
    if (line.text.trim() === '') {
      this.#defects.push('blank-fold');
      this.#forks.add('blankFoldEnds');
      if (this.#rules.blankFoldEnds) {
        this.#take('header', line);
        return false;
      }
    }
    if (this.#open === undefined) {
      if (!LOOKS_LIKE_FIELD.test(line.text.trim())) return false;
      this.#defects.push('leading-space');
      this.#begin(line, line.text.trim());
      return true;
    }
    if (FOLDED_CONTENT_FIELD.test(line.text)) {
      this.#defects.push('folded-field');
      this.#forks.add('foldedFieldCounts');
      if (this.#rules.foldedFieldCounts) {
        this.#begin(line, line.text.trim());
        return true;
      }
    }
    this.#open.lines.push(line.text);
    this.#open.end = line.end;
    this.#take('header', line);
    return true;
  }

  /** A line without colon: skipped when a field follows, otherwise the body has begun. */
  #junk(line: Line): boolean {
    this.#defects.push('header-without-colon');
    const fieldsFollow = LOOKS_LIKE_FIELD.test(lineAt(this.#data, line.end).text);
    if (fieldsFollow) this.#forks.add('junkEnds');
    if (!fieldsFollow || this.#rules.junkEnds) return false;
    this.#close();
    this.#take('gap', line);
    return true;
  }

  #begin(line: Line, text: string): void {
    this.#close();
    this.#open = { lines: [text], start: line.start, end: line.end };
    this.#take('header', line);
  }

  #close(): void {
    if (this.#open !== undefined) this.#fields.push(fieldOf(this.#open, this.#defects));
    this.#open = undefined;
  }

  #take(kind: HeaderSpan['kind'], line: Line): void {
    const last = this.#spans.at(-1);
    if (last?.kind === kind) last.end = line.end;
    else this.#spans.push({ kind, start: line.start, end: line.end });
    this.#at = line.end;
  }
}

function lineAt(data: Buffer, start: number): Line {
  const feed = data.indexOf(0x0a, start);
  const end = feed < 0 ? data.length : feed + 1;
  const contentEnd = feed < 0 ? end : feed > start && data[feed - 1] === 0x0d ? feed - 1 : feed;
  return { start, end, text: data.toString('latin1', start, contentEnd) };
}

/** Name, colon: with the blanks and NULs around the name that some readers ignore (M14). */
function isFieldStart(text: string): boolean {
  const colon = text.indexOf(':');
  return colon > 0 && FIELD_NAME.test(cleanName(text.slice(0, colon)));
}

const cleanName = (name: string): string => name.replaceAll('\0', '').trim();

/** `Content-Type` CRLF ` : text/plain` (M16). */
function foldedBeforeColon(data: Buffer, line: Line): boolean {
  return FIELD_NAME.test(cleanName(line.text)) && /^[ \t]+:/.test(lineAt(data, line.end).text);
}

function fieldOf(open: { lines: string[]; start: number; end: number }, defects: string[]): HeaderField {
  const text = open.lines.join('');
  const colon = text.indexOf(':');
  const rawName = text.slice(0, colon);
  const name = cleanName(rawName);
  if (rawName.includes('\0') || text.includes('\0', colon)) defects.push('nul-in-header');
  if (/\s$/.test(rawName)) defects.push('space-before-colon');
  if (text.includes('\r')) defects.push('bare-cr');
  return { name: name.toLowerCase(), value: text.slice(colon + 1).trim(), start: open.start, end: open.end };
}

/** Offset behind blank lines at the beginning, when a field follows them; else `start`. */
function leadingBlankLines(data: Buffer, start: number): number {
  let at = start;
  while (data[at] === 0x0a || (data[at] === 0x0d && data[at + 1] === 0x0a)) at += data[at] === 0x0a ? 1 : 2;
  const text = lineAt(data, at).text;
  return LOOKS_LIKE_FIELD.test(text) || MBOX_LINE.test(text) ? at : start;
}
