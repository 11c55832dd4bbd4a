/**
 * One reading of a message: bytes → tree of entities, every byte accounted for (RFC 2046 §5.1).
 *
 * Danger: depth, number of parts and look-alike delimiters (threats.tsv M05–M13, M20–M24, M32–M34). Method: no
 * recursion, a stack of open multiparts, native search for the next line that begins with `--`. Where a choice between
 * readings exists it follows `Choices`, and says so in `forks`, so that message.ts can read again the other way.
 */
import { type HeaderRules, readHeader } from './header.ts';
import { type Interpretation, interpret, type Meaning } from './interpret.ts';
import type { HeaderField, Span, SpanKind } from './tree.ts';

export interface Choices extends HeaderRules {
  /** Which of several meanings or boundaries is taken, counted from the likeliest; the last one when there are fewer. */
  readonly pick: number;
  /** A line that only begins with the delimiter counts as one (M12). */
  readonly prefixMatches: boolean;
  /** A carriage return without line feed ends a line (M17, M18). */
  readonly bareCrEndsLine: boolean;
}

export const MAIN_READING: Choices = {
  pick: 0,
  prefixMatches: false,
  bareCrEndsLine: false,
  blankFoldEnds: false,
  junkEnds: false,
  foldedFieldCounts: false,
};

export type Fork = Exclude<keyof Choices, 'pick'>;

export interface ReadEntity {
  readonly header: readonly HeaderField[];
  readonly interpretation: Interpretation;
  readonly meaning: Meaning;
  /** Undefined for a leaf. */
  readonly children: ReadEntity[] | undefined;
  readonly within: readonly string[];
  /** Body of a leaf; of a multipart: from its header's end to its own end. */
  readonly start: number;
  end: number;
  /** A multipart none of whose boundaries occurs: read as one leaf. */
  readonly undivided: boolean;
}

export interface Reading {
  readonly root: ReadEntity;
  readonly spans: readonly Span[];
  readonly defects: ReadonlyMap<string, number>;
  readonly forks: ReadonlySet<Fork>;
  /** Number of picks that give different readings; at least 1. */
  readonly picks: number;
  /** The limit that stopped the reading, '' when it came to the end. */
  readonly limit: '' | 'maxParts' | 'maxDepth' | 'maxHeaderBytes';
}

interface OpenMultipart {
  readonly entity: ReadEntity;
  /** `--boundary`, as latin1 bytes. */
  readonly delimiter: Buffer;
  closed: boolean;
}

interface Delimiter {
  readonly level: number;
  readonly closes: boolean;
  readonly lineStart: number;
  readonly lineEnd: number;
}

const DASH = 0x2d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** @param limits see Policy; a message beyond them is read up to there and must be held. */
export function readTree(
  data: Buffer,
  choices: Choices,
  limits: { readonly maxParts: number; readonly maxDepth: number },
): Reading {
  const spans: Span[] = [];
  const defects = new Map<string, number>();
  const forks = new Set<Fork>();
  const stack: OpenMultipart[] = [];
  let picks = 1;
  let parts = 0;
  let limit: Reading['limit'] = '';

  const note = (what: string): void => void defects.set(what, (defects.get(what) ?? 0) + 1);
  const span = (kind: SpanKind, start: number, end: number): void => {
    if (end > start) spans.push({ kind, start, end });
  };

  /** Reads the header at `at`; for a multipart the stack grows by one. */
  function openEntity(at: number, isRoot: boolean): ReadEntity {
    parts++;
    const block = readHeader(data, at, choices, isRoot, (lineStart) => delimiterAt(lineStart) !== undefined);
    for (const one of block.spans) span(one.kind, one.start, one.end);
    for (const what of block.defects) note(what);
    for (const fork of block.forks) forks.add(fork);
    if (block.defects.includes('bare-cr')) forks.add('bareCrEndsLine');
    if (block.overLimit) limit = 'maxHeaderBytes';
    const interpretation = interpret(block.fields);
    for (const what of interpretation.defects) note(what);
    const { meaning, boundary, undivided } = choose(interpretation, block.bodyStart);
    const entity: ReadEntity = {
      header: block.fields,
      interpretation,
      meaning,
      children: boundary === undefined ? undefined : [],
      within: stack.map((open) => open.entity.meaning.contentType.type),
      start: block.bodyStart,
      end: block.bodyStart,
      undivided,
    };
    stack.at(-1)?.entity.children?.push(entity);
    if (boundary !== undefined) {
      stack.push({ entity, delimiter: Buffer.from(`--${boundary}`, 'latin1'), closed: false });
      if (stack.length > limits.maxDepth) limit = 'maxDepth';
    }
    if (parts > limits.maxParts) limit = 'maxParts';
    return entity;
  }

  /** Which meaning and which boundary this reading takes. Boundaries that never occur are nobody's. */
  function choose(
    interpretation: Interpretation,
    bodyStart: number,
  ): { meaning: Meaning; boundary: string | undefined; undivided: boolean } {
    const options: { meaning: Meaning; boundary: string }[] = [];
    const multiparts = interpretation.meanings.filter(({ contentType }) => contentType.type.startsWith('multipart/'));
    for (const meaning of multiparts) {
      for (const boundary of meaning.boundaries) {
        const known = options.some((option) => option.boundary === boundary);
        if (!known && occurs(data, bodyStart, boundary)) options.push({ meaning, boundary });
      }
    }
    const first = interpretation.meanings[0];
    if (first === undefined) throw new Error('interpret answers at least one meaning');
    if (multiparts[0] !== undefined && options.length === 0) {
      const guessed = guessBoundary(data, bodyStart, stack);
      if (guessed !== undefined) {
        note('boundary-guessed');
        options.push({ meaning: multiparts[0], boundary: guessed });
      } else if (bodyStart < data.length && delimiterAt(bodyStart) === undefined) note('boundary-not-found');
    }
    picks = Math.max(picks, options.length);
    const option = options[Math.min(choices.pick, options.length - 1)];
    if (option === undefined) return { meaning: first, boundary: undefined, undivided: multiparts.length > 0 };
    return { ...option, undivided: false };
  }

  /** The open multipart whose delimiter the line at `lineStart` is: innermost first, closed ones do not count. */
  function delimiterAt(lineStart: number): Delimiter | undefined {
    if (data[lineStart] !== DASH || data[lineStart + 1] !== DASH) return undefined;
    const feed = data.indexOf(LINE_FEED, lineStart);
    const lineEnd = feed < 0 ? data.length : feed + 1;
    let end = feed < 0 ? data.length : feed;
    while (end > lineStart && isPadding(data[end - 1])) end--;
    let afterClose = false;
    for (let level = stack.length - 1; level >= 0; level--) {
      const open = stack[level];
      if (open === undefined || !startsWithAt(data, lineStart, open.delimiter)) continue;
      const rest = end - lineStart - open.delimiter.length;
      const tail = lineStart + open.delimiter.length;
      const closes = rest >= 2 && data[tail] === DASH && data[tail + 1] === DASH;
      if (rest !== 0 && !(closes && rest === 2)) {
        // `--foo-bar` where `foo` is declared: a delimiter to some. Worth a second look only when a part seems to follow.
        if (
          stack.some(
            ({ delimiter }) => delimiter.length > open.delimiter.length && startsWithAt(data, lineStart, delimiter),
          )
        )
          continue;
        if (!fieldFollows(data, lineEnd) && !closes) continue;
        forks.add('prefixMatches');
        if (!choices.prefixMatches) continue;
      }
      if (open.closed) {
        afterClose = true;
        continue;
      }
      return { level, closes, lineStart, lineEnd };
    }
    if (afterClose) note('part-after-close');
    return undefined;
  }

  function nextDelimiter(from: number): Delimiter | undefined {
    let at = from;
    while (at >= 0 && at < data.length) {
      const found = delimiterAt(at);
      if (found !== undefined) return found;
      const next = data.indexOf('\n--', at, 'latin1');
      at = next < 0 ? -1 : next + 1;
    }
    return undefined;
  }

  const root = openEntity(0, true);
  let current: ReadEntity | undefined = root.children === undefined ? root : undefined;
  let regionKind: SpanKind = root.children === undefined ? 'body' : 'preamble';
  let regionStart = root.start;

  while (limit === '') {
    const delimiter = stack.length === 0 ? undefined : nextDelimiter(regionStart);
    const regionEnd = delimiter === undefined ? data.length : beforeLineEnd(data, delimiter.lineStart, regionStart);
    if (current !== undefined) current.end = regionEnd;
    span(regionKind, regionStart, regionEnd);
    if (delimiter === undefined) break;
    span('delimiter', regionEnd, delimiter.lineEnd);
    for (const inner of stack.splice(delimiter.level + 1)) {
      inner.entity.end = regionEnd;
      if (!inner.closed) note('missing-close');
    }
    const owner = stack[delimiter.level];
    if (owner === undefined) throw new Error('a delimiter belongs to an open multipart');
    if (delimiter.closes) {
      owner.closed = true;
      owner.entity.end = delimiter.lineEnd;
      current = undefined;
      regionKind = 'epilogue';
      regionStart = delimiter.lineEnd;
      continue;
    }
    const entity = openEntity(delimiter.lineEnd, false);
    current = entity.children === undefined ? entity : undefined;
    regionKind = entity.children === undefined ? 'body' : 'preamble';
    regionStart = entity.start;
  }
  for (const open of stack) {
    if (open.closed) continue;
    open.entity.end = data.length;
    note('missing-close');
  }
  span('unread', spans.at(-1)?.end ?? 0, data.length);
  return { root, spans, defects, forks, picks, limit };
}

const isPadding = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN || byte === LINE_FEED;

function startsWithAt(data: Buffer, at: number, needle: Buffer): boolean {
  const end = at + needle.length;
  return end <= data.length && data.compare(needle, 0, needle.length, at, end) === 0;
}

/** The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). */
function beforeLineEnd(data: Buffer, lineStart: number, least: number): number {
  let end = lineStart;
  if (end > least && data[end - 1] === LINE_FEED) end--;
  if (end < lineStart && end > least && data[end - 1] === CARRIAGE_RETURN) end--;
  return end;
}

/**
 * How far behind a header its first delimiter is looked for. Only a preamble stands between; without a bound, 500
 * multiparts that lie about their boundary would each search the whole of a 50 MB mail.
 */
const FIRST_DELIMITER_WITHIN = 1024 * 1024;

/** Does `--boundary` stand at the beginning of a line, followed by nothing or `--`, soon behind `from`? */
function occurs(all: Buffer, from: number, boundary: string): boolean {
  const data = all.subarray(0, from + FIRST_DELIMITER_WITHIN);
  const needle = Buffer.from(`--${boundary}`, 'latin1');
  for (let at = data.indexOf(needle, from); at >= 0; at = data.indexOf(needle, at + 1)) {
    if (at !== from && data[at - 1] !== LINE_FEED) continue;
    const next = data[at + needle.length];
    if (next === undefined || isPadding(next) || (next === DASH && data[at + needle.length + 1] === DASH)) return true;
  }
  return false;
}

/** Lines looked at for a delimiter nobody declared (M11): a part's delimiter stands near the beginning. */
const GUESS_LINES = 50;

/** The first line `--something` that a part's header follows, unless an outer multipart owns it. */
function guessBoundary(data: Buffer, from: number, stack: readonly OpenMultipart[]): string | undefined {
  let at = from;
  for (let lines = 0; lines < GUESS_LINES && at < data.length; lines++) {
    const feed = data.indexOf(LINE_FEED, at);
    const end = feed < 0 ? data.length : feed;
    if (data[at] === DASH && data[at + 1] === DASH) {
      if (stack.some(({ delimiter }) => startsWithAt(data, at, delimiter))) return undefined;
      if (fieldFollows(data, end + 1)) return data.toString('latin1', at + 2, end).replace(/[ \t\r]+$/, '');
    }
    at = end + 1;
  }
  return undefined;
}

/** True when the line at `at` reads like a part's header field. */
function fieldFollows(data: Buffer, at: number): boolean {
  return /^content-[a-z-]+[ \t]*:/i.test(data.toString('latin1', at, at + 60));
}
