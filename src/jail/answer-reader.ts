/**
 * Reads what a child writes, as far as one answer goes: progress frames, then the answer, then nothing.
 *
 * Memory: at most the bounds given, whatever arrives; the blobs' buffer is reserved once, when the declared length is
 * known and allowed.
 */
import { createHash } from 'node:crypto';
import {
  type AnswerBounds,
  decodeHead,
  decodeJson,
  type Fault,
  FRAME,
  HEAD_BYTES,
  type Head,
  type HelpRequest,
  isRecord,
  MAX_PROGRESS_FRAMES,
  MAX_PROGRESS_HEADER_BYTES,
  PART,
  type Parcel,
  PLACE,
} from './protocol.ts';

export type Reading =
  | { readonly kind: 'more' }
  | { readonly kind: 'answered'; readonly parcel: Parcel }
  | { readonly kind: 'faulty'; readonly fault: Fault };

const MORE: Reading = { kind: 'more' };
const EMPTY = Buffer.alloc(0);
/** What may come while a job is in work. */
const FROM_CHILD: ReadonlySet<number> = new Set([FRAME.answer, FRAME.progress, FRAME.threw, FRAME.help]);

/** A buffer of known length that fills up. */
interface Filling {
  readonly buffer: Buffer;
  filled: number;
}

export class AnswerReader {
  readonly #nonce: string;
  readonly #bounds: AnswerBounds;
  readonly #onHelp: (request: HelpRequest) => void;
  readonly #head: Filling = { buffer: Buffer.alloc(HEAD_BYTES), filled: 0 };
  #expected: Head | undefined;
  #header: Filling | undefined;
  #blobs: Filling | undefined;
  #progressFrames = 0;
  #hasAsked = false;
  #ended = false;
  /** The attachment named last by a progress frame. */
  part: string | undefined;

  /** @param onHelp called at most once, when the bounds allow help and the child asks for it */
  constructor(nonce: string, bounds: AnswerBounds, onHelp: (request: HelpRequest) => void = () => undefined) {
    this.#nonce = nonce;
    this.#bounds = bounds;
    this.#onHelp = onHelp;
  }

  /** Takes the next bytes. After 'answered' or 'faulty' any further byte is a fault. */
  push(chunk: Buffer): Reading {
    if (this.#ended) return this.#fault('lied', 'bytes after the answer');
    let rest = chunk;
    while (rest.length > 0 || this.#isComplete()) {
      if (this.#isComplete()) {
        const reading = this.#takeFrame();
        if (reading.kind === 'more') continue;
        return reading.kind === 'answered' && rest.length > 0 ? this.#fault('lied', 'bytes after the answer') : reading;
      }
      const target = this.#target();
      const taken = Math.min(rest.length, target.buffer.length - target.filled);
      rest.copy(target.buffer, target.filled, 0, taken);
      target.filled += taken;
      rest = rest.subarray(taken);
      if (target === this.#head && isFull(target)) {
        const fault = this.#openFrame();
        if (fault !== undefined) return fault;
      }
    }
    return MORE;
  }

  #target(): Filling {
    if (this.#header === undefined || this.#blobs === undefined) return this.#head;
    return isFull(this.#header) ? this.#blobs : this.#header;
  }

  #isComplete(): boolean {
    return this.#header !== undefined && isFull(this.#header) && this.#blobs !== undefined && isFull(this.#blobs);
  }

  /** Checks the head against the bounds before anything is reserved for it. */
  #openFrame(): Reading | undefined {
    const head = decodeHead(this.#head.buffer);
    if (head === undefined) return this.#fault('lied', 'no frame head');
    if (!FROM_CHILD.has(head.kind)) return this.#fault('lied', 'frame kind');
    const isSmall = head.kind !== FRAME.answer;
    if (head.headerBytes > (isSmall ? MAX_PROGRESS_HEADER_BYTES : this.#bounds.headerBytes)) {
      return this.#fault('limit', `header of ${head.headerBytes} bytes`);
    }
    if (head.kind === FRAME.help && this.#hasAsked) return this.#fault('lied', 'second call for help');
    if (head.blobBytes > this.#mostBlobBytes(head.kind)) {
      return this.#fault('limit', `answer of ${head.blobBytes} bytes`);
    }
    this.#expected = head;
    this.#header = { buffer: Buffer.allocUnsafe(head.headerBytes), filled: 0 };
    this.#blobs = { buffer: head.blobBytes === 0 ? EMPTY : Buffer.allocUnsafeSlow(head.blobBytes), filled: 0 };
    return undefined;
  }

  #mostBlobBytes(kind: number): number {
    if (kind === FRAME.answer) return this.#bounds.blobBytes;
    return kind === FRAME.help ? (this.#bounds.helpBytes ?? 0) : 0;
  }

  #takeFrame(): Reading {
    const header = decodeJson(this.#header?.buffer ?? EMPTY);
    const blobs = this.#blobs?.buffer ?? EMPTY;
    const kind = this.#expected?.kind;
    this.#header = undefined;
    this.#blobs = undefined;
    this.#head.filled = 0;
    if (header === undefined) return this.#fault('lied', 'header is not a JSON object');
    if (header['nonce'] !== this.#nonce) return this.#fault('lied', 'nonce of another job');
    if (kind === FRAME.threw) return this.#takeThrown(header);
    if (kind === FRAME.help) return this.#takeHelp(header, blobs);
    return kind === FRAME.progress ? this.#takeProgress(header) : this.#takeAnswer(header, blobs);
  }

  #takeProgress(header: Readonly<Record<string, unknown>>): Reading {
    this.#progressFrames += 1;
    if (this.#progressFrames > MAX_PROGRESS_FRAMES) return this.#fault('limit', 'progress frames');
    const part = header['part'];
    if (typeof part !== 'string' || !PART.test(part)) return this.#fault('lied', 'part in a progress frame');
    this.part = part;
    return MORE;
  }

  #takeHelp(header: Readonly<Record<string, unknown>>, bytes: Buffer): Reading {
    const { from, to, timeMs, pageBytes } = header;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
    const isRange = isCount(from) && isCount(to) && from < to;
    if (this.#bounds.helpBytes === undefined || !isRange || !isCount(timeMs) || !isCount(pageBytes))
      return this.#fault('lied', 'call for help');
    this.#hasAsked = true;
    this.#onHelp({ from, to, timeMs, pageBytes, bytes });
    return MORE;
  }

  #takeThrown(header: Readonly<Record<string, unknown>>): Reading {
    const place = header['place'];
    const isPlace = typeof place === 'string' && PLACE.test(place);
    return isPlace ? this.#fault('crashed', `threw ${place}`) : this.#fault('lied', 'place of an error');
  }

  #takeAnswer(header: Readonly<Record<string, unknown>>, bytes: Buffer): Reading {
    const declared = header['blobs'];
    if (!Array.isArray(declared) || !declared.every(isBlobEntry)) return this.#fault('lied', 'list of blobs');
    if (declared.length > this.#bounds.blobs) return this.#fault('limit', `${declared.length} files`);
    if (declared.reduce((sum, blob) => sum + blob.bytes, 0) !== bytes.length) {
      return this.#fault('lied', 'lengths do not add up');
    }
    const blobs: Buffer[] = [];
    let at = 0;
    for (const blob of declared) {
      const slice = bytes.subarray(at, at + blob.bytes);
      at += blob.bytes;
      if (createHash('sha256').update(slice).digest('hex') !== blob.sha256) return this.#fault('lied', 'hash');
      blobs.push(slice);
    }
    this.#ended = true;
    return { kind: 'answered', parcel: { body: header['body'], blobs } };
  }

  #fault(why: Fault['why'], detail: string): Reading {
    this.#ended = true;
    return { kind: 'faulty', fault: { why, detail } };
  }
}

const isFull = (filling: Filling): boolean => filling.filled === filling.buffer.length;

const isBlobEntry = (value: unknown): value is { readonly bytes: number; readonly sha256: string } =>
  isRecord(value) &&
  typeof value['bytes'] === 'number' &&
  Number.isSafeInteger(value['bytes']) &&
  value['bytes'] >= 0 &&
  typeof value['sha256'] === 'string';
