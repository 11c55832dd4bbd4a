/**
 * One reading of a message: bytes → tree of entities, every byte accounted for (RFC 2046 §5.1).
 *
 * Danger: depth, number of parts and look-alike delimiters (threats.tsv M05–M13, M20–M24, M32–M34). Method: no
 * recursion, a stack of open multiparts, native search for the next line that begins with `--`. Where a choice between
 * readings exists it follows `Choices`, and says so in `forks`, so that message.ts can read again the other way.
 */
import { beforeLineEnd, fieldFollows, guessBoundary, isPadding, occurs, startsWithAt } from './boundaries.ts';
import { type HeaderBlock, type HeaderRules, readHeader } from './header.ts';
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
  readonly owner: OpenMultipart;
  /** Index of the owner in the stack. */
  readonly level: number;
  readonly closes: boolean;
  readonly lineStart: number;
  readonly lineEnd: number;
}

interface Choice {
  readonly meaning: Meaning;
  /** Undefined for a leaf. */
  readonly boundary: string | undefined;
  readonly undivided: boolean;
}

const DASH = 0x2d;
const LINE_FEED = 0x0a;

/** What stands between two delimiters. */
interface Region {
  readonly kind: SpanKind;
  readonly start: number;
  /** The leaf whose body it is. */
  readonly leaf: ReadEntity | undefined;
}

interface Limits {
  readonly maxParts: number;
  readonly maxDepth: number;
}

/** @param limits see Policy; a message beyond them is read up to there and must be held. */
export const readTree = (data: Buffer, choices: Choices, limits: Limits): Reading =>
  new TreeReader(data, choices, limits).read();

/** Reads once, from front to back; the stack holds the multiparts that are open at the place reached. */
class TreeReader {
  readonly #data: Buffer;
  readonly #choices: Choices;
  readonly #limits: Limits;
  readonly #spans: Span[] = [];
  readonly #defects = new Map<string, number>();
  readonly #forks = new Set<Fork>();
  readonly #stack: OpenMultipart[] = [];
  #picks = 1;
  #parts = 0;
  #limit: Reading['limit'] = '';

  constructor(data: Buffer, choices: Choices, limits: Limits) {
    this.#data = data;
    this.#choices = choices;
    this.#limits = limits;
  }

  read(): Reading {
    const root = this.#openEntity(0, true);
    let region = regionOf(root);
    while (this.#limit === '') {
      const delimiter = this.#stack.length === 0 ? undefined : this.#nextDelimiter(region.start);
      const end =
        delimiter === undefined ? this.#data.length : beforeLineEnd(this.#data, delimiter.lineStart, region.start);
      if (region.leaf !== undefined) region.leaf.end = end;
      this.#span(region.kind, region.start, end);
      if (delimiter === undefined) break;
      this.#span('delimiter', end, delimiter.lineEnd);
      region = this.#cross(delimiter, end);
    }
    this.#endOfData();
    return {
      root,
      spans: this.#spans,
      defects: this.#defects,
      forks: this.#forks,
      picks: this.#picks,
      limit: this.#limit,
    };
  }

  /** A delimiter ends every multipart inside its own, and its own or the part before it. */
  #cross(delimiter: Delimiter, end: number): Region {
    for (const inner of this.#stack.splice(delimiter.level + 1)) {
      inner.entity.end = end;
      if (!inner.closed) this.#note('missing-close');
    }
    if (!delimiter.closes) return regionOf(this.#openEntity(delimiter.lineEnd, false));
    delimiter.owner.closed = true;
    delimiter.owner.entity.end = delimiter.lineEnd;
    return { kind: 'epilogue', start: delimiter.lineEnd, leaf: undefined };
  }

  #endOfData(): void {
    for (const open of this.#stack) {
      if (open.closed) continue;
      open.entity.end = this.#data.length;
      this.#note('missing-close');
    }
    this.#span('unread', this.#spans.at(-1)?.end ?? 0, this.#data.length);
  }

  /** Reads the header at `at`; for a multipart the stack grows by one. */
  #openEntity(at: number, isRoot: boolean): ReadEntity {
    const block = readHeader(this.#data, at, this.#choices, isRoot, (start) => this.#delimiterAt(start) !== undefined);
    this.#keep(block);
    const interpretation = interpret(block.fields);
    for (const what of interpretation.defects) this.#note(what);
    const { meaning, boundary, undivided } = this.#choose(interpretation, block.bodyStart);
    const entity: ReadEntity = {
      header: block.fields,
      interpretation,
      meaning,
      children: boundary === undefined ? undefined : [],
      within: this.#stack.map((open) => open.entity.meaning.contentType.type),
      start: block.bodyStart,
      end: block.bodyStart,
      undivided,
    };
    this.#stack.at(-1)?.entity.children?.push(entity);
    if (boundary !== undefined)
      this.#stack.push({ entity, delimiter: Buffer.from(`--${boundary}`, 'latin1'), closed: false });
    this.#parts++;
    if (block.overLimit) this.#limit = 'maxHeaderBytes';
    if (this.#stack.length > this.#limits.maxDepth) this.#limit = 'maxDepth';
    if (this.#parts > this.#limits.maxParts) this.#limit = 'maxParts';
    return entity;
  }

  #keep({ spans, defects, forks }: HeaderBlock): void {
    for (const { kind, start, end } of spans) this.#span(kind, start, end);
    for (const what of defects) this.#note(what);
    for (const fork of forks) this.#forks.add(fork);
    if (defects.includes('bare-cr')) this.#forks.add('bareCrEndsLine');
  }

  /** Which meaning and which boundary this reading takes. Boundaries that never occur are nobody's. */
  #choose(interpretation: Interpretation, bodyStart: number): Choice {
    const options: { meaning: Meaning; boundary: string }[] = [];
    const multiparts = interpretation.meanings.filter(({ contentType }) => contentType.type.startsWith('multipart/'));
    for (const meaning of multiparts) {
      for (const boundary of meaning.boundaries) {
        const known = options.some((option) => option.boundary === boundary);
        if (!known && occurs(this.#data, bodyStart, boundary)) options.push({ meaning, boundary });
      }
    }
    const first = interpretation.meanings[0];
    if (first === undefined) throw new Error('interpret answers at least one meaning');
    if (multiparts[0] !== undefined && options.length === 0) {
      const guessed = guessBoundary(this.#data, bodyStart, this.#stack);
      if (guessed !== undefined) {
        this.#note('boundary-guessed');
        options.push({ meaning: multiparts[0], boundary: guessed });
      } else if (bodyStart < this.#data.length && this.#delimiterAt(bodyStart) === undefined) {
        this.#note('boundary-not-found');
      }
    }
    this.#picks = Math.max(this.#picks, options.length);
    const option = options[Math.min(this.#choices.pick, options.length - 1)];
    if (option === undefined) return { meaning: first, boundary: undefined, undivided: multiparts.length > 0 };
    return { ...option, undivided: false };
  }

  #nextDelimiter(from: number): Delimiter | undefined {
    let at = from;
    while (at >= 0 && at < this.#data.length) {
      const found = this.#delimiterAt(at);
      if (found !== undefined) return found;
      const next = this.#data.indexOf('\n--', at, 'latin1');
      at = next < 0 ? -1 : next + 1;
    }
    return undefined;
  }

  /** The open multipart whose delimiter the line at `lineStart` is: innermost first, closed ones do not count. */
  #delimiterAt(lineStart: number): Delimiter | undefined {
    const data = this.#data;
    if (data[lineStart] !== DASH || data[lineStart + 1] !== DASH) return undefined;
    const feed = data.indexOf(LINE_FEED, lineStart);
    const lineEnd = feed < 0 ? data.length : feed + 1;
    let textEnd = feed < 0 ? data.length : feed;
    while (textEnd > lineStart && isPadding(data[textEnd - 1])) textEnd--;
    let afterClose = false;
    for (let level = this.#stack.length - 1; level >= 0; level--) {
      const owner = this.#stack[level];
      if (owner === undefined || !startsWithAt(data, lineStart, owner.delimiter)) continue;
      const tail = lineStart + owner.delimiter.length;
      const rest = textEnd - tail;
      const closes = rest >= 2 && data[tail] === DASH && data[tail + 1] === DASH;
      const exact = rest === 0 || (closes && rest === 2);
      if (!exact && !this.#prefixCounts(owner, { lineStart, lineEnd, closes })) continue;
      if (!owner.closed) return { owner, level, closes, lineStart, lineEnd };
      afterClose = true;
    }
    if (afterClose) this.#note('part-after-close');
    return undefined;
  }

  /**
   * `--foo-bar` where `foo` is declared: a delimiter to some (M12). Not when another open multipart owns the line, and
   * worth a second look only when a part seems to follow.
   */
  #prefixCounts(owner: OpenMultipart, line: Pick<Delimiter, 'lineStart' | 'lineEnd' | 'closes'>): boolean {
    const ownedByLonger = this.#stack.some(
      ({ delimiter }) =>
        delimiter.length > owner.delimiter.length && startsWithAt(this.#data, line.lineStart, delimiter),
    );
    if (ownedByLonger || (!line.closes && !fieldFollows(this.#data, line.lineEnd))) return false;
    this.#forks.add('prefixMatches');
    return this.#choices.prefixMatches;
  }

  #note(what: string): void {
    this.#defects.set(what, (this.#defects.get(what) ?? 0) + 1);
  }

  #span(kind: SpanKind, start: number, end: number): void {
    if (end > start) this.#spans.push({ kind, start, end });
  }
}

/** What follows an entity's header. */
const regionOf = (entity: ReadEntity): Region =>
  entity.children === undefined
    ? { kind: 'body', start: entity.start, leaf: entity }
    : { kind: 'preamble', start: entity.start, leaf: undefined };
