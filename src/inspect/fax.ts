/**
 * Decodes CCITT Group 4 (ITU-T T.6) as our writer makes it, to its last bit: every row, EOFB, zero bits up to the byte, end.
 *
 * Danger: bytes behind the last row, rows that are too long, the uncompressed mode that carries anything.
 * Grammar: pass, horizontal and vertical mode only; the runs of each row add up to its width exactly.
 */

/** T.4 tables 2, 3 and 3b: codes of white runs 0 … 63, then of 64, 128 … 2560. */
const WHITE_RUNS =
  '00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 ' +
  '101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 ' +
  '00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 ' +
  '00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 ' +
  '00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 11011 10010 010111 ' +
  '0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011 ' +
  '011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 ' +
  '010011010 011000 010011011 00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 ' +
  '000000010101 000000010110 000000010111 000000011100 000000011101 000000011110 000000011111';

/** Codes of black runs, likewise. */
const BLACK_RUNS =
  '0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 ' +
  '0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 ' +
  '00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 ' +
  '000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 ' +
  '000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 ' +
  '000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 ' +
  '000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111 0000001111 ' +
  '000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 ' +
  '0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 ' +
  '0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 ' +
  '0000001011010 0000001011011 0000001100100 0000001100101 00000001000 00000001100 00000001101 000000010010 ' +
  '000000010011 000000010100 000000010101 000000010110 000000010111 000000011100 000000011101 000000011110 ' +
  '000000011111';

/** T.6 table 1: pass, horizontal, then vertical with a1 three to the left of b1 … three to the right. */
const MODES = '0001 001 0000010 000010 010 1 011 000011 0000011';
const PASS = 0;
const HORIZONTAL = 1;
const VERTICAL_0 = 5;

/** EOFB: twice the end-of-line code. */
const END = '000000000001000000000001';
const LONGEST_CODE = 13;
const FIRST_MAKE_UP = 64;

/** Looked up by the next 13 bits: 16 × symbol + length of its code; 0 where no code begins like that. */
function lookupOf(codes: string): Uint16Array {
  const table = new Uint16Array(1 << LONGEST_CODE);
  for (const [symbol, code] of codes.split(' ').entries()) {
    const free = LONGEST_CODE - code.length;
    const first = Number.parseInt(code, 2) << free;
    table.fill(symbol * 16 + code.length, first, first + (1 << free));
  }
  return table;
}

const MODE_TABLE = lookupOf(MODES);
const RUN_TABLES = [lookupOf(WHITE_RUNS), lookupOf(BLACK_RUNS)] as const;

class Misread extends Error {}

class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Symbol of the code that comes next. Past the end zeroes come, with which no code begins but EOFB. */
  symbol(table: Uint16Array): number {
    const byte = this.#at >> 3;
    const [a = 0, b = 0, c = 0] = [this.#bytes[byte], this.#bytes[byte + 1], this.#bytes[byte + 2]];
    const next = (((a << 16) | (b << 8) | c) >> (24 - LONGEST_CODE - (this.#at & 7))) & ((1 << LONGEST_CODE) - 1);
    const found = table[next] ?? 0;
    if (found === 0) throw new Misread('no code');
    this.#at += found & 15;
    return found >> 4;
  }

  run(colour: number): number {
    const table = colour === 0 ? RUN_TABLES[0] : RUN_TABLES[1];
    let length = 0;
    for (;;) {
      const symbol = this.symbol(table);
      if (symbol < FIRST_MAKE_UP) return length + symbol;
      length += 64 * (symbol - FIRST_MAKE_UP + 1);
    }
  }

  /** EOFB, zeroes up to the byte, and nothing after. */
  end(): void {
    for (const bit of END) if (this.#bit() !== Number(bit)) throw new Misread('no EOFB after the last row');
    while (this.#at % 8 !== 0) if (this.#bit() !== 0) throw new Misread('bits after EOFB');
    if (this.#at !== this.#bytes.length * 8) throw new Misread('bytes after EOFB, or none of it');
  }

  #bit(): number {
    const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }
}

/** Judges a whole stream. @returns what is wrong with it, or undefined */
export function faxProblem(bytes: Uint8Array, width: number, height: number): string | undefined {
  const bits = new Bits(bytes);
  try {
    let above: readonly number[] = [];
    for (let row = 0; row < height; row++) above = readRow(bits, above, width);
    bits.end();
    return undefined;
  } catch (error) {
    if (error instanceof Misread) return `fax: ${error.message}`;
    throw error;
  }
}

/** @returns the columns where the row changes colour, beginning white, without those at its end. */
function readRow(bits: Bits, above: readonly number[], width: number): readonly number[] {
  const changes: number[] = [];
  let at = 0;
  let colour = 0;
  let begun = false;
  let reference = 0;
  const turn = (column: number): void => {
    if (column < at || column > width || (begun && column === at)) throw new Misread('a run that leads nowhere');
    if (column < width) changes.push(column);
    at = column;
    begun = true;
    colour ^= 1;
  };
  while (at < width) {
    // b1: the first change of the row above beyond `at` (or at 0, before the row has begun) towards the other colour.
    reference = Math.max(0, reference - 2);
    while (reference < above.length && ((above[reference] ?? 0) < at || (begun && above[reference] === at)))
      reference++;
    if (reference < above.length && (reference & 1) !== colour) reference++;
    const b1 = above[reference] ?? width;
    const mode = bits.symbol(MODE_TABLE);
    if (mode === PASS) {
      const b2 = above[reference + 1] ?? width;
      if (b1 >= width) throw new Misread('pass beyond the row');
      at = b2;
      begun = true;
    } else if (mode === HORIZONTAL) {
      const first = bits.run(colour);
      const second = bits.run(colour ^ 1);
      if (first + second === 0) throw new Misread('two empty runs');
      horizontal(at + first, at + first + second);
    } else turn(b1 + mode - VERTICAL_0);
  }
  return changes;

  function horizontal(a1: number, a2: number): void {
    if (a2 > width) throw new Misread('runs longer than the row');
    // Only at the beginning of a row may the first run be empty: a row that begins black.
    if (a1 === at && begun) throw new Misread('an empty run');
    if (a1 < width) changes.push(a1);
    if (a2 < width) {
      if (a2 === a1) throw new Misread('an empty run');
      changes.push(a2);
    }
    at = a2;
    begun = true;
  }
}
