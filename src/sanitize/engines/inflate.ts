/**
 * Deflate streams (RFC 1951) → bytes, in JavaScript: hostile bytes never reach native zlib (design.md §5).
 *
 * Danger: bombs (1,032:1), streams that decoders read differently (bytes behind the end, incomplete codes, distances
 * before the start). Method: the output is exactly as long as its container says, or the stream is refused; whatever
 * zlib refuses is refused here too (a property test compares the two); the clock is looked at in each block.
 */
import { symbolsInOrder } from './canonical-code.ts';

export type Inflated =
  | { readonly kind: 'inflated'; readonly bytes: Uint8Array; readonly read: number }
  | {
      readonly kind: 'failed';
      readonly why: 'malformed' | 'too-long' | 'too-short' | 'timeout';
      readonly detail: string;
    };

/** Codes up to this length are found in one look; longer ones, rare by construction, bit by bit. */
const FAST_BITS = 10;
const FAST_MASK = (1 << FAST_BITS) - 1;
/** RFC 1951 §3.2.7 */
const MAX_BITS = 15;

// RFC 1951 §3.2.5: base value and extra bits of the length codes 257–285 and the distance codes 0–29.
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const END_OF_BLOCK = 256;

/** A canonical Huffman code (RFC 1951 §3.2.2). */
interface Code {
  /** Indexed by the next FAST_BITS bits: symbol << 4 | length; 0: longer, or no code. */
  readonly fast: Uint16Array;
  /** How many codes have each length, and all symbols in the order of their codes. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

class Refused extends Error {
  readonly why: Extract<Inflated, { kind: 'failed' }>['why'];

  constructor(why: Refused['why'], detail: string) {
    super(detail);
    this.why = why;
  }
}

/**
 * Inflates one raw deflate stream. Never throws for what stands in it.
 * @param outputBytes how long the result must be; so much memory is reserved, and not a byte more is written
 * @param isLate asked in each block; true ends the work
 */
export function inflateRaw(input: Uint8Array, outputBytes: number, isLate: () => boolean = () => false): Inflated {
  const stream = new Stream(input, outputBytes, outputBytes);
  const failed = inflateAll(stream, isLate);
  if (failed !== undefined) return failed;
  if (stream.written < outputBytes) {
    return { kind: 'failed', why: 'too-short', detail: `${stream.written} bytes, ${outputBytes} expected` };
  }
  return { kind: 'inflated', bytes: stream.output, read: stream.bytesRead };
}

/**
 * The same for a stream whose container does not tell its length (gzip): as long as it is, at most `maxBytes`.
 * `too-long`: more would have come.
 */
export function inflateUpTo(input: Uint8Array, maxBytes: number, isLate: () => boolean): Inflated {
  const stream = new Stream(input, Math.min(maxBytes, input.length * 4 + FIRST_BYTES), maxBytes);
  const failed = inflateAll(stream, isLate);
  return failed ?? { kind: 'inflated', bytes: stream.output.subarray(0, stream.written), read: stream.bytesRead };
}

/** undefined when the stream came to its end. */
function inflateAll(stream: Stream, isLate: () => boolean): Inflated | undefined {
  try {
    for (let last = false; !last; ) {
      if (isLate()) throw new Refused('timeout', 'no time left');
      last = stream.block();
    }
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return { kind: 'failed', why: error.why, detail: error.message };
    throw error;
  }
}

/** Room for small texts, so that most need no second buffer. */
const FIRST_BYTES = 64 * 1024;

class Stream {
  output: Uint8Array;
  written = 0;
  readonly #input: Uint8Array;
  #at = 0;
  /** Bits taken from the input and not used yet, lowest first. Never more than 31: all of it stays a small integer. */
  #bits = 0;
  #count = 0;

  readonly #maxBytes: number;

  /** @param maxBytes what `output` may grow to */
  constructor(input: Uint8Array, outputBytes: number, maxBytes: number) {
    this.#input = input;
    this.#maxBytes = maxBytes;
    this.output = new Uint8Array(outputBytes);
  }

  /** The output, with room for `bytes` more. */
  #roomFor(bytes: number): Uint8Array {
    const wanted = this.written + bytes;
    if (wanted <= this.output.length) return this.output;
    if (wanted > this.#maxBytes) throw tooLong();
    const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(wanted, this.output.length * 2)));
    larger.set(this.output.subarray(0, this.written));
    this.output = larger;
    return larger;
  }

  /** Input bytes of which at least one bit was used. */
  get bytesRead(): number {
    return this.#at - (this.#count >> 3);
  }

  /** Reads one block; true when it was the last. */
  block(): boolean {
    const last = this.#take(1) === 1;
    switch (this.#take(2)) {
      case 0:
        this.#stored();
        break;
      case 1:
        this.#compressed(FIXED.literals, FIXED.distances);
        break;
      case 2:
        this.#dynamic();
        break;
      default:
        throw new Refused('malformed', 'block type 3');
    }
    return last;
  }

  #take(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#input.length) throw new Refused('malformed', 'the stream ends too early');
      this.#bits |= (this.#input[this.#at++] ?? 0) << this.#count;
      this.#count += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#count -= count;
    return value;
  }

  /** RFC 1951 §3.2.4 */
  #stored(): void {
    this.#take(this.#count & 7);
    const length = this.#take(16);
    if ((length ^ 0xffff) !== this.#take(16)) throw new Refused('malformed', 'length of a stored block');
    // The bit buffer holds whole bytes here, and 32 bits were just taken from it: it is empty or holds bytes ahead.
    this.#at -= this.#count >> 3;
    this.#bits = 0;
    this.#count = 0;
    if (this.#at + length > this.#input.length) throw new Refused('malformed', 'the stream ends too early');
    this.#roomFor(length).set(this.#input.subarray(this.#at, this.#at + length), this.written);
    this.#at += length;
    this.written += length;
  }

  /** RFC 1951 §3.2.7 */
  #dynamic(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const lengthCodes = this.#take(4) + 4;
    if (literals > 286 || distances > 30) throw new Refused('malformed', 'too many codes');
    const lengths = new Uint8Array(literals + distances);
    const orderLengths = new Uint8Array(19);
    for (let i = 0; i < lengthCodes; i++) orderLengths[CODE_LENGTH_ORDER[i] ?? 0] = this.#take(3);
    const code = codeOf(orderLengths, 'complete');
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Refused('malformed', 'nothing to repeat');
      const value = symbol === 16 ? (lengths[i - 1] ?? 0) : 0;
      const repeat = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + repeat > lengths.length) throw new Refused('malformed', 'too many code lengths');
      lengths.fill(value, i, i + repeat);
      i += repeat;
    }
    if (lengths[END_OF_BLOCK] === 0) throw new Refused('malformed', 'no end-of-block code');
    this.#compressed(codeOf(lengths.subarray(0, literals), 'single'), codeOf(lengths.subarray(literals), 'single'));
  }

  #compressed(literals: Code, distances: Code): void {
    let { output } = this;
    const input = this.#input;
    const fast = literals.fast;
    for (;;) {
      // The usual case without calls: a literal with a short code.
      while (this.#count < MAX_BITS && this.#at < input.length) {
        this.#bits |= (input[this.#at++] ?? 0) << this.#count;
        this.#count += 8;
      }
      const entry = fast[this.#bits & FAST_MASK] ?? 0;
      const length = entry & 15;
      let symbol: number;
      if (length > 0 && length <= this.#count) {
        this.#bits >>>= length;
        this.#count -= length;
        symbol = entry >> 4;
      } else symbol = this.#symbol(literals);
      if (symbol < END_OF_BLOCK) {
        if (this.written >= output.length) output = this.#roomFor(1);
        output[this.written++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) return;
      output = this.#copy(symbol - 257, distances);
    }
  }

  /** Returns the output, which may have grown. */
  #copy(lengthCode: number, distances: Code): Uint8Array {
    const base = LENGTH_BASE[lengthCode];
    if (base === undefined) throw new Refused('malformed', 'length code without meaning');
    const length = base + this.#take(LENGTH_EXTRA[lengthCode] ?? 0);
    const distanceCode = this.#symbol(distances);
    const distanceBase = DISTANCE_BASE[distanceCode];
    if (distanceBase === undefined) throw new Refused('malformed', 'distance code without meaning');
    const distance = distanceBase + this.#take(DISTANCE_EXTRA[distanceCode] ?? 0);
    if (distance > this.written) throw new Refused('malformed', 'a distance before the start');
    const output = this.#roomFor(length);
    let to = this.written;
    this.written += length;
    if (distance >= length) output.copyWithin(to, to - distance, to - distance + length);
    else for (const end = to + length; to < end; to++) output[to] = output[to - distance] ?? 0;
    return output;
  }

  #symbol(code: Code): number {
    while (this.#count < FAST_BITS && this.#at < this.#input.length) {
      this.#bits |= (this.#input[this.#at++] ?? 0) << this.#count;
      this.#count += 8;
    }
    const entry = code.fast[this.#bits & FAST_MASK] ?? 0;
    const length = entry & 15;
    if (length === 0 || length > this.#count) return this.#longSymbol(code);
    this.#bits >>>= length;
    this.#count -= length;
    return entry >> 4;
  }

  /** Bit by bit, as in zlib's `puff`: canonical codes of one length are consecutive numbers. */
  #longSymbol({ counts, symbols }: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      value |= this.#take(1);
      const count = counts[length] ?? 0;
      if (value - first < count) return symbols[index + value - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new Refused('malformed', 'a code without symbol');
  }
}

const tooLong = (): Refused => new Refused('too-long', 'more bytes than announced');

/**
 * @param lengths code length of each symbol, 0 for none
 * @param allowed which incomplete codes are let through, as in zlib: none, or one symbol of one bit (and no symbol at all)
 * @throws Refused over-subscribed or incomplete
 */
function codeOf(lengths: Uint8Array, allowed: 'complete' | 'single'): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  const used = lengths.length - (counts[0] ?? 0);
  let left = 1;
  for (let length = 1; length <= MAX_BITS; length++) {
    left = left * 2 - (counts[length] ?? 0);
    if (left < 0) throw new Refused('malformed', 'over-subscribed code');
  }
  const tolerated = used === 0 || (used === 1 && counts[1] === 1);
  if (left > 0 && !(allowed === 'single' && tolerated)) throw new Refused('malformed', 'incomplete code');
  counts[0] = 0;
  return { fast: fastTable(lengths, counts), counts, symbols: symbolsInOrder(lengths, counts) };
}

function fastTable(lengths: Uint8Array, counts: Uint16Array): Uint16Array {
  const fast = new Uint16Array(1 << FAST_BITS);
  const next = new Uint16Array(MAX_BITS + 1);
  for (let length = 1, code = 0; length <= MAX_BITS; length++) {
    code = (code + (counts[length - 1] ?? 0)) << 1;
    next[length] = code;
  }
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0 || length > FAST_BITS) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    // Codes stand in the stream with their first bit lowest.
    for (let at = reversed(code, length); at < fast.length; at += 1 << length) fast[at] = (symbol << 4) | length;
  }
  return fast;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

/** RFC 1951 §3.2.6 */
const FIXED = {
  literals: codeOf(
    Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
    'complete',
  ),
  distances: codeOf(new Uint8Array(32).fill(5), 'complete'),
};
