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

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where fields, junk and the blank line stand; tiles [start, bodyStart). */
  readonly spans: readonly {
    readonly kind: 'envelope' | 'header' | 'gap';
    readonly start: number;
    readonly end: number;
  }[];
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
export function readHeader(
  data: Buffer,
  start: number,
  rules: HeaderRules,
  isRoot: boolean,
  isDelimiter: (lineStart: number) => boolean,
): HeaderBlock {
  const fields: HeaderField[] = [];
  const spans: { kind: 'envelope' | 'header' | 'gap'; start: number; end: number }[] = [];
  const defects: string[] = [];
  const forks = new Set<HeaderFork>();
  let at = start;
  let overLimit = false;
  /** The field being read: its lines are joined when the next one begins. */
  let open: { lines: string[]; start: number; end: number } | undefined;

  const take = (kind: 'envelope' | 'header' | 'gap', line: Line): void => {
    const last = spans.at(-1);
    if (last?.kind === kind) last.end = line.end;
    else spans.push({ kind, start: line.start, end: line.end });
    at = line.end;
  };
  const close = (): void => {
    if (open !== undefined) fields.push(fieldOf(open, defects));
    open = undefined;
  };

  if (isRoot) {
    const skipped = leadingBlankLines(data, start);
    if (skipped > start) {
      defects.push('leading-blank-line');
      spans.push({ kind: 'gap', start, end: skipped });
      at = skipped;
    }
  }
  const first = at;
  while (at < data.length) {
    if (at - start > MAX_HEADER_BYTES || fields.length > MAX_FIELDS) {
      overLimit = true;
      break;
    }
    if (data[at] === 0x2d && isDelimiter(at)) {
      defects.push('missing-blank-line');
      break;
    }
    const line = lineAt(data, at);
    if (line.text === '') {
      take('header', line);
      break;
    }
    if (line.text.startsWith(' ') || line.text.startsWith('\t')) {
      if (line.text.trim() === '') {
        defects.push('blank-fold');
        forks.add('blankFoldEnds');
        if (rules.blankFoldEnds) {
          take('header', line);
          break;
        }
      }
      const folded = FOLDED_CONTENT_FIELD.test(line.text);
      if (folded && open !== undefined) {
        defects.push('folded-field');
        forks.add('foldedFieldCounts');
      }
      if (open === undefined) {
        if (!LOOKS_LIKE_FIELD.test(line.text.trim())) break;
        defects.push('leading-space');
      }
      if (open !== undefined && !(folded && rules.foldedFieldCounts)) {
        open.lines.push(line.text);
        open.end = line.end;
      } else {
        close();
        open = { lines: [line.text.trim()], start: line.start, end: line.end };
      }
      take('header', line);
      continue;
    }
    if (isFieldStart(line.text) || foldedBeforeColon(data, line)) {
      close();
      open = { lines: [line.text], start: line.start, end: line.end };
      take('header', line);
      continue;
    }
    if (isRoot && at === first && MBOX_LINE.test(line.text)) {
      defects.push('mbox-from');
      take('envelope', line);
      continue;
    }
    defects.push('header-without-colon');
    const goesOn = LOOKS_LIKE_FIELD.test(lineAt(data, line.end).text);
    if (goesOn) forks.add('junkEnds');
    if (!goesOn || rules.junkEnds) break;
    close();
    take('gap', line);
  }
  close();
  return { fields, spans, bodyStart: at, defects, forks: [...forks], overLimit };
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
