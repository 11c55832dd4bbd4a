/** What has been unpacked so far, and what every decoder imagines in front of it. */
import { LzhRefused } from './bits.ts';

const SPACE = 0x20;

export class Window {
  readonly #buffer: Uint8Array;
  readonly #size: number;
  #at: number;

  /** @param bytes how long the result is. @param size of the window, a power of two. @param before fills what lies in front */
  constructor(bytes: number, size: number, before: (front: Uint8Array) => void = (front) => void front.fill(SPACE)) {
    this.#buffer = new Uint8Array(size + bytes);
    this.#size = size;
    this.#at = size;
    before(this.#buffer.subarray(0, size));
  }

  get written(): number {
    return this.#at - this.#size;
  }

  get isFull(): boolean {
    return this.#at === this.#buffer.length;
  }

  put(byte: number): void {
    this.#buffer[this.#at++] = byte;
  }

  /** @param distance from 1 to the size of the window */
  copy(distance: number, length: number): void {
    if (distance > this.#size) throw new LzhRefused('a distance before the start');
    if (this.#at + length > this.#buffer.length) throw new LzhRefused('more bytes than announced');
    for (const end = this.#at + length; this.#at < end; this.#at++) {
      this.#buffer[this.#at] = this.#buffer[this.#at - distance] ?? 0;
    }
  }

  /** From a place in the window seen as a ring that began at 0. */
  copyFrom(place: number, length: number): void {
    const mask = this.#size - 1;
    this.copy(((this.written - place - 1) & mask) + 1, length);
  }

  content(): Uint8Array {
    return this.#buffer.subarray(this.#size);
  }
}
