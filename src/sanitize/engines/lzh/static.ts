/**
 * -lh4- -lh5- -lh6- -lh7-: matches and literals in blocks with Huffman codes of their own (Okumura's ar002, LHA 2.x).
 *
 * Every code must be complete, or the one symbol that the format allows; lengths beyond the tables end the file.
 */
import { symbolsInOrder } from '../canonical-code.ts';
import { BitReader, LzhRefused } from './bits.ts';
import { Window } from './window.ts';

export interface StaticKind {
  readonly windowBits: number;
  /** How many sizes of distances there are, and in how many bits their number stands. */
  readonly distances: number;
  readonly distanceBits: number;
}

/** 256 literals, matches of 3 to 256 bytes. */
const SYMBOLS = 510;
const SYMBOL_BITS = 9;
/** Lengths of the symbols' codes: three sorts of zeros, then 1 to 16. */
const LENGTHS = 19;
const LENGTH_BITS = 5;
const MAX_CODE_BITS = 16;
const FAST_BITS = 12;
/** Between two looks at the clock. */
const SYMBOLS_PER_LOOK = 1 << 16;

interface Code {
  /** Symbol << 5 | length, by the next FAST_BITS bits; 0: longer, or none. A length of 0 bits stands for the only symbol. */
  readonly fast: Uint16Array;
  readonly only: number;
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** @throws LzhRefused */
export function unpackStatic(input: Uint8Array, bytes: number, kind: StaticKind, isLate: () => boolean): Uint8Array {
  const bits = new BitReader(input);
  const window = new Window(bytes, 1 << kind.windowBits);
  let left = 0;
  let looks = 0;
  let symbols: Code | undefined;
  let distances: Code | undefined;
  while (!window.isFull) {
    if (left === 0 || symbols === undefined || distances === undefined) {
      left = bits.take(16) || 0x10000;
      const lengths = readLengths(bits, LENGTHS, LENGTH_BITS, 3);
      symbols = readSymbols(bits, lengths);
      distances = readLengths(bits, kind.distances, kind.distanceBits, -1);
    }
    left -= 1;
    if (looks++ % SYMBOLS_PER_LOOK === 0 && isLate()) throw new LzhRefused('no time left', 'timeout');
    const symbol = decode(bits, symbols);
    if (symbol < 256) window.put(symbol);
    else window.copy(distanceOf(bits, distances), symbol - 256 + 3);
  }
  return window.content();
}

function distanceOf(bits: BitReader, code: Code): number {
  const size = decode(bits, code);
  return (size === 0 ? 0 : (1 << (size - 1)) + bits.take(size - 1)) + 1;
}

/** Lengths of up to `max` codes, in unary beyond six; after the one with number `gap` stands how many more are zero. */
function readLengths(bits: BitReader, max: number, countBits: number, gap: number): Code {
  const count = bits.take(countBits);
  if (count === 0) return onlyCode(bits.take(countBits), max);
  if (count > max) throw new LzhRefused('too many code lengths');
  const lengths = new Uint8Array(max);
  for (let i = 0; i < count; ) {
    let length = bits.take(3);
    if (length === 7) while (bits.take(1) === 1) if (++length > MAX_CODE_BITS) throw new LzhRefused('a code too long');
    lengths[i++] = length;
    if (i === gap) i += bits.take(2);
    if (i > max) throw new LzhRefused('too many code lengths');
  }
  return codeOf(lengths);
}

function readSymbols(bits: BitReader, lengthCode: Code): Code {
  const count = bits.take(SYMBOL_BITS);
  if (count === 0) return onlyCode(bits.take(SYMBOL_BITS), SYMBOLS);
  if (count > SYMBOLS) throw new LzhRefused('too many codes');
  const lengths = new Uint8Array(SYMBOLS);
  for (let i = 0; i < count; ) {
    const length = decode(bits, lengthCode);
    if (length > 2) lengths[i++] = length - 2;
    else i += length === 0 ? 1 : length === 1 ? bits.take(4) + 3 : bits.take(SYMBOL_BITS) + 20;
    if (i > SYMBOLS) throw new LzhRefused('too many codes');
  }
  return codeOf(lengths);
}

function onlyCode(symbol: number, symbols: number): Code {
  if (symbol >= symbols) throw new LzhRefused('a code without symbol');
  return { fast: new Uint16Array(), only: symbol, counts: new Uint16Array(), symbols: new Uint16Array() };
}

function decode(bits: BitReader, code: Code): number {
  if (code.only >= 0) return code.only;
  const entry = code.fast[bits.peek(FAST_BITS)] ?? 0;
  if (entry !== 0) {
    bits.skip(entry & 31);
    return entry >> 5;
  }
  return longSymbol(bits, code);
}

/** Bit by bit: canonical codes of one length are consecutive numbers. */
function longSymbol(bits: BitReader, { counts, symbols }: Code): number {
  const word = bits.peek(MAX_CODE_BITS);
  for (let length = 1, first = 0, index = 0; length <= MAX_CODE_BITS; length++) {
    const count = counts[length] ?? 0;
    const value = word >> (MAX_CODE_BITS - length);
    if (value - first < count) {
      bits.skip(length);
      return symbols[index + value - first] ?? 0;
    }
    index += count;
    first = (first + count) << 1;
  }
  throw new LzhRefused('a code without symbol');
}

/** @throws LzhRefused over-subscribed or incomplete */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  let left = 1;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    left = left * 2 - (counts[length] ?? 0);
    if (left < 0) throw new LzhRefused('over-subscribed code');
  }
  if (left > 0) throw new LzhRefused('incomplete code');
  return { fast: fastTable(lengths, counts), only: -1, counts, symbols: symbolsInOrder(lengths, counts) };
}

function fastTable(lengths: Uint8Array, counts: Uint16Array): Uint16Array {
  const fast = new Uint16Array(1 << FAST_BITS);
  const next = new Uint16Array(MAX_CODE_BITS + 1);
  for (let length = 1, code = 0; length <= MAX_CODE_BITS; length++) {
    code = (code + (length === 1 ? 0 : (counts[length - 1] ?? 0))) << 1;
    next[length] = code;
  }
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0 || length > FAST_BITS) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    const shift = FAST_BITS - length;
    fast.fill((symbol << 5) | length, code << shift, (code + 1) << shift);
  }
  return fast;
}
