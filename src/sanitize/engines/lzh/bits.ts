/** Bits of a compressed file of an LZH archive, highest first; and why one is refused. */

export class LzhRefused extends Error {
  readonly why: 'malformed' | 'timeout';

  constructor(detail: string, why: LzhRefused['why'] = 'malformed') {
    super(detail);
    this.why = why;
  }
}

/** Writers end a stream with less than the last code's bits; further than this a stream is cut. */
const MAX_MISSING_BYTES = 4;

export class BitReader {
  readonly #input: Uint8Array;
  #at = 0;
  /** At most 24 bits, right-aligned. */
  #bits = 0;
  #count = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  /** @param count at most 16 */
  take(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** The next bits without taking them; zeros behind the end. @param count at most 16 */
  peek(count: number): number {
    while (this.#count < count) {
      if (this.#at > this.#input.length + MAX_MISSING_BYTES) throw new LzhRefused('the data ends too early');
      this.#bits = ((this.#bits << 8) | (this.#input[this.#at++] ?? 0)) & 0xffffff;
      this.#count += 8;
    }
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /** Bits that were peeked at. */
  skip(count: number): void {
    this.#count -= count;
  }
}
