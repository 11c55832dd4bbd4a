/**
 * Bilevel pictures → CCITT Group 4 (ITU-T T.6), as PDF and TIFF readers know it: `/K -1`, rows not aligned, EOFB at the end.
 *
 * Why our own: sharp writes Group 4 only inside TIFF, in tiles whose sides are multiples of 16, or in strips that it chooses
 * itself; a PDF wants one stream of exactly the picture's rows.
 */

/** T.4 tables 2 and 3: white runs of 0 … 63, then of 64, 128 … 1728. */
const WHITE =
  '00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 ' +
  '101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 ' +
  '00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 ' +
  '00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 ' +
  '00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 11011 10010 010111 ' +
  '0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011 ' +
  '011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 ' +
  '010011010 011000 010011011';

/** The same for black runs. */
const BLACK =
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
  '0000001011010 0000001011011 0000001100100 0000001100101';

/** T.4 table 3b: runs of 1792, 1856 … 2560 of either colour. */
const BOTH =
  '00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 ' +
  '000000010111 000000011100 000000011101 000000011110 000000011111';

interface Code {
  readonly bits: number;
  readonly length: number;
}

const codesOf = (table: string): readonly Code[] =>
  table.split(' ').map((code) => ({ bits: Number.parseInt(code, 2), length: code.length }));

/** By colour, 0 white and 1 black; at index 64 + i the code of (i + 1) · 64. */
const RUNS: readonly (readonly Code[])[] = [codesOf(`${WHITE} ${BOTH}`), codesOf(`${BLACK} ${BOTH}`)];
/** T.6 table 1, index 3 + (a1 − b1): three to the left … three to the right. */
const VERTICAL = codesOf('0000010 000010 010 1 011 000011 0000011');
const PASS: Code = { bits: 1, length: 4 };
const HORIZONTAL: Code = { bits: 1, length: 3 };
const END_OF_LINE: Code = { bits: 1, length: 12 };
/** Longest run with a code of its own. */
const LONGEST = 2560;

class BitWriter {
  #bytes = new Uint8Array(65_536);
  #at = 0;
  #pending = 0;
  #count = 0;

  put({ bits, length }: Code): void {
    // At most 7 bits wait and no code has more than 13: 20 bits fit into a small integer.
    this.#pending = (this.#pending << length) | bits;
    this.#count += length;
    while (this.#count >= 8) {
      this.#count -= 8;
      if (this.#at === this.#bytes.length) this.#grow();
      this.#bytes[this.#at++] = this.#pending >> this.#count;
      this.#pending &= (1 << this.#count) - 1;
    }
  }

  finish(): Uint8Array {
    if (this.#count > 0) this.put({ bits: 0, length: 8 - this.#count });
    return this.#bytes.slice(0, this.#at);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function putRun(out: BitWriter, colour: number, length: number): void {
  const codes = RUNS[colour] as readonly Code[];
  let left = length;
  for (; left > LONGEST; left -= LONGEST) out.put(codes[63 + LONGEST / 64] as Code);
  if (left >= 64) out.put(codes[63 + (left >> 6)] as Code);
  out.put(codes[left & 63] as Code);
}

/**
 * Where the colour changes in a row that begins white: even entries begin black, odd ones white. Ends with `width` thrice, so
 * that looking two changes ahead never leaves the list.
 */
function changesOf(bits: Uint8Array, from: number, width: number, changes: Int32Array): void {
  let found = 0;
  let colour = 0;
  for (let x = 0; x < width; ) {
    const byte = bits[from + (x >> 3)] as number;
    const rest = ((colour === 0 ? byte : byte ^ 0xff) << (x & 7)) & 0xff;
    if (rest === 0) {
      x = (x | 7) + 1;
      continue;
    }
    x += Math.clz32(rest) - 24;
    if (x >= width) break;
    changes[found++] = x;
    colour ^= 1;
  }
  changes.fill(width, found, found + 3);
}

/** @param bits rows of ⌈width / 8⌉ bytes, first pixel in the highest bit, 1 is black */
export function encodeFax(bits: Uint8Array, width: number, height: number): Uint8Array {
  const out = new BitWriter();
  const rowBytes = (width + 7) >> 3;
  let above = new Int32Array(width + 4).fill(width);
  let here = new Int32Array(width + 4);
  for (let y = 0; y < height; y++) {
    changesOf(bits, y * rowBytes, width, here);
    encodeRow(out, here, above, width);
    [above, here] = [here, above];
  }
  out.put(END_OF_LINE);
  out.put(END_OF_LINE);
  return out.finish();
}

/** T.6 §2.2: pass, vertical and horizontal mode, from change to change. */
function encodeRow(out: BitWriter, here: Int32Array, above: Int32Array, width: number): void {
  let a0 = -1;
  let colour = 0;
  let next = 0;
  let reference = 0;
  while (a0 < width) {
    while ((here[next] as number) <= a0 && (here[next] as number) < width) next++;
    const a1 = here[next] as number;
    // b1: the first change above that is right of a0 and turns to the other colour than the one at hand.
    while (reference > 0 && (above[reference - 1] as number) > a0) reference--;
    while ((above[reference] as number) <= a0 && (above[reference] as number) < width) reference++;
    if ((reference & 1) !== colour && (above[reference] as number) < width) reference++;
    const b1 = above[reference] as number;
    const b2 = b1 < width ? (above[reference + 1] as number) : width;
    if (b2 < a1) {
      out.put(PASS);
      a0 = b2;
      continue;
    }
    const distance = a1 - b1;
    if (distance >= -3 && distance <= 3) {
      out.put(VERTICAL[distance + 3] as Code);
      a0 = a1;
      colour ^= 1;
      continue;
    }
    const a2 = a1 < width ? (here[next + 1] as number) : width;
    out.put(HORIZONTAL);
    putRun(out, colour, a1 - Math.max(0, a0));
    putRun(out, colour ^ 1, a2 - a1);
    a0 = a2;
  }
}
