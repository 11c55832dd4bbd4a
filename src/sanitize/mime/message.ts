/**
 * Message bytes → MimeMessage: the main reading, every other reading an ambiguous header allows, and their union.
 *
 * The rule of design.md §2: what any reader would find is found and goes the way of every part; the whole message is
 * held only for message/partial, message/external-body, structures over the limits, and bytes that belong to no part
 * but look like an encoded file.
 */
import { gapContent } from './gaps.ts';
import { chooseEncoding, decodeEntity } from './leaf.ts';
import { type Choices, type Fork, MAIN_READING, type ReadEntity, type Reading, readTree } from './reader.ts';
import type { Defect, Entity, Leaf, MimeMessage, ParseOptions, Span } from './tree.ts';

/** Readings of one message; each costs as much as the first. Real mail needs one. */
const MAX_READINGS = 6;
const USUAL_PREAMBLE_BYTES = 256;
/** Leaves that the union may add. */
const MAX_UNION = 50;

/** Synchronous: our own reader only. `readMessage` (union.ts) adds the second reader. */
export function parseMessage(bytes: Uint8Array, options: ParseOptions): MimeMessage {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const defects = new Map<string, number>();
  const note = (what: string, count = 1): void => void defects.set(what, (defects.get(what) ?? 0) + count);
  noteLineEnds(data, options.lineEnds, note);

  const text = data.includes(0x0a) ? data : crAsLf(data);
  const main = readTree(text, MAIN_READING, options.limits);
  for (const [what, count] of main.defects) note(what, count);
  if (main.limit !== '') return overLimit(data, main, defects);

  const leaves: Leaf[] = [];
  const others: Leaf[] = [];
  const root = buildTree(text, main.root, leaves, others, note);
  for (const choices of otherReadings(main)) {
    const source = choices.bareCrEndsLine ? crAsLf(text) : text;
    const reading = readTree(source, choices, options.limits);
    for (const entity of leavesOf(reading.root)) {
      if (isExplained(source, entity, leaves)) continue;
      const { leaf } = decodeEntity(source, entity, 'u', 'reading');
      others.push(leaf);
    }
  }
  for (const leaf of leaves)
    if (leaf.encoding !== 'identity') others.push(...insideComposite(leaf, main, options, note));

  const union = newLeaves(others, leaves);
  if (union.length > 0) note('ambiguous-structure', union.length);
  const all = [...leaves, ...union];
  const unexplained = judgeGaps(data, main.spans, union, note);
  const hold = holdReason(all, unexplained);
  return {
    header: main.root.header,
    root,
    leaves: all,
    defects: listed(defects),
    spans: main.spans,
    ...(hold === undefined ? {} : { hold }),
    limits: [],
  };
}

export const listed = (defects: ReadonlyMap<string, number>): Defect[] =>
  [...defects].map(([what, count]) => ({ what, count }));

/** The main reading's entities as tree; paths count from 1 at each level. Iterative: depth is bounded, but not by us. */
function buildTree(
  data: Buffer,
  root: ReadEntity,
  leaves: Leaf[],
  others: Leaf[],
  note: (what: string) => void,
): Entity {
  const make = (entity: ReadEntity, path: string): Entity => {
    if (entity.children !== undefined) {
      const children: Entity[] = [];
      pending.push({ entity, path, children });
      return { kind: 'multipart', path, header: entity.header, contentType: entity.meaning.contentType, children };
    }
    const decoded = decodeEntity(data, entity, path === '' ? '1' : path, 'first');
    for (const what of decoded.defects) note(what);
    for (const bytes of decoded.others) others.push({ ...decoded.leaf, bytes, seenBy: 'reading' });
    leaves.push(decoded.leaf);
    return decoded.leaf;
  };
  const pending: { entity: ReadEntity; path: string; children: Entity[] }[] = [];
  const top = make(root, '');
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { entity, path, children } = next;
    for (const [i, child] of (entity.children ?? []).entries()) {
      children.push(make(child, path === '' ? `${i + 1}` : `${path}.${i + 1}`));
    }
  }
  leaves.sort((a, b) => a.start - b.start);
  return top;
}

/** Every other way to read the message that the main reading came across. */
function otherReadings(main: Reading): Choices[] {
  const readings: Choices[] = [];
  for (let pick = 1; pick < main.picks; pick++) readings.push({ ...MAIN_READING, pick });
  const forks: readonly Fork[] = [...main.forks];
  for (const fork of forks) readings.push({ ...MAIN_READING, [fork]: true });
  if (forks.length > 1) readings.push(Object.assign({ ...MAIN_READING }, ...forks.map((fork) => ({ [fork]: true }))));
  return readings.slice(0, MAX_READINGS - 1);
}

function* leavesOf(root: ReadEntity): Generator<ReadEntity> {
  const pending = [root];
  for (let entity = pending.pop(); entity !== undefined; entity = pending.pop()) {
    if (entity.children === undefined) yield entity;
    else pending.push(...entity.children.toReversed());
  }
}

/**
 * A leaf of another reading that shows nothing new: the same bytes in the same encoding; one that swallows whole leaves
 * of ours (their source, not another file); or plain text inside a text that we show anyway.
 */
function isExplained(data: Buffer, entity: ReadEntity, leaves: readonly Leaf[]): boolean {
  const encoding =
    chooseEncoding(entity.interpretation.encodings, data.subarray(entity.start, entity.end)) ?? 'unknown';
  return leaves.some((leaf) => {
    const decodesAlike = encoding === leaf.encoding || encoding === 'identity' || encoding === 'unknown';
    if (leaf.start === entity.start && leaf.end === entity.end) return decodesAlike;
    const swallows = entity.start <= leaf.start && entity.end >= leaf.end && leaf.end > leaf.start;
    if (swallows) return true;
    const inside = entity.start >= leaf.start && entity.end <= leaf.end;
    return (
      inside &&
      encoding === 'identity' &&
      leaf.encoding === 'identity' &&
      entity.meaning.contentType.type === 'text/plain'
    );
  });
}

/** M25: a multipart under base64 or quoted-printable that only shows its parts when decoded as a whole. */
function insideComposite(leaf: Leaf, main: Reading, options: ParseOptions, note: (what: string) => void): Leaf[] {
  const declared = [...leavesOf(main.root)].find((entity) => entity.start === leaf.start);
  if (declared?.undivided !== true) return [];
  note('encoded-composite');
  const type = declared.header.findLast(({ name }) => name === 'content-type')?.value ?? '';
  const source = Buffer.concat([Buffer.from(`Content-Type: ${type}\r\n\r\n`, 'latin1'), leaf.bytes]);
  const reading = readTree(source, MAIN_READING, options.limits);
  if (reading.root.children === undefined) return [];
  return [...leavesOf(reading.root)].map((entity) => ({
    ...decodeEntity(source, entity, 'u', 'reading').leaf,
    start: leaf.start,
    end: leaf.end,
  }));
}

/** Leaves whose content is not among `known`, numbered u1, u2 … */
export function newLeaves(candidates: readonly Leaf[], known: readonly Leaf[], firstNumber = 1): Leaf[] {
  const fresh: Leaf[] = [];
  for (const leaf of candidates) {
    if (fresh.length >= MAX_UNION) break;
    if (leaf.bytes.length === 0 || [...known, ...fresh].some((other) => sameContent(other.bytes, leaf.bytes))) continue;
    fresh.push({ ...leaf, path: `u${firstNumber + fresh.length}` });
  }
  return fresh;
}

/** Equal but for white space at the end, where readers differ without any meaning. */
export function sameContent(a: Uint8Array, b: Uint8Array): boolean {
  if (Math.abs(a.length - b.length) > 8) return false;
  return Buffer.compare(trimEnd(a), trimEnd(b)) === 0;
}

function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && [0x20, 0x09, 0x0d, 0x0a].includes(bytes[end - 1] ?? 0)) end--;
  return bytes.subarray(0, end);
}

/** Names what stands outside all parts. True when some of it looks like an encoded file that no leaf accounts for. */
function judgeGaps(
  data: Buffer,
  spans: readonly Span[],
  union: readonly Leaf[],
  note: (what: string) => void,
): boolean {
  let unexplained = false;
  for (const { kind, start, end } of spans) {
    if (kind !== 'preamble' && kind !== 'epilogue' && kind !== 'gap') continue;
    const content = gapContent(data.subarray(start, end));
    if (content === 'blank') continue;
    // «This is a multi-part message in MIME format.»: most mails have it, no reader shows it (RFC 2046 §5.1.1).
    if (kind === 'preamble' && content === 'text' && end - start <= USUAL_PREAMBLE_BYTES) continue;
    note(`${kind}-${content}`);
    const covered = union.some((leaf) => leaf.start < end && leaf.end > start);
    if (content === 'encoded-file' && !covered) unexplained = true;
  }
  return unexplained;
}

function holdReason(leaves: readonly Leaf[], unexplained: boolean): MimeMessage['hold'] {
  const types = new Set(leaves.map((leaf) => leaf.contentType.type));
  if (types.has('message/partial')) return 'fragment';
  if (types.has('message/external-body')) return 'remote-content';
  return unexplained ? 'unexplained-bytes' : undefined;
}

function overLimit(data: Buffer, main: Reading, defects: ReadonlyMap<string, number>): MimeMessage {
  const root: Leaf = {
    ...decodeEntity(data, { ...main.root, children: undefined, end: main.root.start }, '1', 'first').leaf,
  };
  return {
    header: main.root.header,
    root,
    leaves: [],
    defects: listed(defects),
    spans: main.spans,
    hold: 'limit-exceeded',
    limits: [main.limit],
  };
}

/** Lone CR → LF, offsets unchanged. */
function crAsLf(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  for (let at = copy.indexOf(0x0d); at >= 0; at = copy.indexOf(0x0d, at + 1))
    if (copy[at + 1] !== 0x0a) copy[at] = 0x0a;
  return copy;
}

function noteLineEnds(data: Buffer, lineEnds: 'crlf' | 'any', note: (what: string) => void): void {
  const feed = data.indexOf(0x0a);
  const bare = feed >= 0 && data[feed - 1] !== 0x0d;
  if (bare) note(lineEnds === 'any' ? 'lf-line-ends' : 'bare-lf');
}
