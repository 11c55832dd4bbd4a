/** Reads a PDF of ours from its first byte to its last: docs/output-grammar-pdf.md §1–§2. Nothing is skipped, nothing looked up. */
import { latin1 } from '../bytes.ts';

/** A byte that does not fit. Thrown and caught inside this folder only (pdf.ts), so that readers stay straight lines. */
export class Misfit extends Error {}

export interface StreamObject {
  readonly dictionary: string;
  readonly content: Uint8Array;
}

/** Longest plain object or dictionary: `/W` of 65,000 widths of 5 digits and a space, with room. */
const MAX_VALUE_BYTES = 1_500_000;

const END_OBJECT = '\nendobj\n';
const END_STREAM = '\nendstream\nendobj\n';
const LENGTH = / \/Length (0|[1-9][0-9]{0,9}) >>$/;

export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Where object k began, at index k - 1. */
  readonly offsets: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  /** Takes exactly these bytes, given as Latin-1. */
  literal(text: string): void {
    if (latin1(this.#bytes, this.#at, this.#at + text.length) !== text) {
      throw new Misfit(`at ${this.#at}: not ${JSON.stringify(text.slice(0, 40))}`);
    }
    this.#at += text.length;
  }

  /** A plain object of the next number: its value. */
  plain(): string {
    this.#begin();
    return this.#upTo(END_OBJECT);
  }

  /** A stream object of the next number: its dictionary and the bytes that `/Length`, its last key, counts. */
  stream(): StreamObject {
    this.#begin();
    const dictionary = this.#upTo('\nstream\n');
    const length = Number(LENGTH.exec(dictionary)?.[1] ?? Number.NaN);
    if (!(this.#at + length <= this.#bytes.length)) throw new Misfit(`at ${this.#at}: stream length`);
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.literal(END_STREAM);
    return { dictionary, content };
  }

  /** True when an object of the next number begins here. */
  isAtObject(): boolean {
    const begin = `${this.offsets.length + 1} 0 obj\n`;
    return latin1(this.#bytes, this.#at, this.#at + begin.length) === begin;
  }

  /** The rest of the file must be these bytes. */
  end(text: string): void {
    this.literal(text);
    if (this.#at !== this.#bytes.length) throw new Misfit('bytes after %%EOF');
  }

  #begin(): void {
    this.offsets.push(this.#at);
    this.literal(`${this.offsets.length} 0 obj\n`);
  }

  #upTo(end: string): string {
    const window = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, this.#bytes.length - this.#at);
    const length = window.subarray(0, MAX_VALUE_BYTES).indexOf(end, 0, 'latin1');
    if (length < 0) throw new Misfit(`object ${this.offsets.length}: no end`);
    this.#at += length + end.length;
    return latin1(window, 0, length);
  }
}

/** @throws Misfit when the condition does not hold. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Misfit(what);
}

/** Takes `text` apart by an anchored pattern. @throws Misfit when it does not match as a whole. */
export function matched(pattern: RegExp, text: string, what: string): readonly string[] {
  const found = pattern.exec(text);
  if (found === null) throw new Misfit(what);
  return found.slice(1);
}
